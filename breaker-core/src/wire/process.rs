//! Submitting items.

use std::future::{Future, poll_fn};
use std::task::Poll;

use super::fate::Fate;
use super::{Refusal, Submitted, Wire, WireError, conclude};
use crate::call::error::CallError;

/// A processor that is called on the submitting thread.
#[derive(Clone, Copy, Debug)]
pub struct SyncProcessor<P>(pub(super) P);

/// A processor that is awaited.
#[derive(Clone, Copy, Debug)]
pub struct AsyncProcessor<P>(pub(super) P);

impl<T, P> Wire<T, SyncProcessor<P>> {
    /// Processes an item, or diverts it while the circuit is open. An item whose failure opens the
    /// circuit is diverted too.
    ///
    /// Neutral wires are asked without waiting. A panic of the processor or of a neutral wire takes
    /// the item with it, which is an event ([`Dropped`](crate::EventKind::Dropped)).
    ///
    /// # Errors
    ///
    /// [`WireError::Failed`] if it failed and the circuit stays closed, or nobody took it; [`WireError::NoWire`] if the circuit is
    /// open and nobody took it. Either hands the item back.
    pub fn submit<R, E>(&self, item: T) -> Result<Submitted<R, E>, WireError<T, E>>
    where
        P: Fn(&T) -> Result<R, E>,
    {
        let mut fate = self.fate();
        let called = self.breaker.call(|| (self.processor.0)(&item));
        match self.judge(called, item, &mut fate) {
            Judged::Done(done) => done,
            Judged::Refused(item, why) => conclude(self.divert(item, &mut fate), why),
        }
    }

    /// As [`submit`](Self::submit), but waits for room in asynchronous neutral wires that are full.
    ///
    /// A future that is dropped before it is ready drops the item with it, which is an event
    /// ([`Dropped`](crate::EventKind::Dropped)).
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    pub fn submit_async<R, E>(&self, item: T) -> impl Future<Output = Result<Submitted<R, E>, WireError<T, E>>>
    where
        P: Fn(&T) -> Result<R, E>,
    {
        // Outside of the future: one that is never polled loses its item too.
        let mut fate = self.fate();
        async move {
            let called = self.breaker.call(|| (self.processor.0)(&item));
            match self.judge(called, item, &mut fate) {
                Judged::Done(done) => done,
                Judged::Refused(item, why) => conclude(self.divert_async(item, &mut fate).await, why),
            }
        }
    }
}

impl<T, P> Wire<T, AsyncProcessor<P>> {
    /// Processes an item, or diverts it while the circuit is open. An item whose failure opens the
    /// circuit is diverted too.
    ///
    /// Waits for room in asynchronous neutral wires that are full. A future that is dropped before
    /// it is ready drops the item with it, which is an event
    /// ([`Dropped`](crate::EventKind::Dropped)); so does a panic.
    ///
    /// # Errors
    ///
    /// [`WireError::Failed`] if it failed and the circuit stays closed, or nobody took it; [`WireError::NoWire`] if the circuit is
    /// open and nobody took it. Either hands the item back.
    pub fn submit_async<R, E>(&self, item: T) -> impl Future<Output = Result<Submitted<R, E>, WireError<T, E>>>
    where
        P: AsyncFn(&T) -> Result<R, E>,
    {
        // Outside of the future: one that is never polled loses its item too.
        let mut fate = self.fate();
        async move {
            // Called inside the guarded future, so that nothing of the processor runs while the
            // circuit is open.
            let called = self.breaker.call_async(async { (self.processor.0)(&item).await }).await;
            match self.judge(called, item, &mut fate) {
                Judged::Done(done) => done,
                Judged::Refused(item, why) => conclude(self.divert_async(item, &mut fate).await, why),
            }
        }
    }
}

/// An item that was offered to the processor.
enum Judged<T, R, E> {
    Done(Result<Submitted<R, E>, WireError<T, E>>),
    Refused(T, Refusal<E>),
}

impl<T, P> Wire<T, P> {
    /// Whether the neutral wires are asked.
    fn judge<R, E>(&self, called: Result<R, CallError<E>>, item: T, fate: &mut Fate<'_>) -> Judged<T, R, E> {
        let done = match called {
            Ok(result) => Ok(Submitted::Processed(result)),
            Err(CallError::Failed(error)) if !self.breaker.state().is_open() => Err(WireError::Failed { item, error }),
            Err(refused) => return Judged::Refused(item, refused.into()),
        };
        fate.is_known();
        Judged::Done(done)
    }

    /// Diverts an item, waiting while no wire takes it and one of them may have room later.
    async fn divert_async(&self, mut item: T, fate: &mut Fate<'_>) -> Result<usize, T> {
        loop {
            match self.divert(item, fate) {
                Ok(wire) => return Ok(wire),
                Err(back) => item = back,
            }
            if !self.any_room().await {
                return Err(item);
            }
        }
    }

    /// Waits until some wire has room; false if waiting is of no use with any.
    async fn any_room(&self) -> bool {
        let mut waits: Vec<_> = self.neutrals.iter().map(|wire| wire.room()).collect();
        poll_fn(|cx| {
            let mut found = false;
            waits.retain_mut(|wait| match wait.as_mut().poll(cx) {
                Poll::Ready(room) => {
                    found |= room;
                    false
                }
                Poll::Pending => true,
            });
            if found || waits.is_empty() { Poll::Ready(found) } else { Poll::Pending }
        })
        .await
    }
}

impl<E> From<CallError<E>> for Refusal<E> {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Open(open) => Self::Open(open),
            CallError::Failed(error) => Self::Failed(error),
        }
    }
}
