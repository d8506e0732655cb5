//! The times of one case, round by round.

/// Nanoseconds per call and thread, in the order of the rounds, and what follows from them.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    rounds: Vec<f64>,
    pub(crate) median: f64,
    /// The mean of the quietest tenth of the rounds.
    pub(crate) quiet: f64,
    pub(crate) worst: f64,
}

impl Times {
    pub(crate) fn new(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let tenth = &sorted[..sorted.len().div_ceil(10)];
        #[allow(clippy::cast_precision_loss)] // Hundreds of rounds at most.
        let quiet = tenth.iter().sum::<f64>() / tenth.len() as f64;
        Self { median: sorted[sorted.len() / 2], quiet, worst: sorted[sorted.len() - 1], rounds }
    }

    /// How many times as long the other one takes: the median of the ratios of each round. Noise
    /// that lasts longer than a round falls out.
    pub(crate) fn ratio(&self, other: &Self) -> f64 {
        let mut ratios: Vec<f64> = self.rounds.iter().zip(&other.rounds).map(|(ours, theirs)| theirs / ours).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loud_round_moves_neither_the_quiet_tenth_nor_the_ratio() {
        let ours = Times::new([2.0; 9].into_iter().chain([20.0]).collect());
        let theirs = Times::new([6.0; 9].into_iter().chain([60.0]).collect());
        assert!(ours.median < 2.1 && ours.quiet < 2.1 && ours.worst > 19.0);
        assert!((ours.ratio(&theirs) - 3.0).abs() < 1e-9);
    }
}
