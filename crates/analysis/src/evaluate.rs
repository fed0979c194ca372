//! How well verdicts fit the truth: one definition, for fitting and for reports.

mod bootstrap;
mod headline;
mod prevalence;
mod random;
mod ranking;
mod reliability;

use serde::Serialize;

pub use bootstrap::{Interval, intervals, sum};
pub use headline::{Figure, Group, Headline};
pub use prevalence::{AtPrevalence, Prevalence, PrevalenceError};
pub use random::SplitMix;
pub use ranking::Ranking;
pub use reliability::{Bin, Reliability, level_probabilities};

use crate::level::Level;

/// Counts of verdicts, `[truth][guess]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Confusion(pub [[u32; 5]; 5]);

/// How well one level is told from the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelFigures {
    /// Of the messages judged to be of this level, the share that are; 0 if none was.
    pub precision: f64,
    /// Of the messages of this level, the share judged so; 0 if there are none.
    pub recall: f64,
    /// 2·hits / (judged + present); 0 if it is neither present nor judged.
    pub f1: f64,
    /// How many messages are of this level.
    pub support: u32,
}

/// The figures by which settings are chosen and reported.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Share of messages whose level is exactly right; 0 if there are none.
    pub accuracy: f64,
    /// Mean F1 over the levels that are present.
    pub macro_f1: f64,
    /// Of the messages that are truly high or critical, the share judged high or critical; 1 if there are
    /// none (nothing was missed).
    pub urgent_recall: f64,
    /// Of 1,000 messages that are truly `none`, how many are judged medium or above.
    pub false_alarms_per_1000: f64,
    /// Of 1,000 messages that are truly `none`, how many are judged high or critical.
    pub false_urgent_per_1000: f64,
}

impl Figures {
    /// The one number that fitting maximises: `macro_f1 + 0.75·urgent_recall − false_alarm_rate`.
    ///
    /// Recall of urgent messages counts three quarters as much as all five levels together, on top of its part in
    /// them: a missed person in danger is the worst error, and macro-F1 alone would trade it away for precision. One
    /// more false alarm per 100 calm messages must be paid for by one point of macro-F1 or one and a third of urgent
    /// recall: a team that is called too often stops looking.
    pub fn objective(&self) -> f64 {
        self.macro_f1 + 0.75 * self.urgent_recall - self.false_alarms_per_1000 / 1000.0
    }
}

impl Confusion {
    /// Counts one verdict.
    pub fn add(&mut self, truth: Level, guess: Level) {
        self.0[truth.index()][guess.index()] += 1;
    }

    /// How many messages of `truth` were judged `guess`.
    pub fn count(&self, truth: Level, guess: Level) -> u32 {
        self.0[truth.index()][guess.index()]
    }

    /// How many verdicts there are.
    pub fn total(&self) -> u32 {
        self.0.iter().flatten().sum()
    }

    /// Precision, recall and F1 of one level.
    pub fn of(&self, level: Level) -> LevelFigures {
        let i = level.index();
        let hits = self.0[i][i];
        let support: u32 = self.0[i].iter().sum();
        let judged: u32 = self.0.iter().map(|row| row[i]).sum();
        LevelFigures {
            precision: ratio(hits, judged),
            recall: ratio(hits, support),
            f1: ratio(2 * hits, judged + support),
            support,
        }
    }

    /// [`Figures::urgent_recall`]; absent if no message is urgent.
    pub fn urgent_recall(&self) -> Option<f64> {
        let urgent = self.of(Level::High).support + self.of(Level::Critical).support;
        (urgent > 0).then(|| self.figures().urgent_recall)
    }

    /// [`Figures::false_alarms_per_1000`]; absent if no message is none.
    pub fn false_alarms_per_1000(&self) -> Option<f64> {
        (self.of(Level::None).support > 0).then(|| self.figures().false_alarms_per_1000)
    }

    /// [`Figures::false_urgent_per_1000`]; absent if no message is none.
    pub fn false_urgent_per_1000(&self) -> Option<f64> {
        (self.of(Level::None).support > 0).then(|| self.figures().false_urgent_per_1000)
    }

