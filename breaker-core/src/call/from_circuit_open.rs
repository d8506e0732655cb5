//! What a function returns when its circuit rejects the call.

use crate::call::error::CircuitOpenError;

/// A type that an annotated function can return when its circuit rejects the call and it has no
/// `fallback`.
///
/// It is implemented for `Result<T, E>` if `E: From<CircuitOpenError>`, as for `std::io::Error`,
/// `Box<dyn Error + Send + Sync>` and `String`, and for `Option<T>`, which returns `None`. You can
/// implement it for your own types. No required method will be added.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CircuitOpenError, FromCircuitOpen};
///
/// enum Answer {
///     Known(u32),
///     TryAgain,
/// }
///
/// impl FromCircuitOpen for Answer {
///     fn from_circuit_open(_: CircuitOpenError) -> Self {
///         Answer::TryAgain
///     }
/// }
/// # let _ = Answer::Known(1);
/// ```
#[diagnostic::on_unimplemented(
    message = "the return type of this function cannot represent an open circuit",
    label = "`{Self}` cannot be made from a `CircuitOpenError`",
    note = "either add a fallback: `#[circuit_breaker(…, fallback = |open| …)]`",
    note = "or return `Option<T>`, or `Result<T, E>` with an error that has `impl From<CircuitOpenError> for E` (with `thiserror`: a variant `CircuitOpen(#[from] CircuitOpenError)`)",
    note = "or, if the attribute is on the `impl` block, leave this function out: `#[circuit_breaker(skip)]`"
)]
pub trait FromCircuitOpen {
    /// Returns the value that the function returns instead of running.
    fn from_circuit_open(open: CircuitOpenError) -> Self;
}

// Without this attribute the compiler would report a missing `From` implementation and not the
// alternatives.
#[diagnostic::do_not_recommend]
impl<T, E: From<CircuitOpenError>> FromCircuitOpen for Result<T, E> {
    fn from_circuit_open(open: CircuitOpenError) -> Self {
        Err(E::from(open))
    }
}

impl<T> FromCircuitOpen for Option<T> {
    fn from_circuit_open(_: CircuitOpenError) -> Self {
        None
    }
}
