//! Plain functions that make a future: asked when they are called, so that all of a body runs where
//! it would without the attribute, and its future is what it would be.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::entry::{CircuitSlot, Entered, Site};
use super::run::ByDefault;
use crate::call::admission::{CircuitRef, OwnedAdmission};
use crate::call::classify::ByClassifier;
use crate::call::error::CircuitOpenError;
use crate::call::from_circuit_open::FromCircuitOpen;
use crate::call::guarded::Admitted;
use crate::circuit::{Circuit, Ticket};
use crate::outcome::Outcome;

/// An admitted call without the borrow of its circuit.
#[derive(Clone, Copy, Debug)]
pub struct Pledge {
    ticket: Ticket,
    is_guarded: bool,
}

impl Entered<'_> {
    /// Lets go of the circuit, until [`CircuitSlot`] says which it was.
    #[must_use]
    #[inline]
    pub const fn pledge(self) -> Pledge {
        let (ticket, is_guarded) = self.0.parts();
        Pledge { ticket, is_guarded }
    }
}

/// An admitted call that outlives the function that was called.
#[derive(Debug)]
pub struct Kept(OwnedAdmission<SiteOrOwned>);

/// A circuit that outlives the function: the site's own, for which no reference is counted, or one
/// found by name.
enum SiteOrOwned {
    AtSite(&'static Circuit),
    ByName(Arc<Circuit>),
    Unguarded,
}

impl CircuitRef for SiteOrOwned {
    #[inline]
    fn circuit(&self) -> Option<&Circuit> {
        match self {
            Self::AtSite(circuit) => Some(circuit),
            Self::ByName(circuit) => Some(circuit),
            Self::Unguarded => None,
        }
    }
}

impl CircuitSlot {
    /// Keeps the circuit that was found for this call, here or at its site.
    #[must_use]
    #[inline]
    pub fn keep(self, site: Option<&'static Site>, pledge: Pledge) -> Kept {
        let circuit = match (self.0, site.and_then(Site::circuit)) {
            _ if !pledge.is_guarded => SiteOrOwned::Unguarded,
            (Some(circuit), _) => SiteOrOwned::ByName(circuit),
            (None, Some(circuit)) => SiteOrOwned::AtSite(circuit),
            (None, None) => SiteOrOwned::Unguarded,
        };
        Kept(OwnedAdmission::new(circuit, pledge.ticket))
    }
}

impl Kept {
    /// Runs a body that makes a future. If it panics, that is the call's end.
    #[inline]
    pub fn make<F>(&self, body: impl FnOnce() -> F) -> F {
        self.0.admission().begin(body)
    }
}

/// Guards what a body made by what a handler makes of its result.
#[inline]
pub fn run_made<R, F, C, O>(kept: Kept, made: F, handler: C) -> impl Future<Output = R>
where
    F: Future<Output = R>,
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    Admitted::polled_later(kept.0, made, ByClassifier(handler))
}

/// Guards what a body made, as [`run_by_default`](super::run_by_default) does.
#[inline]
pub fn run_made_by_default<R, F, S, O>(kept: Kept, made: F, succeeded: S, outcome: O) -> impl Future<Output = R>
where
    F: Future<Output = R>,
    S: FnOnce(&R) -> bool,
    O: Fn(&R) -> Outcome,
{
    Admitted::polled_later(kept.0, made, ByDefault(succeeded, outcome))
}

pin_project! {
    /// What a function that hides its future returns: what its body made, or what its open circuit
    /// answers.
    #[project = EitherProjection]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub enum Either<M, A> {
        /// The circuit let the call through.
        Made { #[pin] future: M },
        /// It did not.
        Answered { #[pin] future: A },
    }
}

impl<M, A> Either<M, A> {
    /// What the body made.
    #[inline]
    pub const fn made(future: M) -> Self {
        Self::Made { future }
    }

    /// What the open circuit answers.
    #[inline]
    pub const fn answered(future: A) -> Self {
        Self::Answered { future }
    }
}

impl<M: Future, A: Future<Output = M::Output>> Future for Either<M, A> {
    type Output = M::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<M::Output> {
        match self.project() {
            EitherProjection::Made { future } => future.poll(cx),
            EitherProjection::Answered { future } => future.poll(cx),
        }
    }
}

/// The future of a function without a fallback whose circuit is open. It makes its result when it
/// is polled, so that the result itself need not be [`Send`].
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
        let open = self.open.take().expect("a rejected future was polled after it had ended");
        Poll::Ready((self.reject)(open))
    }
}
