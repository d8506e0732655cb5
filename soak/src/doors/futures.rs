//! Calls that are futures: awaited, given up half-way, never polled, or forgotten.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use breaker_box::{Registry, circuit_breaker};

use super::errand::Errand;
use super::refused::Refused;
use crate::visit::{Intent, Visit};

#[circuit_breaker(
    identifier = "fleet:{number}",
    scope = "soak",
    registry = registry,
    error_handler = |_| intent.outcome(),
)]
async fn annotated(
    registry: &Registry,
    number: usize,
    visit: &Visit,
    intent: Intent,
    waits: u32,
) -> Result<u32, Refused> {
    Ok(visit.run_slowly(intent, waits).await?)
}

/// Makes the call through the door of that number, to its end.
pub(crate) async fn enter(errand: Errand<'_>, door: u64) {
    let Errand { fleet, subject, intent, waits } = errand;
    // Declared before the call, so dropped after it: the call is settled when the visit notes its
    // end.
    let visit = subject.visit();
    let breaker = &subject.breaker;
    let needs_classifier = intent != intent.plain();
    // What it answers, the visit knows.
    match door % 5 {
        0 if !needs_classifier => drop(breaker.call_async(visit.run_slowly(intent, waits)).await),
        1 if !needs_classifier => {
            drop(fleet.registry.call_async(&subject.key, visit.run_slowly(intent, waits)).await);
        }
        0 | 2 => drop(breaker.call_async_with(visit.run_slowly(intent, waits), |_| intent.outcome()).await),
        1 | 3 => {
            let body = visit.run_slowly(intent, waits);
            drop(fleet.registry.call_async_with(&subject.key, body, |_| intent.outcome()).await);
        }
        _ => match subject.site {
            Some(site) => (site.call_async)(&visit, intent, waits).await,
            None => drop(annotated(&fleet.registry, subject.number, &visit, intent, waits).await),
        },
    }
    visit.answered();
}

/// Futures that may be forgotten in all: each costs its memory for ever.
static FORGETTABLE: AtomicU32 = AtomicU32::new(1_000);

/// The same, but who is to drop or forget it does so after that many polls.
pub(crate) async fn enter_and_give_up(errand: Errand<'_>, door: u64, polls: u32) {
    match errand.intent {
        Intent::Drop => poll_times(polls, pin!(enter(errand, door))).await,
        Intent::Forget => {
            let take_one = |left: u32| left.checked_sub(1);
            // Relaxed: a budget; nothing else hangs on it.
            if FORGETTABLE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_err() {
                return;
            }
            let mut call = Box::pin(enter(errand, door));
            poll_times(polls, call.as_mut()).await;
            std::mem::forget(call);
        }
        _ => enter(errand, door).await,
    }
}

/// Polls a future so many times, and perhaps never.
pub(crate) async fn poll_times<F: Future>(mut left: u32, mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        // Who never ends does not wake either.
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
