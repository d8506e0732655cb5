//! The named futures of a breaker's asynchronous calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::call::admission::{Admission, OwnedAdmission};
use crate::call::classify::{ByClassifier, ByResult};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::guarded::{Admit, Guarded};
use crate::call::reference::Holder;
use crate::circuit::{Circuit, ThisThread};
use crate::outcome::Outcome;

/// Asks a circuit that the caller holds.
pub(crate) struct ByHandle<'a>(&'a Holder);

impl<'a> Admit<Option<&'a Circuit>> for ByHandle<'a> {
    type Error = CircuitOpenError;

    #[inline]
    fn admit(self) -> Result<OwnedAdmission<Option<&'a Circuit>>, CircuitOpenError> {
        Admission::request::<ThisThread>(self.0).map(OwnedAdmission::from)
    }
}

pin_project! {
    /// The future returned by [`CircuitBreaker::call_async`](crate::CircuitBreaker::call_async).
    ///
    /// It does nothing until polled: the first poll admits the call. It is `Send` if the body is.
    ///
    /// # Panics
    ///
    /// Panics if it is polled again after it is ready.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::future::{Ready, ready};
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// use breaker_box::{CallError, CircuitBreaker, GuardedCall, Policy};
    ///
    /// struct Lookup<'a> {
    ///     call: GuardedCall<'a, Ready<Result<u32, String>>>,
    /// }
    ///
    /// let breaker = CircuitBreaker::new("search", Policy::new())?;
    /// let lookup = Lookup { call: breaker.call_async(ready(Ok(7))) };
    /// let answer = pin!(lookup.call).poll(&mut Context::from_waker(Waker::noop()));
    /// # use std::future::Future;
    /// assert_eq!(answer, Poll::Ready(Ok(7)));
    /// # Ok::<(), breaker_box::PolicyError>(())
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct GuardedCall<'a, F> {
        #[pin]
        call: Guarded<F, ByHandle<'a>, ByResult, Option<&'a Circuit>>,
    }
}

impl<'a, F> GuardedCall<'a, F> {
    #[inline]
    pub(crate) const fn new(holder: &'a Holder, body: F) -> Self {
        Self { call: Guarded::new(ByHandle(holder), body, ByResult) }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for GuardedCall<'_, F> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(CallError::join(ready!(self.project().call.poll(cx))))
    }
}

impl<F> fmt::Debug for GuardedCall<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedCall").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future returned by
    /// [`CircuitBreaker::call_async_with`](crate::CircuitBreaker::call_async_with); otherwise the
    /// same as [`GuardedCall`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GuardedCallWith<'a, F, C> {
        #[pin]
        call: Guarded<F, ByHandle<'a>, ByClassifier<C>, Option<&'a Circuit>>,
    }
}

impl<'a, F, C> GuardedCallWith<'a, F, C> {
    #[inline]
    pub(crate) const fn new(holder: &'a Holder, body: F, classify: C) -> Self {
        Self { call: Guarded::new(ByHandle(holder), body, ByClassifier(classify)) }
    }
}

impl<F, C, O> Future for GuardedCallWith<'_, F, C>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
{
    type Output = Result<F::Output, CircuitOpenError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx)
    }
}

impl<F, C> fmt::Debug for GuardedCallWith<'_, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedCallWith").finish_non_exhaustive()
    }
}
