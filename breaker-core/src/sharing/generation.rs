//! The number of a stay in a state.

/// Identifies one stay of a circuit in a state. Every change begins a new generation, and so do an
/// open circuit that is opened again and a closed one that is reset.
///
/// Generations of one circuit can be compared for equality. They have no order, because their
/// numbers wrap.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::fleet::Generation;
///
/// assert_ne!(Generation::new(1), Generation::new(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation(u32);

impl Generation {
    /// Creates a generation with this number, for tests of a peer. Circuits number theirs from 0.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number, for a peer that has a type of its own for generations.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::fleet::Generation;
    ///
    /// assert_eq!(Generation::new(7).number(), 7);
    /// ```
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}
