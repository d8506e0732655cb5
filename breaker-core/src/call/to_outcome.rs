//! Types that say what their values mean to a circuit.

use std::error::Error;
use std::io;
use std::iter;

use super::error::{CallError, CircuitOpenError};
use crate::outcome::Outcome;

/// A type that says what its values mean to a circuit.
///
/// Implement it for your error type; then `error_handler = ToOutcome::to_outcome` classifies the
/// results of all functions that return it, and so does
/// [`call_with`](crate::CircuitBreaker::call_with). Every `Ok` is a success: if it holds a response
/// that may itself mean a failure, such as one over HTTP, write a closure that looks at both.
///
/// | type | means |
/// |---|---|
/// | `Result<T, E>` | `Ok`: a success. `Err`: what the error means |
/// | `Option<T>` | `Some`: a success. `None`: ignored |
/// | [`CircuitOpenError`] | ignored: the circuit of another call rejected it, so this call's dependency was not reached |
/// | [`CallError`] | one of the two above |
/// | [`io::Error`], `dyn Error`, `Box<dyn Error>` | a failure; ignored where it is a [`CircuitOpenError`] or has one among its sources |
///
/// At most 100 sources are searched. An error that passes on the source of another instead of
/// naming it, as an `Arc` and `#[error(transparent)]` of `thiserror` do, hides it: implement this
/// trait for such an error of your own.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Outcome, Policy, ToOutcome};
///
/// #[derive(Debug, thiserror::Error)]
/// enum StoreError {
///     #[error("no such item")]
///     NotFound,
///     #[error("cannot reach the store")]
///     Unreachable(#[from] std::io::Error),
///     #[error(transparent)]
///     CircuitOpen(#[from] CircuitOpenError),
/// }
///
/// impl ToOutcome for StoreError {
///     fn to_outcome(&self) -> Outcome {
///         match self {
///             // The store answered.
///             Self::NotFound => Outcome::Success,
///             Self::Unreachable(error) => error.to_outcome(),
///             Self::CircuitOpen(open) => open.to_outcome(),
///         }
///     }
/// }
///
/// let breaker = CircuitBreaker::new("store", Policy::new())?;
/// let found = breaker.call_with(|| Err::<u32, _>(StoreError::NotFound), ToOutcome::to_outcome)?;
/// assert!(matches!(found, Err(StoreError::NotFound)));
/// assert_eq!(breaker.status().totals.successes, 1);
///
/// let refused = std::io::Error::other("connection refused");
/// assert_eq!(StoreError::from(refused).to_outcome(), Outcome::failure_because("connection refused"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it means to a circuit",
    label = "`ToOutcome` is not implemented for `{Self}`",
    note = "implement `ToOutcome` for an error type of your own",
    note = "or write a closure: `error_handler = |result| match result {{ Ok(_) => Outcome::Success, Err(error) => … }}`"
)]
pub trait ToOutcome {
    /// Returns what the value means to the circuit of the call that returned it.
    fn to_outcome(&self) -> Outcome;
}

impl<T, E: ToOutcome> ToOutcome for Result<T, E> {
    fn to_outcome(&self) -> Outcome {
        match self {
            Ok(_) => Outcome::Success,
            Err(error) => error.to_outcome(),
        }
    }
}

impl<T> ToOutcome for Option<T> {
    fn to_outcome(&self) -> Outcome {
        if self.is_some() { Outcome::Success } else { Outcome::Ignore }
    }
}

impl ToOutcome for CircuitOpenError {
    fn to_outcome(&self) -> Outcome {
        Outcome::Ignore
    }
}

impl<E: ToOutcome> ToOutcome for CallError<E> {
    fn to_outcome(&self) -> Outcome {
        match self {
            Self::Open(open) => open.to_outcome(),
            Self::Failed(error) => error.to_outcome(),
        }
    }
}

impl ToOutcome for io::Error {
    fn to_outcome(&self) -> Outcome {
        let error: &(dyn Error + 'static) = self;
        error.to_outcome()
    }
}

impl ToOutcome for dyn Error + 'static {
    fn to_outcome(&self) -> Outcome {
        if with_sources(self).any(<dyn Error>::is::<CircuitOpenError>) {
            return Outcome::Ignore;
        }
        Outcome::failure_from(self)
    }
}

