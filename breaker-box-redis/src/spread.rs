//! How many instances have to open a circuit before it opens everywhere.

/// How many instances have to open a circuit by its policy before it opens in all of them.
///
/// An instance that cannot reach a dependency may be the one that is sick. So by default two have
/// to agree, [`Spread::agreed(2)`](Self::agreed), before the others open too. The instance whose
/// circuit opened protects itself at once in any case. Manual orders and results that
/// [trip](breaker_core::Outcome) a circuit are not voted on.
///
/// ```
/// use breaker_box_redis::Spread;
///
/// assert_eq!(Spread::default(), Spread::agreed(2));
/// assert_eq!(Spread::any(), Spread::agreed(1));
/// // At least three instances, and a third of those that call the dependency.
/// let spread = Spread::agreed(3).share(0.34);
/// assert_eq!((spread.instances(), spread.of_callers()), (3, 0.34));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Spread {
    instances: u32,
    share: f64,
}

impl Spread {
    /// The circuit opens everywhere as soon as one instance has opened it. For tests, small fleets,
    /// and error handlers that only count what the dependency itself has answered.
    pub const fn any() -> Self {
        Self::agreed(1)
    }

    /// The circuit opens everywhere once this many instances have opened it, at least 1 (0 counts
    /// as 1). A vote lasts as long as the circuit is open in the instance that gave it.
    pub const fn agreed(instances: u32) -> Self {
        Self { instances: if instances == 0 { 1 } else { instances }, share: 0.0 }
    }

    /// Requires also this share of the instances that called the circuit in the last 15 seconds,
    /// from 0 to 1. 0 by default. With 0.34, one availability zone of three does not open a circuit
    /// for the others. [`join`](crate::FleetBuilder::join) rejects other values.
    pub const fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Returns how many instances have to agree.
    #[must_use]
    pub const fn instances(self) -> u32 {
        self.instances
    }

    /// Returns which share of the instances that call the circuit has to agree, from 0 to 1.
    #[must_use]
    pub const fn of_callers(self) -> f64 {
        self.share
    }
}

impl Default for Spread {
    /// Two instances.
    fn default() -> Self {
        Self::agreed(2)
    }
}
