//! Random numbers that are the same in every run.

use std::time::Duration;

/// A stream of random numbers from a seed (`SplitMix64`, after Steele, Lea and Flood).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to 1, in thousandths.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u16::try_from(self.any() % 1_001).unwrap_or(0)) / 1_000.0
    }

    /// A duration between two, to the millisecond.
    pub(crate) fn between(&mut self, [shortest, longest]: [u64; 2]) -> Duration {
        Duration::from_millis(shortest + self.any() % (longest - shortest + 1))
    }
}
