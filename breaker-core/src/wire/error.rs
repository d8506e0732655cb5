//! The result of submitting an item.

use std::fmt;

use crate::call::error::CircuitOpenError;

/// How an item was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Submitted<R, E> {
    /// The processor processed it, with this result.
    Processed(R),
    /// A neutral wire took it.
    Diverted {
        /// The index of that wire, from 0. If several took it, the first of them.
        wire: usize,
        /// The item's error, if its failure opened the circuit; `None` if the circuit was already
        /// open.
        error: Option<E>,
    },
}

/// An item that was not accepted, handed back to its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireError<T, E> {
    /// Processing the item failed, and either the circuit did not open or no neutral wire took the
    /// item.
    Failed {
        /// The item.
        item: T,
        /// The error of the processor.
        error: E,
    },
    /// The circuit is open, and no neutral wire took the item.
    NoWire {
        /// The item.
        item: T,
        /// The rejection, with the circuit, its state, and how long to wait.
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
