//! What several test binaries need.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod happened;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use breaker_box::{
    CallError, CircuitBreaker, Event, EventType, Filter, ManualClock, Policy, Registry, State, Subscription,
};
use happened::EventKind;

pub(crate) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A breaker on a clock that only the test moves.
pub(crate) fn breaker(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("payment_api", policy, clock.clone()).expect("a valid policy");
    (breaker, clock)
}

/// A registry on a clock that only the test moves.
pub(crate) fn registry() -> (Registry, ManualClock) {
    registry_with(Policy::new())
}

/// The same with a default policy.
pub(crate) fn registry_with(policy: Policy) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let registry = Registry::builder().default_policy(policy).clock(clock.clone()).build().expect("a valid policy");
    (registry, clock)
}

/// One call that fails, if it is let through.
pub(crate) fn fail(breaker: &CircuitBreaker) {
    let _ = breaker.call(|| Err::<(), _>("unreachable"));
}

/// One call that succeeds, if it is let through.
pub(crate) fn succeed(breaker: &CircuitBreaker) {
    let _ = breaker.call(|| Ok::<_, &str>(()));
}

pub(crate) fn fail_times(breaker: &CircuitBreaker, n: u32) {
    for _ in 0..n {
        fail(breaker);
    }
}

pub(crate) fn succeed_times(breaker: &CircuitBreaker, n: u32) {
    for _ in 0..n {
        succeed(breaker);
    }
}

/// One call that takes so long on the manual clock.
pub(crate) fn take(breaker: &CircuitBreaker, clock: &ManualClock, long: Duration) {
    let _ = breaker.call(|| {
        clock.advance(long);
        Ok::<_, &str>(())
    });
}

/// Whether a call was let through.
pub(crate) fn runs(breaker: &CircuitBreaker) -> bool {
    !matches!(breaker.call(|| Ok::<_, &str>(())), Err(CallError::Open(_)))
}

/// A breaker that failed once with threshold 1 and is now at its deadline.
pub(crate) fn half_open(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker(policy.expiry(seconds(30)));
    breaker.open();
    clock.advance(seconds(30));
    assert_eq!(breaker.state(), State::HalfOpen);
    (breaker, clock)
}

/// Runs `body`, which panics; the panic's message.
pub(crate) fn panic_message<R>(body: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else { panic!("it should have panicked") };
    match payload.downcast::<&'static str>() {
        Ok(text) => (*text).to_owned(),
        Err(payload) => *payload.downcast::<String>().expect("a text as payload"),
    }
}

/// One call that panics.
pub(crate) fn panic_in(breaker: &CircuitBreaker, message: &'static str) {
    let body = || -> Result<(), &str> { panic!("{}", message) };
    assert_eq!(panic_message(|| breaker.call(body)), message);
}

/// Polls a future once.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a future that never waits.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// What a subscription has delivered so far.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Event>>>);

impl Seen {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().expect("no handler panicked").clone()
    }

    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.events().into_iter().map(|event| event.kind.into()).collect()
    }

    pub(crate) fn types(&self) -> Vec<EventType> {
        self.events().iter().map(|event| event.kind.event_type()).collect()
    }

    pub(crate) fn identifiers(&self) -> Vec<String> {
        self.events().iter().map(|event| event.key.identifier().to_owned()).collect()
    }

    /// The changes of state, in order.
    pub(crate) fn changes(&self) -> Vec<(State, State)> {
        let change = |kind| match kind {
            EventKind::StateChanged { from, to, .. } => Some((from, to)),
            _ => None,
        };
        self.kinds().into_iter().filter_map(change).collect()
    }

    pub(crate) fn forget(&self) {
        self.0.lock().expect("no handler panicked").clear();
    }
}

/// Collects what passes the filter.
pub(crate) fn watch(registry: &Registry, filter: Filter) -> (Seen, Subscription) {
    let seen = Seen::default();
    let sink = seen.clone();
    let subscription =
        registry.subscribe(filter, move |event| sink.0.lock().expect("no handler panicked").push(event.clone()));
    (seen, subscription)
}
