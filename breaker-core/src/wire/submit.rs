//! Submitting items.

use std::future::{Future, poll_fn};
use std::task::Poll;

use super::Wire;
use super::drop_guard::DropGuard;
use super::error::{Submitted, WireError};
use super::processor::{AsyncProcessor, SyncProcessor};
use crate::call::error::{CallError, CircuitOpenError};

impl<T, P> Wire<T, SyncProcessor<P>> {
    /// Processes an item, or diverts it while the circuit is open. An item whose failure opens the
    /// circuit is diverted too.
    ///
    /// The item is offered to neutral wires without waiting. If the processor or a neutral wire
    /// panics, the item is lost, and a [`Dropped`](crate::EventKind::Dropped) event is emitted.
    ///
    /// # Errors
    ///
    /// [`WireError::Failed`] if processing failed and the circuit stays closed or no neutral wire
    /// took the item. [`WireError::NoWire`] if the circuit is open and no neutral wire took the
    /// item. Both hand the item back.
    pub fn submit<R, E>(&self, item: T) -> Result<Submitted<R, E>, WireError<T, E>>
    where
        P: Fn(&T) -> Result<R, E>,
    {
        let mut guard = self.drop_guard();
        let result = self.breaker.call(|| (self.processor.0)(&item));
        match self.conclude(result, item, &mut guard) {
            Conclusion::Done(done) => done,
            Conclusion::Divert(item, why) => why.after(self.divert(item, &mut guard)),
        }
    }

    /// The same as [`submit`](Self::submit), but waits for room in asynchronous neutral wires that
    /// are full.
    ///
    /// If the future is dropped before it is ready, the item is lost, and a
    /// [`Dropped`](crate::EventKind::Dropped) event is emitted.
    ///
    /// # Errors
    ///
    /// The same as for [`submit`](Self::submit).
    pub fn submit_async<R, E>(&self, item: T) -> impl Future<Output = Result<Submitted<R, E>, WireError<T, E>>>
    where
        P: Fn(&T) -> Result<R, E>,
    {
        // Outside the future: a future that is never polled loses its item too.
        let mut guard = self.drop_guard();
        async move {
            let result = self.breaker.call(|| (self.processor.0)(&item));
            match self.conclude(result, item, &mut guard) {
                Conclusion::Done(done) => done,
                Conclusion::Divert(item, why) => why.after(self.divert_async(item, &mut guard).await),
            }
        }
    }
}

impl<T, P> Wire<T, AsyncProcessor<P>> {
    /// Processes an item, or diverts it while the circuit is open. An item whose failure opens the
    /// circuit is diverted too.
    ///
    /// Waits for room in asynchronous neutral wires that are full. If the future is dropped before
    /// it is ready, or if code panics, the item is lost, and a
    /// [`Dropped`](crate::EventKind::Dropped) event is emitted.
    ///
    /// # Errors
    ///
    /// [`WireError::Failed`] if processing failed and the circuit stays closed or no neutral wire
    /// took the item. [`WireError::NoWire`] if the circuit is open and no neutral wire took the
    /// item. Both hand the item back.
    pub fn submit_async<R, E>(&self, item: T) -> impl Future<Output = Result<Submitted<R, E>, WireError<T, E>>>
    where
        P: AsyncFn(&T) -> Result<R, E>,
    {
        // Outside the future: a future that is never polled loses its item too.
        let mut guard = self.drop_guard();
        async move {
            // Called inside the guarded future, so that no code of the processor runs while the
            // circuit is open.
            let result = self.breaker.call_async(async { (self.processor.0)(&item).await }).await;
            match self.conclude(result, item, &mut guard) {
                Conclusion::Done(done) => done,
                Conclusion::Divert(item, why) => why.after(self.divert_async(item, &mut guard).await),
            }
        }
    }
}

/// What happens to an item after the processor was called or the call was rejected.
enum Conclusion<T, R, E> {
    Done(Result<Submitted<R, E>, WireError<T, E>>),
    Divert(T, DivertReason<E>),
}

/// Why an item is diverted: its circuit is open, or it failed and opened it.
enum DivertReason<E> {
    Open(CircuitOpenError),
    Failed(E),
}

impl<E> DivertReason<E> {
    /// The result of a submission after the item was offered to the neutral wires.
    fn after<T, R>(self, diverted: Result<usize, T>) -> Result<Submitted<R, E>, WireError<T, E>> {
        match (diverted, self) {
            (Ok(wire), Self::Open(_)) => Ok(Submitted::Diverted { wire, error: None }),
            (Ok(wire), Self::Failed(error)) => Ok(Submitted::Diverted { wire, error: Some(error) }),
            (Err(item), Self::Open(open)) => Err(WireError::NoWire { item, open }),
            (Err(item), Self::Failed(error)) => Err(WireError::Failed { item, error }),
        }
    }
}

impl<T, P> Wire<T, P> {
    /// Decides whether the item is offered to the neutral wires.
    fn conclude<R, E>(
        &self,
        result: Result<R, CallError<E>>,
        item: T,
        guard: &mut DropGuard<'_>,
    ) -> Conclusion<T, R, E> {
        let done = match result {
            Ok(result) => Ok(Submitted::Processed(result)),
            Err(CallError::Failed(error)) if !self.breaker.state().is_open() => Err(WireError::Failed { item, error }),
            Err(CallError::Failed(error)) => return Conclusion::Divert(item, DivertReason::Failed(error)),
            Err(CallError::Open(open)) => return Conclusion::Divert(item, DivertReason::Open(open)),
        };
        guard.disarm();
        Conclusion::Done(done)
    }

    /// Diverts an item. Waits while no wire takes it and at least one may have room later.
    async fn divert_async(&self, mut item: T, guard: &mut DropGuard<'_>) -> Result<usize, T> {
        loop {
            match self.divert(item, guard) {
                Ok(wire) => return Ok(wire),
                Err(back) => item = back,
            }
            if !self.any_room().await {
                return Err(item);
            }
        }
    }

    /// Waits until any wire has room; false if waiting is of no use with all of them.
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
