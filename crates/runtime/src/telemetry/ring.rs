//! What was measured in the last minutes: a ring of slots that are used again and again.
//!
//! A slot holds 15 seconds, the ring 60 of them. A window is the slot that is being filled and those before
//! it, so it begins at a slot's boundary and is up to 15 seconds shorter than its name. A slot grows with the
//! largest value written to it, from 1 to 12 KiB, and its memory is used again for the slot 15 minutes later:
//! a ring never holds more than 60 × 12 KiB = 720 KiB, whatever comes and however long the process runs.

use std::time::Duration;

use super::distribution::Distribution;

/// How long one slot is filled.
pub(super) const SLOT: Duration = Duration::from_secs(15);
/// How many slots there are.
const SLOTS: usize = 60;

/// The windows that are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    OneMinute,
    FiveMinutes,
    FifteenMinutes,
}

impl Window {
    /// Shortest first: [`Ring::windows`] builds each upon the one before.
    pub(super) const ALL: [Window; 3] = [Window::OneMinute, Window::FiveMinutes, Window::FifteenMinutes];

    const fn slots(self) -> u64 {
        match self {
            Window::OneMinute => 4,
            Window::FiveMinutes => 20,
            Window::FifteenMinutes => SLOTS as u64,
        }
    }
}

/// What a slot or a window counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    pub(super) values: Distribution<u32>,
    /// How many of them were called good by whoever recorded them.
    pub(super) good: u32,
}

impl Counted {
    /// The share of good values, 0 to 1; `None` without values.
    pub(super) fn share(&self) -> Option<f64> {
        share(u64::from(self.good), self.values.count())
    }
}

/// `part` of `all`, 0 to 1; `None` of nothing.
pub(super) fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

#[derive(Debug, Default)]
struct Slot {
    /// Which 15 seconds since the start it holds; `None`: none yet.
    period: Option<u64>,
    counted: Counted,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Vec<Slot>,
}

impl Default for Ring {
    fn default() -> Self {
        Ring { slots: (0..SLOTS).map(|_| Slot::default()).collect() }
    }
}

/// The number of the slot at a time since the start.
fn period(at: Duration) -> u64 {
    at.as_secs() / SLOT.as_secs()
}

impl Ring {
    /// Counts a value at a time since the start. Threads may come late by less than 15 minutes; what is
    /// older than that belongs to no window any more and is left out.
    pub(super) fn record(&mut self, at: Duration, value: u64, good: bool) {
        let period = period(at);
        let Some(slot) = self.slots.get_mut(place(period)) else { return };
        if slot.period > Some(period) {
            return;
        }
        if slot.period != Some(period) {
            slot.period = Some(period);
            slot.counted.values.clear();
            slot.counted.good = 0;
        }
        slot.counted.values.record(value);
        slot.counted.good = slot.counted.good.saturating_add(u32::from(good));
    }

    /// What the windows that end at `now` counted, in the order of [`Window::ALL`].
    pub(super) fn windows(&self, now: Duration) -> [Counted; 3] {
        let now = period(now);
        let mut sum = Counted::default();
        let mut age = 0;
        Window::ALL.map(|window| {
            while age < window.slots() {
                let wanted = now.checked_sub(age);
                let slot = wanted.and_then(|period| self.slots.get(place(period)));
                if let Some(slot) = slot.filter(|slot| slot.period == wanted) {
                    sum.values.add(&slot.counted.values);
                    sum.good = sum.good.saturating_add(slot.counted.good);
                }
                age += 1;
            }
            sum.clone()
        })
    }

    /// How many slots there are, and how many counters in all of them.
    #[cfg(test)]
    fn size(&self) -> (usize, usize) {
        (self.slots.len(), self.slots.iter().map(|slot| slot.counted.values.counters()).sum())
    }
}

/// Where a period's slot is.
#[expect(clippy::cast_possible_truncation, reason = "the remainder is below 60")]
const fn place(period: u64) -> usize {
    (period % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn counts(ring: &Ring, now: Duration) -> [u64; 3] {
        ring.windows(now).map(|window| window.values.count())
    }

    #[test]
    fn a_value_is_in_every_window_until_that_has_passed() {
        struct Case {
            later: u64,
            in_windows: [u64; 3],
        }
        let case = |later, in_windows| Case { later, in_windows };
        let mut ring = Ring::default();
        let start = secs(100 * 3600);
        ring.record(start, 7, true);
        for Case { later, in_windows } in [
            case(0, [1, 1, 1]),
            case(59, [1, 1, 1]),
            case(60, [0, 1, 1]),
            case(299, [0, 1, 1]),
            case(300, [0, 0, 1]),
            case(899, [0, 0, 1]),
            case(900, [0, 0, 0]),
            case(5 * 3600, [0, 0, 0]),
        ] {
            assert_eq!(counts(&ring, start + secs(later)), in_windows, "after {later} s");
        }
    }

    #[test]
    fn hours_of_silence_leave_nothing_behind() {
        let mut ring = Ring::default();
        for second in 0..900 {
            ring.record(secs(second), 1000, true);
        }
        assert_eq!(counts(&ring, secs(899)), [60, 300, 900]);
        let later = secs(9 * 3600);
        ring.record(later, 5, false);
        assert_eq!(counts(&ring, later), [1, 1, 1]);
        let windows = ring.windows(later);
        assert_eq!(windows[2].values.quantile(1.0), Some(5), "the old values are gone");
        assert_eq!(windows[2].share(), Some(0.0));
    }

    #[test]
    fn slots_are_used_again_so_that_memory_is_bounded() {
        let mut ring = Ring::default();
        let fill = |ring: &mut Ring, hours: std::ops::Range<u64>| {
            for minute in hours.start * 60..hours.end * 60 {
                for slot in 0..4 {
                    ring.record(secs(minute * 60 + slot * 15), u64::MAX, true);
                    ring.record(secs(minute * 60 + slot * 15), 1, true);
                }
            }
        };
        fill(&mut ring, 0..1);
        let (slots, counters) = ring.size();
        assert_eq!(slots, 60);
        assert!(counters * size_of::<u32>() <= 720 * 1024, "{counters} counters");
        fill(&mut ring, 1..48);
        assert_eq!(ring.size(), (slots, counters));
    }

    #[test]
    fn a_late_thread_still_counts_and_a_much_too_late_one_harms_nothing() {
        let mut ring = Ring::default();
        ring.record(secs(3600), 1, true);
        ring.record(secs(3600 - 30), 1, true);
        assert_eq!(counts(&ring, secs(3600)), [2, 2, 2]);
        ring.record(secs(3600 - 900), 1, true);
        ring.record(Duration::ZERO, 1, true);
        assert_eq!(counts(&ring, secs(3600)), [2, 2, 2]);
    }

    #[test]
    fn the_share_of_nothing_is_unknown() {
        assert_eq!(Counted::default().share(), None);
        let mut ring = Ring::default();
        ring.record(secs(1), 10, true);
        ring.record(secs(1), 90, false);
        assert_eq!(ring.windows(secs(2))[0].share(), Some(0.5));
    }
}
