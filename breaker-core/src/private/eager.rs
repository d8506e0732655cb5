//! Functions that are not `async` and return a future. They are admitted when they are called, so
//! that the body runs where it would without the attribute, and returns the same future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::by_type::{Classify, Kind};
use super::entry::{CircuitSlot, OfName, OfSite, Site, Slotted};
use crate::call::admission::{Admission, CircuitRef, Classifier, OwnedAdmission};
use crate::call::classify::ByClassifier;
use crate::call::error::CircuitOpenError;
use crate::call::from_circuit_open::FromCircuitOpen;
use crate::call::guarded::Admitted;
use crate::call::reference::Reference;
use crate::circuit::{Circuit, Ticket};
use crate::outcome::Outcome;

/// An admitted call without its circuit, which is in the site or the [`CircuitSlot`].
#[derive(Clone, Copy, Debug)]
pub struct Detached {
    ticket: Ticket,
    is_guarded: bool,
}

impl Admission<'_> {
    /// Ends the borrow of the circuit, until [`CircuitSlot::attach`].
    #[must_use]
    #[inline]
    pub const fn detach(self) -> Detached {
        let (circuit, ticket) = self.parts();
        Detached { ticket, is_guarded: circuit.is_some() }
    }
}

/// An admitted call that outlives the function that was called.
#[derive(Debug)]
pub struct OwnedEntered(OwnedAdmission<SiteOrOwned>);

/// The circuit of a call that outlives the function: that of its site, for which no reference count
/// changes, or one found by name.
enum SiteOrOwned {
    Site(&'static Circuit),
    Owned(Reference),
    Unguarded,
}

impl CircuitRef for SiteOrOwned {
    #[inline]
    fn circuit(&self) -> Option<&Circuit> {
        match self {
            Self::Site(circuit) => Some(circuit),
            Self::Owned(circuit) => Some(circuit),
            Self::Unguarded => None,
        }
    }
}

impl CircuitSlot<OfSite> {
    /// Reattaches a call to its circuit: the one in this slot, or that of its site.
    #[must_use]
    #[inline]
    pub fn attach(self, site: Option<&'static Site>, detached: Detached) -> OwnedEntered {
        OwnedEntered::new(self, site, detached)
    }
}

impl CircuitSlot<OfName> {
    /// Reattaches a call to its circuit: the one in this slot, or that of its site.
    #[must_use]
    #[inline]
    pub fn attach(self, site: Option<&'static Site>, detached: Detached) -> OwnedEntered {
        OwnedEntered::new(self, site, detached)
    }
}

impl OwnedEntered {
    #[inline]
    fn new(slot: CircuitSlot<impl Slotted>, site: Option<&'static Site>, detached: Detached) -> Self {
        let circuit = match (slot.0, site.and_then(Site::circuit)) {
            _ if !detached.is_guarded => SiteOrOwned::Unguarded,
            (Some(circuit), _) => SiteOrOwned::Owned(circuit.into()),
            (None, Some(circuit)) => SiteOrOwned::Site(circuit),
            (None, None) => SiteOrOwned::Unguarded,
        };
        Self(OwnedAdmission::new(circuit, detached.ticket))
    }

    /// Runs a body that returns a future. If it panics, the call is settled.
    #[inline]
    pub fn begin<F>(&self, body: impl FnOnce() -> F) -> F {
        self.0.admission().begin(body)
    }
}

/// Guards the future that a body returned, and settles the call by what a handler returns for its
/// result.
#[inline]
pub fn run_eager<R, F, C>(entered: OwnedEntered, future: F, handler: C) -> impl Future<Output = R>
where
    F: Future<Output = R>,
    C: FnOnce(&R) -> Outcome,
{
    Admitted::polled_later(entered.0, future, ByClassifier(handler))
}

/// Guards the future that a body returned, and settles the call by what its result means by its
/// type. `_kind` is never called: only its type says which that is.
#[inline]
pub fn run_eager_by_default<R, F, K>(
    entered: OwnedEntered,
    future: F,
    _kind: fn(Classify<R>) -> K,
) -> impl Future<Output = R>
where
    F: Future<Output = R>,
    K: Classifier<R> + Kind,
{
    Admitted::polled_later(entered.0, future, K::ONLY)
}

pin_project! {
    /// The future of a function whose return type hides it: that of its body, or that of the answer
    /// to a rejected call.
    #[project = EitherProjection]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub enum Either<B, A> {
        /// The call was admitted.
        Body { #[pin] future: B },
        /// It was rejected.
        Answer { #[pin] future: A },
    }
}

impl<B, A> Either<B, A> {
    /// The future that the body returned.
    #[inline]
    pub const fn body(future: B) -> Self {
        Self::Body { future }
    }

    /// The answer to a rejected call.
    #[inline]
    pub const fn answer(future: A) -> Self {
        Self::Answer { future }
    }
}

impl<B: Future, A: Future<Output = B::Output>> Future for Either<B, A> {
    type Output = B::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B::Output> {
        match self.project() {
            EitherProjection::Body { future } => future.poll(cx),
            EitherProjection::Answer { future } => future.poll(cx),
        }
    }
}

/// The future of a rejected call of a function without a fallback. It creates its result when it is
/// polled, so that the result itself does not have to be [`Send`].
#[inline]
pub const fn reject_later<R: FromCircuitOpen>(open: CircuitOpenError) -> RejectedLater<R> {
    RejectedLater { open: Some(open), reject: super::reject }
}

/// See [`reject_later`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct RejectedLater<R> {
    open: Option<CircuitOpenError>,
    reject: fn(CircuitOpenError) -> R,
}

impl<R> Future for RejectedLater<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        let open = self.open.take().expect("a rejected future was polled after it had completed");
        Poll::Ready((self.reject)(open))
    }
}
