//! What the tests share: registries with a clock that stands still, and polling by hand.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use breaker_box::{ManualClock, Policy, Registry, Status};

/// A registry whose circuits open at the first failure, and its clock.
pub(crate) fn registry_and_clock() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let policy = Policy::consecutive_failures(1);
    let registry = Registry::builder().default_policy(policy).clock(&clock).build().unwrap();
    (registry, clock)
}

/// A registry whose circuits open at the first failure.
pub(crate) fn registry() -> Registry {
    registry_and_clock().0
}

/// A registry in which the circuit of that name is open.
pub(crate) fn registry_with_open(identifier: &str) -> Registry {
    let registry = registry();
    registry.register(identifier, Policy::new()).unwrap().force_open();
    registry
}

/// The reason of the circuit's last failure.
pub(crate) fn last_reason(registry: &Registry, identifier: &str) -> Option<String> {
    let reason = status(registry, identifier).last_failure?.reason?;
    Some(reason.as_str().to_owned())
}

pub(crate) fn status(registry: &Registry, identifier: &str) -> Status {
    registry.status(identifier).unwrap()
}

/// The result of a future that never waits.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The result of a future that is worth polling again at once.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

/// Waits once.
pub(crate) async fn yield_once() {
    let mut waited = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// The same future, if it can be sent to another thread.
pub(crate) fn send<F: Send>(future: F) -> F {
    future
}
