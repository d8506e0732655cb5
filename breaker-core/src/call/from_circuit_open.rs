//! What a function returns when its circuit is open.

use crate::call::error::CircuitOpenError;

/// What an annotated function can return when its circuit is open and it has no `fallback`.
///
/// `Result<T, E>` can where `E: From<CircuitOpenError>`, which `std::io::Error`,
/// `Box<dyn Error + Send + Sync>` and `String` are; `Option<T>` can, as `None`. Implement it for a
/// type of your own to say how it shows an open circuit: this trait is not sealed, and no method
/// without a default will be added.
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
    message = "this function cannot say that its circuit is open",
    label = "`{Self}` cannot be made from a `CircuitOpenError`",
    note = "either answer yourself: `#[circuit_breaker(…, fallback = |open| …)]`",
    note = "or return `Option<T>`, or `Result<T, E>` with an error that has `impl From<CircuitOpenError> for E` (with `thiserror`: a variant `CircuitOpen(#[from] CircuitOpenError)`)"
)]
pub trait FromCircuitOpen {
    /// What the function returns instead of running.
    fn from_circuit_open(open: CircuitOpenError) -> Self;
}

// Without this attribute the compiler would speak of a missing `From` implementation and not of the
// ways out.
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
