//! The first request after the service was ready, and those that followed: was there a cold start?

use std::time::Duration;

use super::distribution::{Distribution, micros};

/// Of answers that the models computed; those from a cache would make the later ones look fast.
#[derive(Debug, Default)]
pub(super) struct FirstAndLater {
    ready: bool,
    first: Option<Duration>,
    later: Distribution<u64>,
}

impl FirstAndLater {
    /// From now on requests count. A latch: a second call changes nothing.
    pub(super) fn mark_ready(&mut self) {
        self.ready = true;
    }

    pub(super) fn record(&mut self, took: Duration) {
        match self.first {
            _ if !self.ready => {}
            None => self.first = Some(took),
            Some(_) => self.later.record(micros(took)),
        }
    }

    pub(super) fn first(&self) -> Option<Duration> {
        self.first
    }

    /// In microseconds.
    pub(super) fn later_median(&self) -> Option<u64> {
        self.later.quantile(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_first_after_ready_and_stays_it() {
        let ms = Duration::from_millis;
        let mut kept = FirstAndLater::default();
        kept.record(ms(900));
        assert_eq!((kept.first(), kept.later_median()), (None, None));
        kept.mark_ready();
        kept.record(ms(9));
        assert_eq!((kept.first(), kept.later_median()), (Some(ms(9)), None));
        kept.mark_ready();
        kept.record(ms(3));
        assert_eq!(kept.first(), Some(ms(9)));
        let median = kept.later_median().unwrap();
        assert!((3000..=3030).contains(&median), "{median}");
    }
}
