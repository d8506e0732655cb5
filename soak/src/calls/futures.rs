//! Asynchronous calls: awaited, dropped half-way, never polled, or forgotten.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use breaker_box::{Registry, circuit_breaker};

use super::annotated_error::AnnotatedError;
use super::planned_call::PlannedCall;
use crate::tracked_call::{Intent, TrackedCall};

#[circuit_breaker(
    identifier = "circuit:{number}",
    scope = "soak",
    registry = registry,
    error_handler = |_| intent.outcome(),
)]
async fn annotated(
    registry: &Registry,
    number: usize,
    tracked: &TrackedCall,
    intent: Intent,
    waits: u32,
) -> Result<u32, AnnotatedError> {
    Ok(tracked.run_async(intent, waits).await?)
}

/// Makes the call in the way of that number, and awaits it.
pub(crate) async fn call_async(plan: PlannedCall<'_>, kind: u64) {
    let PlannedCall { circuit_set, circuit, intent, waits } = plan;
    // Declared before the call and so dropped after it: by then, the call is settled.
    let tracked = circuit.track();
    let breaker = &circuit.breaker;
    let needs_classifier = intent != intent.plain();
    // The tracked call knows the result.
    match kind % 5 {
        0 if !needs_classifier => drop(breaker.call_async(tracked.run_async(intent, waits)).await),
        1 if !needs_classifier => {
            drop(circuit_set.registry.call_async(&circuit.key, tracked.run_async(intent, waits)).await);
        }
        0 | 2 => drop(breaker.call_async_with(tracked.run_async(intent, waits), |_| intent.outcome()).await),
        1 | 3 => {
            let body = tracked.run_async(intent, waits);
            drop(circuit_set.registry.call_async_with(&circuit.key, body, |_| intent.outcome()).await);
        }
        _ => match circuit.site {
            Some(site) => (site.call_async)(&tracked, intent, waits).await,
            None => drop(annotated(&circuit_set.registry, circuit.number, &tracked, intent, waits).await),
        },
    }
    tracked.answered();
}

/// How many futures may still be forgotten; each leaks its memory.
static FORGETTABLE: AtomicU32 = AtomicU32::new(1_000);

/// The same, but a call that is meant to be dropped or forgotten is, after `polls` polls.
pub(crate) async fn call_or_abandon(plan: PlannedCall<'_>, kind: u64, polls: u32) {
    match plan.intent {
        Intent::Drop => poll_times(polls, pin!(call_async(plan, kind))).await,
        Intent::Forget => {
            let take_one = |left: u32| left.checked_sub(1);
            // Relaxed: a budget that nothing else depends on.
            if FORGETTABLE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_err() {
                return;
            }
            let mut call = Box::pin(call_async(plan, kind));
            poll_times(polls, call.as_mut()).await;
            std::mem::forget(call);
        }
        _ => call_async(plan, kind).await,
    }
}

/// Polls a future `left` times, or until it is ready.
pub(crate) async fn poll_times<F: Future>(mut left: u32, mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        // A future that never ends does not wake its task.
        cx.waker().wake_by_ref();
        let poll = future.as_mut().poll(cx).map(drop);
        if left == 0 { Poll::Ready(()) } else { poll }
    })
    .await;
}

/// Polls a future that wakes itself until it is ready, without a runtime.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        thread::yield_now();
    }
}