impl ToOutcome for dyn Error + Send + Sync + 'static {
    fn to_outcome(&self) -> Outcome {
        let error: &(dyn Error + 'static) = self;
        error.to_outcome()
    }
}

impl<E: ToOutcome + ?Sized> ToOutcome for Box<E> {
    fn to_outcome(&self) -> Outcome {
        (**self).to_outcome()
    }
}

/// The error and its sources.
fn with_sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| source(*error)).take(1 + MAX_SOURCES)
}

/// Checks an `io::Error` separately, because its `source` skips the error that it was created from.
fn source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// How many sources of an error are searched: sources may form a circle.
const MAX_SOURCES: usize = 100;

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;
    use crate::breaker::CircuitBreaker;
    use crate::policy::Policy;

    fn open() -> CircuitOpenError {
        let breaker = CircuitBreaker::new("inner", Policy::new()).unwrap();
        breaker.force_open();
        breaker.try_acquire().unwrap_err()
    }

    #[test]
    fn an_open_circuit_further_in_is_ignored_however_it_is_wrapped() {
        assert_eq!(open().to_outcome(), Outcome::Ignore);
        assert_eq!(CallError::<io::Error>::from(open()).to_outcome(), Outcome::Ignore);
        assert_eq!(io::Error::from(open()).to_outcome(), Outcome::Ignore);
        let boxed: Box<dyn Error + Send + Sync> = open().into();
        assert_eq!(boxed.to_outcome(), Outcome::Ignore);
        let twice: Box<dyn Error> = io::Error::from(open()).into();
        assert_eq!(Err::<(), _>(twice).to_outcome(), Outcome::Ignore);
        let nested = io::Error::other(io::Error::other(io::Error::from(open())));
        assert_eq!(nested.to_outcome(), Outcome::Ignore);
        let rejected: Box<dyn Error> = CallError::<fmt::Error>::from(open()).into();
        assert_eq!(rejected.to_outcome(), Outcome::Ignore);
        assert_eq!(io::Error::other(CallError::<fmt::Error>::from(open())).to_outcome(), Outcome::Ignore);
    }

    /// An error with this many sources, of which the last is an open circuit or the error itself.
    #[derive(Debug, thiserror::Error)]
    enum Chain {
        #[error("link")]
        Link(#[source] Box<Chain>),
        #[error("last")]
        Last(#[source] CircuitOpenError),
    }

    fn chain(sources: usize) -> Chain {
        (1..sources).fold(Chain::Last(open()), |last, _| Chain::Link(Box::new(last)))
    }

    #[derive(Debug)]
    struct Circle;

    impl fmt::Display for Circle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("circle")
        }
    }

    impl Error for Circle {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn the_search_among_sources_ends() {
        let outcome = |error: &(dyn Error + 'static)| error.to_outcome();
        assert_eq!(outcome(&Circle), Outcome::failure_because("circle"));
        assert_eq!(io::Error::other(Circle).to_outcome(), Outcome::failure_because("circle"));
        assert_eq!(outcome(&chain(100)), Outcome::Ignore);
        assert_eq!(outcome(&chain(101)), Outcome::failure_because("link"));
    }

    #[test]
    fn other_errors_are_failures_that_say_why() {
        let boxed: Box<dyn Error> = "no price in the answer".into();
        assert_eq!(boxed.to_outcome(), Outcome::failure_because("no price in the answer"));
        let failed = CallError::Failed(io::Error::other("connection refused"));
        assert_eq!(failed.to_outcome(), Outcome::failure_because("connection refused"));
    }

    #[test]
    fn what_came_back_is_a_success_and_nothing_is_ignored() {
        assert_eq!(Ok::<_, io::Error>(500).to_outcome(), Outcome::Success);
        assert_eq!(Some(500).to_outcome(), Outcome::Success);
        assert_eq!(None::<u32>.to_outcome(), Outcome::Ignore);
    }
}
