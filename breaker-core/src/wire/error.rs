//! What became of a submitted item.

use std::fmt;

use crate::call::error::CircuitOpenError;

/// What became of an item that found its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Submitted<R, E> {
    /// It was processed.
    Processed(R),
    /// A neutral wire has it.
    Diverted {
        /// The place of that wire, from 0; of the first one where several have it.
        wire: usize,
        /// The error of the item whose failure opened the circuit; `None` where it was open
        /// already.
        error: Option<E>,
    },
}

/// An item that found no place, handed back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireError<T, E> {
    /// It failed, and the circuit is still closed, or no neutral wire took it.
    Failed {
        /// The item.
        item: T,
        /// Its error.
        error: E,
    },
    /// The circuit is open, and no neutral wire took it.
    NoWire {
        /// The item.
        item: T,
        /// The circuit, its state, and how long to wait.
        open: CircuitOpenError,
    },
}

impl<T, E> WireError<T, E> {
    /// The item.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, Policy, Wire};
    ///
    /// let breaker = CircuitBreaker::new("mailer", Policy::new())?;
    /// breaker.force_open();
    /// let wire = Wire::new(breaker, |_: &String| Ok::<_, ()>(()));
    /// let error = wire.submit("hello".to_owned()).unwrap_err();
    /// assert_eq!(error.into_item(), "hello");
    /// # Ok::<(), breaker_box::PolicyError>(())
    /// ```
    pub fn into_item(self) -> T {
        match self {
            Self::Failed { item, .. } | Self::NoWire { item, .. } => item,
        }
    }
}

impl<T, E: fmt::Display> fmt::Display for WireError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { error, .. } => write!(f, "the item was not processed: {error}"),
            Self::NoWire { open, .. } => write!(f, "{open}, and no neutral wire took the item"),
        }
    }
}

impl<T: fmt::Debug, E: fmt::Debug + fmt::Display> std::error::Error for WireError<T, E> {}
