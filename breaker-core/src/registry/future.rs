//! The named futures of a registry's asynchronous calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{Creation, Registry};
use crate::call::admission::OwnedAdmission;
use crate::call::classify::{ByClassifier, ByResult};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::guarded::{Admit, Guarded};
use crate::call::reference::Reference;
use crate::circuit::ThisThread;
use crate::key::AsKey;
use crate::outcome::Outcome;

/// Looks up the circuit when the call is admitted.
pub(crate) struct ByName<K> {
    registry: Registry,
    key: K,
}

impl<K: AsKey> Admit<Option<Reference>> for ByName<K> {
    type Error = CircuitOpenError;

    fn admit(self) -> Result<OwnedAdmission<Option<Reference>>, CircuitOpenError> {
        let (circuit, ticket) = self.registry.admit::<ThisThread>(self.key.as_key(), Creation::BY_CALL)?;
        Ok(OwnedAdmission::new(circuit, ticket))
    }
}

pin_project! {
    /// The future returned by [`Registry::call_async`]. It holds its registry.
    ///
    /// It does nothing until polled: the first poll looks up the name and admits the call. It is
    /// `Send` if the name and the body are.
    ///
    /// # Panics
    ///
    /// Panics if it is polled again after it is ready.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::future::{Ready, ready};
    /// use breaker_box::{NamedCall, Registry};
    ///
    /// struct Lookup {
    ///     call: NamedCall<String, Ready<Result<u32, String>>>,
    /// }
    ///
    /// let registry = Registry::new();
    /// let lookup = Lookup { call: registry.call_async("search".to_owned(), ready(Ok(7))) };
    /// assert!(registry.is_empty(), "it was not polled yet");
    /// drop(lookup.call);
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct NamedCall<K, F> {
        #[pin]
        call: Guarded<F, ByName<K>, ByResult, Option<Reference>>,
    }
}

impl<K, F> NamedCall<K, F> {
    pub(super) const fn new(registry: Registry, key: K, body: F) -> Self {
        Self { call: Guarded::new(ByName { registry, key }, body, ByResult) }
    }
}

impl<K: AsKey, F: Future<Output = Result<T, E>>, T, E> Future for NamedCall<K, F> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(CallError::join(ready!(self.project().call.poll(cx))))
    }
}

impl<K, F> fmt::Debug for NamedCall<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedCall").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future returned by [`Registry::call_async_with`]; otherwise the same as [`NamedCall`].
    #[must_use = "futures do nothing unless polled"]
    pub struct NamedCallWith<K, F, C> {
        #[pin]
        call: Guarded<F, ByName<K>, ByClassifier<C>, Option<Reference>>,
    }
}

impl<K, F, C> NamedCallWith<K, F, C> {
    pub(super) const fn new(registry: Registry, key: K, body: F, classify: C) -> Self {
        Self { call: Guarded::new(ByName { registry, key }, body, ByClassifier(classify)) }
    }
}

impl<K, F, C, O> Future for NamedCallWith<K, F, C>
where
    K: AsKey,
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

impl<K, F, C> fmt::Debug for NamedCallWith<K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedCallWith").finish_non_exhaustive()
    }
}
