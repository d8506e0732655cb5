//! What calls need to know while the circuit ramps up, to be admitted without the lock.
//!
//! | atomic | written | read by |
//! |---|---|---|
//! | `credit` | under the lock, before the word of a ramp-up; by any thread within it | calls |
//! | `end`, `period`, `from` | under the lock, before the word of a ramp-up, after the credit; again for a new policy | calls |
//!
//! # A call while ramping up
//!
//! A call loads the word, then the credit, then the ramp, and swaps in the credit that is left
//! after it. The exchange decides about the call: whatever the order in which calls get there, each
//! of them adds its share to the sum of those before it.
//!
//! The credit names its generation. It is stored before the ramp of that generation, with release,
//! and the ramp is loaded with acquire. So a call that sees part of a later ramp fails to swap the
//! credit of its own generation. A call that finds the credit of another generation than that of
//! its word takes the lock.
//!
//! A new policy changes the ramp within a generation. It stores an end of 0, then the rest, then
//! its own end. A call loads the end before and after the rest; if it finds 0, or two different
//! values, it takes the lock, and waits there for the new policy. If it finds the new end twice, it
//! has seen the new policy only: all that was stored before that end.

use std::time::Duration;

use crate::circuit::word::Word;
use crate::clock::tick::{Tick, nanos};
use crate::machine::ramp::{Credit, Ramp, Share};
use crate::primitive::{AtomicU64, Ordering};

/// Allocated when the circuit ramps up for the first time.
#[derive(Debug)]
pub(crate) struct RampAtomics {
    /// A [`CreditOf`].
    credit: AtomicU64,
    /// When the ramp-up ends.
    end: AtomicU64,
    /// How long it takes, in nanoseconds.
    period: AtomicU64,
    /// The share that it begins with.
    from: AtomicU64,
}

/// A credit with its generation in the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CreditOf(u64);

impl CreditOf {
    /// No generation.
    const NONE: Self = Self(u64::MAX);

    pub(crate) const fn new(generation: u32, credit: Credit) -> Self {
        Self((generation as u64) << 32 | credit.0 as u64)
    }

    /// Whether it is that of this word's generation.
    pub(crate) const fn is_of(self, word: Word) -> bool {
        self.0 >> 32 == word.generation() as u64
    }

    pub(crate) const fn credit(self) -> Credit {
        // The lower half.
        #[allow(clippy::cast_possible_truncation)]
        Credit(self.0 as u32)
    }

    /// What is left of it after a call.
    pub(crate) const fn with(self, left: Credit) -> Self {
        Self(self.0 & !(u32::MAX as u64) | left.0 as u64)
    }
}

impl RampAtomics {
    pub(super) fn new() -> Self {
        Self {
            credit: AtomicU64::new(CreditOf::NONE.0),
            end: AtomicU64::new(0),
            period: AtomicU64::new(0),
            from: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(crate) fn credit(&self) -> CreditOf {
        // Acquire: pairs with `begin`, whose ramp is then at least as new as the credit.
        CreditOf(self.credit.load(Ordering::Acquire))
    }

    /// Replaces the credit if it is still `current`; otherwise returns the actual one.
    #[inline]
    pub(crate) fn swap_credit(&self, current: CreditOf, next: CreditOf) -> Result<(), CreditOf> {
        // AcqRel: keeps the chain from `begin` to later loads. Acquire: as `credit`.
        match self.credit.compare_exchange(current.0, next.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(found) => Err(CreditOf(found)),
        }
    }

    /// The ramp; `None` while a new policy changes it.
    #[inline]
    pub(crate) fn ramp(&self) -> Option<Ramp> {
        // Acquire, each: the loads keep their order, and whoever sees a value of `begin` or of
        // `change` also sees what they stored before it.
        let end = self.end.load(Ordering::Acquire);
        let period = Duration::from_nanos(self.period.load(Ordering::Acquire));
        let from = Share(self.from.load(Ordering::Acquire));
        // Acquire: as above.
        let is_stable = end != 0 && end == self.end.load(Ordering::Acquire);
        is_stable.then_some(Ramp { end: Tick::from_nanos(end), period, from })
    }

    /// Stores both, before the word that says that the circuit ramps up is published. The caller
    /// holds the lock.
    pub(crate) fn begin(&self, credit: CreditOf, ramp: &Ramp) {
        // An exchange, not a store: whatever calls of an earlier ramp-up still do to it comes
        // before. AcqRel: published together with the word, and before the ramp; and after those
        // calls.
        self.credit.swap(credit.0, Ordering::AcqRel);
        self.change(ramp);
    }

    /// Replaces the ramp if it is another one. The caller holds the lock.
    pub(crate) fn change(&self, ramp: &Ramp) {
        if self.ramp() == Some(*ramp) {
            return;
        }
        // Release, each: a call that sees one of them also sees those before it, and the credit.
        self.end.store(0, Ordering::Release);
        self.period.store(nanos(ramp.period), Ordering::Release);
        self.from.store(ramp.from.0, Ordering::Release);
        self.end.store(ramp.end.as_nanos(), Ordering::Release);
    }
}
