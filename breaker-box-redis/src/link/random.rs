//! Random delays, drawn from a seed so that a run can be repeated.

use std::time::Duration;

use super::time::micros;

/// `SplitMix64`.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At most `longest`.
    pub(crate) fn up_to(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.draw() % micros(longest).saturating_add(1).max(1))
    }

    /// Around `middle`, 20 % above or below at most.
    pub(crate) fn around(&mut self, middle: Duration) -> Duration {
        middle * 4 / 5 + self.up_to(middle * 2 / 5)
    }
}
