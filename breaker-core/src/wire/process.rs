//! Submitting items.

use std::future::poll_fn;
use std::task::Poll;

use super::{Refusal, Submitted, Wire, WireError};
use crate::error::CallError;

/// A processor that is called on the submitting thread.
#[derive(Clone, Copy, Debug)]
pub struct SyncProcessor<P>(pub(super) P);

/// A processor that is awaited.
#[derive(Clone, Copy, Debug)]
pub struct AsyncProcessor<P>(pub(super) P);

impl<T, P> Wire<T, SyncProcessor<P>> {
    /// Processes an item, or diverts it while the circuit is open. An item whose failure opens the circuit is diverted too.
    ///
    /// Neutral wires are asked without waiting.
    ///
    /// # Errors
    ///
    /// [`WireError::Failed`] if it failed and the circuit stays closed, or nobody took it; [`WireError::NoWire`] if the circuit is
    /// open and nobody took it. Either hands the item back.
    pub fn submit<R, E>(&self, item: T) -> Result<Submitted<R, E>, WireError<T, E>>
    where
        P: Fn(&T) -> Result<R, E>,
    {
        match self.breaker.call(|| (self.processor.0)(&item)) {
            Ok(result) => Ok(Submitted::Processed(result)),
            Err(CallError::Failed(error)) if !self.breaker.state().is_open() => Err(WireError::Failed { item, error }),
            Err(refused) => self.conclude(self.divert(item), refused.into()),
        }
    }

    /// As [`submit`](Self::submit), but waits for room in asynchronous neutral wires that are full.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    pub async fn submit_async<R, E>(&self, item: T) -> Result<Submitted<R, E>, WireError<T, E>>
    where
        P: Fn(&T) -> Result<R, E>,
    {
        match self.breaker.call(|| (self.processor.0)(&item)) {
            Ok(result) => Ok(Submitted::Processed(result)),
            Err(CallError::Failed(error)) if !self.breaker.state().is_open() => Err(WireError::Failed { item, error }),
            Err(refused) => self.conclude(self.divert_async(item).await, refused.into()),
        }
    }
}

impl<T, P> Wire<T, AsyncProcessor<P>> {
    /// Processes an item, or diverts it while the circuit is open. An item whose failure opens the circuit is diverted too.
    ///
    /// Waits for room in asynchronous neutral wires that are full. Dropped while it waits, it drops the item with it, as any future
    /// does with what it owns.
    ///
    /// # Errors
    ///
    /// [`WireError::Failed`] if it failed and the circuit stays closed, or nobody took it; [`WireError::NoWire`] if the circuit is
    /// open and nobody took it. Either hands the item back.
    pub async fn submit_async<R, E>(&self, item: T) -> Result<Submitted<R, E>, WireError<T, E>>
    where
        P: AsyncFn(&T) -> Result<R, E>,
    {
        // Called inside the guarded future, so that nothing of the processor runs while the circuit is open.
        match self.breaker.call_async(async { (self.processor.0)(&item).await }).await {
            Ok(result) => Ok(Submitted::Processed(result)),
            Err(CallError::Failed(error)) if !self.breaker.state().is_open() => Err(WireError::Failed { item, error }),
            Err(refused) => self.conclude(self.divert_async(item).await, refused.into()),
        }
    }
}

impl<T, P> Wire<T, P> {
    /// Diverts an item, waiting while no wire takes it and one of them may have room later.
    async fn divert_async(&self, mut item: T) -> Result<usize, T> {
        loop {
            match self.divert(item) {
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
        poll_fn(|context| {
            let mut found = false;
            waits.retain_mut(|wait| match wait.as_mut().poll(context) {
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
