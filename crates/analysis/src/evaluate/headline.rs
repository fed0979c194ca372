//! The headline figures: one list for the table, the page, the comparison of two runs and the documentation.

use serde::{Serialize, Serializer};

use super::{Confusion, Prevalence, Ranking, sum};
use crate::level::Level;

/// A figure that says how good a set of verdicts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Exactly right.
    Accuracy,
    /// Mean F1 of the levels that occur.
    MacroF1,
    /// Urgent messages that are judged urgent.
    UrgentRecall,
    /// Calm messages that are judged medium or worse.
    FalseAlarms,
    /// Calm messages that are judged high or critical.
    FalseUrgent,
    /// Mild trouble that is judged medium or worse.
    LowRaised,
    /// Contrast pairs that are right as a whole.
    PairsRight,
    /// See [`Ranking::auroc`].
    Auroc,
    /// See [`Ranking::average_precision`].
    Auprc,
    /// See [`Ranking::precision_at_recall_95`].
    PrecisionAtRecall95,
    /// See [`super::AtPrevalence::alarms_per_1000`].
    AlarmsPer1000,
    /// See [`super::AtPrevalence::true_share`].
    AlarmsTrue,
    /// See [`super::AtPrevalence::missed_per_1000`].
    MissedPer1000,
}

impl Figure {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order in which they are shown.
    pub const ALL: [Figure; 13] = [
        Figure::Accuracy,
        Figure::MacroF1,
        Figure::UrgentRecall,
        Figure::FalseAlarms,
        Figure::FalseUrgent,
        Figure::LowRaised,
        Figure::PairsRight,
        Figure::Auroc,
        Figure::Auprc,
        Figure::PrecisionAtRecall95,
        Figure::AlarmsPer1000,
        Figure::AlarmsTrue,
        Figure::MissedPer1000,
    ];

    /// Its name in JSON.
    pub const fn key(self) -> &'static str {
        self.told().0
    }

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        self.told().1
    }

    /// What it says, as half a sentence.
    pub const fn meaning(self) -> &'static str {
        self.told().2
    }

    /// Decimals worth showing: three for shares, one for counts of 1,000, two where the count is a few at most.
    pub const fn decimals(self) -> usize {
        match self {
            Figure::FalseAlarms | Figure::FalseUrgent | Figure::AlarmsPer1000 => 1,
            Figure::MissedPer1000 => 2,
            _ => 3,
        }
    }

    const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Figure::Accuracy => ("accuracy", "accuracy", "verdict is the true level"),
            Figure::MacroF1 => ("macro_f1", "macro-F1", "mean F1 of the levels, each counting the same"),
            Figure::UrgentRecall => {
                ("urgent_recall", "urgent recall", "of true high and critical, judged high or critical")
            }
            Figure::FalseAlarms => {
                ("false_alarms_per_1000", "false alarms", "of 1,000 true none, judged medium or worse")
            }
            Figure::FalseUrgent => {
                ("false_alarms_high_per_1000", "  high or worse", "of 1,000 true none, judged high or worse")
            }
            Figure::LowRaised => ("low_raised", "low raised", "of true low, judged medium or worse"),
            Figure::PairsRight => ("pairs_right", "pairs right", "of contrast pairs, those right as a whole"),
            Figure::Auroc => ("auroc", "AUROC", "how often an urgent row scores above another one"),
            Figure::Auprc => ("auprc", "AUPRC", "mean precision along the ranking by score"),
            Figure::PrecisionAtRecall95 => (
                "precision_at_recall_95",
                "prec. at rec. 95",
                "of alarms, the true ones if the line found 95 of 100",
            ),
            Figure::AlarmsPer1000 => {
                ("alarms_per_1000", "alarms in life", "judged high or worse, of 1,000 of a community")
            }
            Figure::AlarmsTrue => ("alarms_true", "  true", "of those alarms, truly high or critical"),
            Figure::MissedPer1000 => {
                ("missed_per_1000", "  missed", "urgent but judged lower, of 1,000 of a community")
            }
        }
    }
}

/// What a group of messages counts: the unit that is drawn when chance is measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    confusion: Confusion,
    scores: Vec<(f32, bool)>,
    pairs: [u32; 2],
}

impl Group {
    /// Counts one verdict and its score.
    pub fn add(&mut self, truth: Level, guess: Level, score: f32) {
        self.confusion.add(truth, guess);
        self.scores.push((score, truth.is_urgent()));
    }

    /// Counts one contrast pair.
    pub fn add_pair(&mut self, right: bool) {
        self.pairs[0] += 1;
        self.pairs[1] += u32::from(right);
    }
}

/// All headline figures; a figure that has no rows to stand on is absent, neither perfect nor hopeless.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Headline([Option<f64>; Figure::COUNT]);

