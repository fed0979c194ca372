//! Chance that is the same on every machine and in every run.

/// `SplitMix64` (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): small, and good enough
/// to draw messages. Not for secrets.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

impl SplitMix {
    /// Begins at `seed`; neighbouring seeds give unrelated numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed that belongs to a name (FNV-1a, 64 bits), so that what is drawn for a message depends on the message
    /// and not on its place among others.
    pub fn named(name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        Self(name.bytes().fold(0xCBF2_9CE4_8422_2325, hash))
    }

    /// A number below `n`; 0 if `n` is 0. The last few numbers are rarer by `n` in 2^64, which nobody can measure.
    #[expect(clippy::cast_possible_truncation, reason = "below `n`")]
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).checked_rem(n as u64).unwrap_or(0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference_and_stay_below_their_limit() {
        // The first output of the published generator at seed 0 is 0xE220A8397B1DCDAF.
        assert_eq!(SplitMix::new(0).below(usize::MAX), 0xE220_A839_7B1D_CDAF);
        let mut random = SplitMix::named("A1");
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[random.below(7)] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn a_name_is_a_seed() {
        let first = |name: &str| SplitMix::named(name).below(1_000_000);
        assert_eq!(first("A1"), first("A1"));
        assert_ne!(first("A1"), first("A2"));
    }
}
