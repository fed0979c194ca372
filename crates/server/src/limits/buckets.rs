//! Counts requests by the generic cell rate algorithm (ITU-T I.371, annex A: virtual scheduling), in one
//! number a client and in bounded memory.
//!
//! That number is the time at which the client will have paid for everything it asked. In the past, it says
//! the same as no entry at all: such entries are dropped as requests come. When there is no room left, the
//! client with the earliest time goes: it asked least lately, so it loses least by beginning anew, and whoever
//! is being held back stays held back.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// How fast a bucket drains, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    interval: Duration,
    /// How far ahead of its time a request may come.
    tolerance: Duration,
}

impl Rate {
    /// `per_second` requests as a mean, `burst` at once; none if `per_second` is 0.
    pub(crate) fn new(per_second: u32, burst: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_second)?;
        Some(Rate { interval, tolerance: interval.saturating_mul(burst.saturating_sub(1)) })
    }
}

/// What each client still has to pay for. Times count from any fixed moment.
pub(crate) struct Buckets<K> {
    paid_at: HashMap<K, Duration>,
    /// The same, by time.
    order: BTreeSet<(Duration, K)>,
    capacity: usize,
}

impl<K: Clone + Eq + Hash + Ord> Buckets<K> {
    /// Room for `capacity` clients, at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        Buckets { paid_at: HashMap::new(), order: BTreeSet::new(), capacity: capacity.max(1) }
    }

    /// Counts a request, or says how long to wait for one. A request that is refused costs nothing.
    pub(crate) fn admit(&mut self, client: &K, rate: Rate, now: Duration) -> Result<(), Duration> {
        self.forget_idle(now);
        let before = self.paid_at.get(client).copied();
        let due = before.unwrap_or(now).max(now);
        let wait = due.saturating_sub(now).saturating_sub(rate.tolerance);
        if !wait.is_zero() {
            return Err(wait);
        }
        match before {
            Some(before) => drop(self.order.remove(&(before, client.clone()))),
            None if self.paid_at.len() >= self.capacity => self.forget_first(),
            None => {}
        }
        let due = due.saturating_add(rate.interval);
        self.paid_at.insert(client.clone(), due);
        self.order.insert((due, client.clone()));
        Ok(())
    }

    /// At most two a request: memory shrinks faster than it can grow, and no request pays for many others.
    fn forget_idle(&mut self, now: Duration) {
        for _ in 0..2 {
            match self.order.first() {
                Some((due, _)) if *due <= now => self.forget_first(),
                _ => return,
            }
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, client)) = self.order.pop_first() {
            self.paid_at.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_then_the_mean_rate_and_the_wait_is_exact() {
        let rate = Rate::new(10, 3).unwrap();
        let mut buckets = Buckets::new(10);
        for _ in 0..3 {
            assert_eq!(buckets.admit(&'a', rate, ms(1000)), Ok(()));
        }
        assert_eq!(buckets.admit(&'a', rate, ms(1000)), Err(ms(100)));
        assert_eq!(buckets.admit(&'b', rate, ms(1000)), Ok(()), "another client");
        assert_eq!(buckets.admit(&'a', rate, ms(1060)), Err(ms(40)), "being refused costs nothing");
        assert_eq!(buckets.admit(&'a', rate, ms(1100)), Ok(()));
        assert_eq!(buckets.admit(&'a', rate, ms(1100)), Err(ms(100)));
        for _ in 0..3 {
            assert_eq!(buckets.admit(&'a', rate, ms(9000)), Ok(()), "a pause brings the burst back");
        }
        assert_eq!(buckets.admit(&'a', rate, ms(9000)), Err(ms(100)), "and no more than that");
    }

    #[test]
    fn a_rate_of_zero_is_none_and_a_burst_of_one_is_no_burst() {
        assert_eq!(Rate::new(0, 5), None);
        let rate = Rate::new(1, 1).unwrap();
        let mut buckets = Buckets::new(1);
        assert_eq!(buckets.admit(&(), rate, ms(0)), Ok(()));
        assert_eq!(buckets.admit(&(), rate, ms(1)), Err(ms(999)));
    }

    #[test]
    fn memory_is_bounded_and_whoever_is_held_back_stays_held_back() {
        let rate = Rate::new(1, 5).unwrap();
        let mut buckets = Buckets::new(3);
        while buckets.admit(&0, rate, ms(0)).is_ok() {}
        for stranger in 1..1000 {
            assert_eq!(buckets.admit(&stranger, rate, ms(1)), Ok(()));
            assert!(buckets.paid_at.len() <= 3 && buckets.paid_at.len() == buckets.order.len());
        }
        assert!(buckets.admit(&0, rate, ms(2)).is_err());
    }

    #[test]
    fn who_has_paid_is_forgotten() {
        let rate = Rate::new(100, 5).unwrap();
        let mut buckets = Buckets::new(1000);
        for client in 0..100 {
            assert_eq!(buckets.admit(&client, rate, ms(0)), Ok(()));
        }
        for later in 0..100 {
            assert_eq!(buckets.admit(&7, rate, ms(60_000 + 20 * later)), Ok(()));
        }
        assert_eq!(buckets.paid_at.len(), 1);
    }
}