impl Headline {
    /// The figures of some groups, which may repeat.
    pub fn of<'a>(groups: impl Iterator<Item = &'a Group> + Clone, prevalence: &Prevalence) -> Self {
        let all = sum(groups.clone().map(|group| &group.confusion));
        let scores: Vec<(f32, bool)> = groups.clone().flat_map(|group| &group.scores).copied().collect();
        let pairs = groups.fold([0, 0], |[n, right], group| [n + group.pairs[0], right + group.pairs[1]]);
        let ranking = Ranking::of(&scores);
        let life = all.at_prevalence(prevalence);
        let overall = all.figures();
        let any = all.total() > 0;
        Self(Figure::ALL.map(|figure| match figure {
            Figure::Accuracy => any.then_some(overall.accuracy),
            Figure::MacroF1 => any.then_some(overall.macro_f1),
            Figure::UrgentRecall => all.urgent_recall(),
            Figure::FalseAlarms => all.false_alarms_per_1000(),
            Figure::FalseUrgent => all.false_urgent_per_1000(),
            Figure::LowRaised => all.low_raised(),
            Figure::PairsRight => (pairs[0] > 0).then(|| f64::from(pairs[1]) / f64::from(pairs[0])),
            Figure::Auroc => ranking.map(|r| r.auroc),
            Figure::Auprc => ranking.map(|r| r.average_precision),
            Figure::PrecisionAtRecall95 => ranking.map(|r| r.precision_at_recall_95),
            Figure::AlarmsPer1000 => life.map(|l| l.alarms_per_1000),
            Figure::AlarmsTrue => life.and_then(|l| l.true_share),
            Figure::MissedPer1000 => life.map(|l| l.missed_per_1000),
        }))
    }

    /// One of them.
    pub const fn get(&self, figure: Figure) -> Option<f64> {
        self.0[figure as usize]
    }

    /// In the order of [`Figure::ALL`].
    pub const fn values(self) -> [Option<f64>; Figure::COUNT] {
        self.0
    }

    /// `self − other`; absent where either is.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(Figure::ALL.map(|figure| Some(self.get(figure)? - other.get(figure)?)))
    }
}

impl Serialize for Headline {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(Figure::ALL.map(|figure| (figure.key(), self.get(figure))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Critical, High, Low, Medium};

    #[test]
    fn all_figures_stand_at_their_own_place() {
        for (at, figure) in Figure::ALL.into_iter().enumerate() {
            assert_eq!(figure as usize, at, "{figure:?}");
            assert_eq!(Figure::ALL.iter().filter(|f| f.key() == figure.key()).count(), 1, "{figure:?}");
        }
    }

    #[test]
    fn figures_are_those_counted_by_hand() {
        let mut groups = [Group::default(), Group::default()];
        groups[0].add(High, High, 0.7);
        groups[0].add(Critical, Medium, 0.5);
        groups[0].add_pair(false);
        groups[1].add(Level::None, Medium, 0.6);
        groups[1].add(Level::None, Level::None, 0.1);
        groups[1].add(Low, Medium, 0.45);
        groups[1].add(Low, Low, 0.3);
        groups[1].add_pair(true);
        let prevalence = "none=0.9,low=0.05,high=0.04,critical=0.01".parse().expect("shares");
        let found = Headline::of(groups.iter(), &prevalence);
        let is = |figure: Figure, expected: f64| {
            let value = found.get(figure).unwrap_or(f64::NAN);
            assert!((value - expected).abs() < 1e-9, "{figure:?}: {value} is not {expected}");
        };
        is(Figure::Accuracy, 3.0 / 6.0);
        // none 2·1/(1+2), low 2·1/(1+2), high 1, critical 0.
        is(Figure::MacroF1, (2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 4.0);
        is(Figure::UrgentRecall, 0.5);
        is(Figure::FalseAlarms, 500.0);
        is(Figure::FalseUrgent, 0.0);
        is(Figure::LowRaised, 0.5);
        is(Figure::PairsRight, 0.5);
        // Urgent 0.7 beats all four others, urgent 0.5 beats three of them.
        is(Figure::Auroc, 7.0 / 8.0);
        is(Figure::Auprc, f64::midpoint(1.0, 2.0 / 3.0));
        is(Figure::PrecisionAtRecall95, 2.0 / 3.0);
        is(Figure::AlarmsPer1000, 40.0);
        is(Figure::AlarmsTrue, 1.0);
        is(Figure::MissedPer1000, 10.0);
        let twice = Headline::of(groups.iter().chain(&groups), &prevalence);
        assert_eq!(twice.minus(&found).get(Figure::MacroF1), Some(0.0), "repeating all changes no share");
    }

    #[test]
    fn what_has_no_rows_is_absent() {
        let mut calm = Group::default();
        calm.add(Level::None, Level::None, 0.1);
        let found = Headline::of([calm].iter(), &Prevalence::ASSUMED);
        assert_eq!(found.get(Figure::FalseAlarms), Some(0.0));
        for absent in [Figure::UrgentRecall, Figure::LowRaised, Figure::PairsRight, Figure::Auroc] {
            assert_eq!(found.get(absent), None, "{absent:?}");
        }
        assert_eq!(Headline::of([].iter(), &Prevalence::ASSUMED).get(Figure::Accuracy), None);
        let json = serde_json::to_value(found).expect("JSON");
        assert_eq!(json["false_alarms_per_1000"], 0.0);
        assert!(json["auroc"].is_null());
    }
}
