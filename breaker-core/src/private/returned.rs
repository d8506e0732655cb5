//! Return types that do not show whether they are futures. Method resolution finds out, as in
//! `classify`.
//!
//! `Returned::<R>::NEW.breaker_box_is_no_future()` resolves to the method by value for futures,
//! whose bound never holds, and to the method by reference for anything else.

use std::future::Future;
use std::marker::PhantomData;

use crate::call::error::CircuitOpenError;
use crate::call::from_circuit_open::FromCircuitOpen;

/// The type that a function returns.
#[derive(Debug)]
pub struct Returned<R>(PhantomData<fn() -> R>);

impl<R> Returned<R> {
    /// The type.
    pub const NEW: Self = Self(PhantomData);
}

/// A future, which would count as a success for having been created. None of this compiles.
pub trait ReturnsFuture: Sized {
    /// The future.
    type Future: Future;

    /// See [`ReturnsPlainly`].
    fn breaker_box_is_no_future(self)
    where
        Self::Future: WrittenAsFuture,
    {
    }

    /// See [`ReturnsPlainly`].
    fn breaker_box_reject(self, open: CircuitOpenError) -> Self::Future
    where
        Self::Future: WrittenAsFuture,
    {
        Self::Future::never(open)
    }
}

impl<F: Future> ReturnsFuture for Returned<F> {
    type Future = F;
}

/// Anything else.
pub trait ReturnsPlainly {
    /// What it is.
    type Result;

    /// Compiles: the type is not a future.
    #[inline]
    fn breaker_box_is_no_future(&self) {}

    /// What a function without a fallback returns when its circuit is open.
    #[inline]
    fn breaker_box_reject(&self, open: CircuitOpenError) -> Self::Result
    where
        Self::Result: FromCircuitOpen,
    {
        super::reject(open)
    }
}

impl<R> ReturnsPlainly for Returned<R> {
    type Result = R;
}

/// A bound that no future satisfies.
#[diagnostic::on_unimplemented(
    message = "this return type hides a future, whose creation would count as a success",
    label = "`{Self}` is a future",
    note = "write it so that its output is classified: `impl Future<Output = …>`, `Pin<Box<dyn Future<Output = …> + Send>>` or `BoxFuture<'_, …>`",
    note = "or make the function `async`"
)]
pub trait WrittenAsFuture: Sized {
    /// Never called.
    fn never(open: CircuitOpenError) -> Self;
}
