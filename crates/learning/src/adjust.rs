//! From what staff said to how far the cuts are shifted: a pure function of the reports and the time.

use std::collections::BTreeMap;

use ash_analysis::{Level, Offsets};

use crate::feedback::Kind;
use crate::moment::Moment;
use crate::settings::LearningSettings;

/// What of a record moves a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Too high or too low.
    pub kind: Kind,
    /// What the service said.
    pub given: Level,
    /// What staff say it should have said.
    pub correct: Level,
    /// When they said so.
    pub at: Moment,
}

impl Report {
    /// The level whose cut it speaks of: the one that was reached wrongly, or the one that was not reached.
    pub fn level(&self) -> Level {
        match self.kind {
            Kind::FalsePositive => self.given,
            Kind::FalseNegative => self.correct,
        }
    }

    /// Up (1), down (−1), or nowhere (0). A false alarm raises the cut, unless the level is urgent: then one person's
    /// opinion, or anybody's malice, would make the service deaf to danger. A miss lowers it.
    pub fn direction(&self) -> f64 {
        match self.kind {
            Kind::FalsePositive if self.given.is_urgent() => 0.0,
            Kind::FalsePositive => 1.0,
            Kind::FalseNegative => -1.0,
        }
    }
}

/// How far the cuts are shifted at `now` by `reports`, in order of arrival.
///
/// `Σ direction · step · 2^(−age / half_life)` a level, clamped to ±`max_adjustment` and rounded to four decimals, as
/// it is told. Of each day (UTC) the first `max_per_day` that shift anything count, of those that raise a cut at most half
/// as many: false alarms never use up what is left for misses. Before there are `min_records` in all, nothing counts. What is dated later than now (a clock was wrong) is as of now.
pub fn offsets(
    reports: impl IntoIterator<Item = Report>,
    now: Moment,
    settings: &LearningSettings,
) -> Offsets {
    reports.into_iter().collect::<History>().offsets(now, settings)
}

/// A whole share of a step. Shares are summed as integers, so that no order of reports can change the sum.
const WHOLE: f64 = (1_u64 << 40) as f64;

/// What of all reports can matter under any settings: of each day their number, and as many of those that shift a cut as
/// ever count. So it stays small, whatever arrives.
#[derive(Default)]
pub(crate) struct History {
    records: u64,
    days: BTreeMap<i64, Day>,
}

#[derive(Default)]
struct Day {
    records: u32,
    shifts: Vec<Shift>,
    /// How many of the shifts raise a cut.
    raises: u32,
}

/// How much of a day is used up.
#[derive(Default)]
struct Used {
    raises: u32,
    all: u32,
}

impl Used {
    /// Whether one more report counts; if so, it does.
    fn count(&mut self, report: &Report, settings: &LearningSettings) -> bool {
        let raises = u32::from(report.direction() > 0.0);
        let counts = self.all < settings.max_per_day && self.raises + raises <= settings.max_raises_per_day();
        if counts {
            self.raises += raises;
            self.all += 1;
        }
        counts
    }
}

struct Shift {
    /// Its place in the order of arrival.
    arrival: u64,
    report: Report,
}

impl History {
    pub(crate) fn push(&mut self, report: Report) {
        self.records += 1;
        let day = self.days.entry(report.at.day()).or_default();
        day.records = day.records.saturating_add(1);
        let raises = u32::from(report.direction() > 0.0);
        // Room for all lowering ones that may count, and beside them for all raising ones.
        let most = LearningSettings::MOST_PER_DAY;
        let lowers = day.shifts.len() - day.raises as usize;
        let has_room = if raises > 0 { day.raises < most / 2 } else { lowers < most as usize };
        if report.direction() != 0.0 && has_room {
            day.raises += raises;
            day.shifts.push(Shift { arrival: self.records, report });
        }
    }

    /// All of them.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// How many came on the day of `now`.
    pub(crate) fn today(&self, now: Moment) -> u32 {
        self.days.get(&now.day()).map_or(0, |day| day.records)
    }

    /// Whether a report of this kind shifts nothing today any more.
    pub(crate) fn is_used_up(&self, report: &Report, now: Moment, settings: &LearningSettings) -> bool {
        let mut used = Used::default();
        for shift in self.present(now) {
            used.count(&shift.report, settings);
        }
        !used.count(report, settings)
    }

    /// What counts as of the day of `now`, in order of arrival.
    fn present(&self, now: Moment) -> Vec<&Shift> {
        let mut present: Vec<&Shift> =
            self.days.range(now.day()..).flat_map(|(_, day)| &day.shifts).collect();
        present.sort_unstable_by_key(|shift| shift.arrival);
        present
    }

    /// See [`offsets`].
    pub(crate) fn offsets(&self, now: Moment, settings: &LearningSettings) -> Offsets {
        if self.records < u64::from(settings.min_records) {
            return Offsets::NONE;
        }
        let past = self.days.range(..now.day()).flat_map(|(_, day)| {
            let mut used = Used::default();
            day.shifts.iter().filter(move |shift| used.count(&shift.report, settings))
        });
        let mut used = Used::default();
        let present = self.present(now);
        let present = present.into_iter().filter(|shift| used.count(&shift.report, settings));
        let mut sums = [0_i64; 4];
        for Shift { report, .. } in past.chain(present) {
            let sum = report.level().index().checked_sub(1).and_then(|k| sums.get_mut(k));
            if let Some(sum) = sum {
                *sum += share(report, now, settings);
            }
        }
        let bound = settings.max_adjustment;
        #[expect(clippy::cast_possible_truncation, reason = "offsets are single precision, as scores are")]
        Offsets::bounded(sums.map(|sum| {
            let shifted = sum as f64 / WHOLE * settings.step;
            ((shifted * 1e4).round() / 1e4).clamp(-bound, bound) as f32
        }))
    }
}

impl FromIterator<Report> for History {
    fn from_iter<I: IntoIterator<Item = Report>>(reports: I) -> Self {
        let mut history = History::default();
        reports.into_iter().for_each(|report| history.push(report));
        history
    }
}

/// What is left of a report's share at `now`, with its direction.
#[expect(clippy::cast_possible_truncation, reason = "between -2^40 and 2^40")]
fn share(report: &Report, now: Moment, settings: &LearningSettings) -> i64 {
    let age = now.days_since(report.at) / f64::from(settings.half_life_days);
    (report.direction() * (-age).exp2() * WHOLE).round() as i64
}