    /// Of the messages that are truly `low`, the share judged medium or above; absent if there are none.
    pub fn low_raised(&self) -> Option<f64> {
        let low = &self.0[Level::Low.index()];
        let support = low.iter().sum();
        (support > 0).then(|| ratio(low[2..].iter().sum(), support))
    }

    /// The figures of all verdicts.
    pub fn figures(&self) -> Figures {
        let hits: u32 = (0..5).map(|i| self.0[i][i]).sum();
        // Fitting asks for this a hundred thousand times: no list of levels is made.
        let present = Level::ALL.iter().map(|&level| self.of(level)).filter(|f| f.support > 0);
        let (sum, levels) = present.fold((0.0, 0_u32), |(sum, n), f| (sum + f.f1, n + 1));
        let macro_f1 = if levels == 0 { 0.0 } else { sum / f64::from(levels) };

        let urgent: u32 = self.0[3..].iter().flatten().sum();
        let found: u32 = self.0[3..].iter().flat_map(|row| &row[3..]).sum();
        let calm = &self.0[0];
        let of_calm = |from: usize| 1000.0 * ratio(calm[from..].iter().sum(), calm.iter().sum());
        Figures {
            accuracy: ratio(hits, self.total()),
            macro_f1,
            urgent_recall: if urgent == 0 { 1.0 } else { ratio(found, urgent) },
            false_alarms_per_1000: of_calm(2),
            false_urgent_per_1000: of_calm(3),
        }
    }
}

impl FromIterator<(Level, Level)> for Confusion {
    /// From pairs of truth and guess.
    fn from_iter<I: IntoIterator<Item = (Level, Level)>>(pairs: I) -> Self {
        let mut confusion = Self::default();
        for (truth, guess) in pairs {
            confusion.add(truth, guess);
        }
        confusion
    }
}

/// The figures of pairs of truth and guess.
pub fn figures(pairs: &[(Level, Level)]) -> Figures {
    pairs.iter().copied().collect::<Confusion>().figures()
}

fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Critical, High, Low, Medium, None};

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn figures_are_those_counted_by_hand() {
        let pairs = [
            (None, None),
            (None, None),
            (None, Medium),
            (None, High),
            (Medium, Medium),
            (Medium, Low),
            (High, High),
            (High, Critical),
            (High, Medium),
            (Critical, Critical),
        ]; // fmt: skip
        let f = figures(&pairs);
        close(f.accuracy, 0.5);
        close(f.urgent_recall, 3.0 / 4.0);
        close(f.false_alarms_per_1000, 500.0);
        close(f.false_urgent_per_1000, 250.0);
        // F1: none 4/6, medium 2/5, high 2/5, critical 2/3; low is not present.
        close(f.macro_f1, (4.0 / 6.0 + 2.0 / 5.0 + 2.0 / 5.0 + 2.0 / 3.0) / 4.0);
        close(f.objective(), f.macro_f1 + 0.5625 - 0.5);
    }

    #[test]
    fn a_level_has_precision_and_recall() {
        let c: Confusion = [(High, High), (High, Low), (Low, High), (None, High)].into_iter().collect();
        let high = c.of(High);
        close(high.precision, 1.0 / 3.0);
        close(high.recall, 0.5);
        close(high.f1, 0.4);
        assert_eq!((high.support, c.count(High, Low), c.total()), (2, 1, 4));
        assert_eq!(c.of(Critical), LevelFigures { precision: 0.0, recall: 0.0, f1: 0.0, support: 0 });
    }

    #[test]
    fn mild_trouble_that_is_raised_is_counted() {
        let c: Confusion = [(Low, Low), (Low, Medium), (Low, High), (Low, None)].into_iter().collect();
        assert_eq!(c.low_raised(), Some(0.5));
        assert_eq!((c.urgent_recall(), c.false_alarms_per_1000()), (Option::None, Option::None));
    }

    #[test]
    fn nothing_to_judge_is_no_error() {
        let f = figures(&[]);
        assert_eq!((f.accuracy, f.macro_f1, f.urgent_recall, f.false_alarms_per_1000), (0.0, 0.0, 1.0, 0.0));
    }
}
