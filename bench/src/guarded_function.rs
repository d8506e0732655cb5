//! The functions that the breakers guard. They cost next to nothing, so that the breaker is what is
//! measured.

use std::fmt;
use std::future::{Future, pending};
use std::hint::black_box;
use std::marker::PhantomData;

use payments::{ChargeError, Receipt};

/// The error of the small functions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

/// The error of a guarded function.
pub(crate) trait Failure: std::error::Error + Send + Sync + 'static {
    /// What users of a peer return while its circuit is open.
    fn rejected() -> Self;
}

impl Failure for Broken {
    fn rejected() -> Self {
        Self
    }
}

impl Failure for ChargeError {
    fn rejected() -> Self {
        Self::Rejected
    }
}

/// A guarded function; `turn` counts the calls of one thread.
pub(crate) trait GuardedFunction: Send + Sync + 'static {
    type Value: Send + 'static;
    type Error: Failure;

    /// One call.
    fn call(turn: u64) -> Result<Self::Value, Self::Error>;

    /// What the caller does with the result that the breaker returned: whether it is a success.
    fn consume<E>(result: Result<Self::Value, E>) -> bool {
        result.is_ok()
    }
}

/// A guarded function that returns a future.
pub(crate) trait GuardedFuture: Send + Sync + 'static {
    type Value: Send + 'static;
    type Error: Failure;

    /// One call.
    fn call(turn: u64) -> impl Future<Output = Result<Self::Value, Self::Error>> + Send + 'static;

    /// What the caller does with the result that the breaker returned: whether it is a success.
    fn consume<E>(result: Result<Self::Value, E>) -> bool {
        result.is_ok()
    }
}

/// Every call succeeds.
#[derive(Debug)]
pub(crate) struct Succeeds;

impl GuardedFunction for Succeeds {
    type Value = u64;
    type Error = Broken;

    #[inline(never)]
    fn call(turn: u64) -> Result<u64, Broken> {
        Ok(black_box(turn))
    }
}

/// Every `N`th call fails; with `N` = 1 every call.
#[derive(Debug)]
pub(crate) struct FailsEvery<const N: u64>;

impl<const N: u64> GuardedFunction for FailsEvery<N> {
    type Value = u64;
    type Error = Broken;

    #[inline(never)]
    fn call(turn: u64) -> Result<u64, Broken> {
        if black_box(turn).is_multiple_of(N) { Err(Broken) } else { Ok(turn) }
    }
}

/// Every call but each `N`th fails.
#[derive(Debug)]
pub(crate) struct SucceedsEvery<const N: u64>;

impl<const N: u64> GuardedFunction for SucceedsEvery<N> {
    type Value = u64;
    type Error = Broken;

    #[inline(never)]
    fn call(turn: u64) -> Result<u64, Broken> {
        if black_box(turn).is_multiple_of(N) { Ok(turn) } else { Err(Broken) }
    }
}

/// A future that is ready at once.
#[derive(Debug)]
pub(crate) struct Immediately<L>(PhantomData<fn() -> L>);

impl<L: GuardedFunction> GuardedFuture for Immediately<L> {
    type Value = L::Value;
    type Error = L::Error;

    async fn call(turn: u64) -> Result<L::Value, L::Error> {
        L::call(turn)
    }
}

/// A future that is ready at once, and succeeds.
pub(crate) type Ready = Immediately<Succeeds>;

/// A future that is never ready.
#[derive(Debug)]
pub(crate) struct Never;

impl GuardedFuture for Never {
    type Value = u64;
    type Error = Broken;

    fn call(_: u64) -> impl Future<Output = Result<u64, Broken>> + Send + 'static {
        pending()
    }
}

/// Declares functions of [`payments`].
macro_rules! realistic {
    ($($(#[$documentation:meta])* $name:ident: $trait:ident = $call:path => $returned:ty;)*) => {
        $(
            $(#[$documentation])*
            #[derive(Debug)]
            pub(crate) struct $name;

            impl $trait for $name {
                type Value = Receipt;
                type Error = ChargeError;

                #[inline]
                fn call(turn: u64) -> $returned {
                    $call(turn)
                }

                /// The caller looks at the whole receipt, then drops it.
                #[inline]
                fn consume<E>(result: Result<Receipt, E>) -> bool {
                    black_box(&result).is_ok()
                }
            }
        )*
    };
}

realistic! {
    /// Returns a receipt, compiled apart.
    Charges: GuardedFunction = payments::charge => Result<Receipt, ChargeError>;
    /// Returns a receipt, inlined.
    ChargesInlined: GuardedFunction = payments::charge_inlined => Result<Receipt, ChargeError>;
    /// Returns an error, compiled apart.
    Declines: GuardedFunction = payments::decline => Result<Receipt, ChargeError>;
    /// Is pending a few times, then returns a receipt.
    ChargesLater: GuardedFuture = payments::charge_later => impl Future<Output = Result<Receipt, ChargeError>> + Send + 'static;
}
