//! Events: every kind and cause at its moment, receivers, order, and handlers that misbehave.

mod handlers;

#[path = "../support/happened.rs"]
mod happened;
mod kinds;
mod receivers;

use std::time::Duration;

use breaker_box::{CircuitBreaker, EventReceiver, Filter, ManualClock, Policy, Registry, State};

use crate::happened::{Cause, EventKind};

pub(crate) struct Scene {
    pub(crate) clock: ManualClock,
    pub(crate) registry: Registry,
    pub(crate) events: EventReceiver,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let events = registry.events(Filter::all());
        Self { clock, registry, events }
    }

    pub(crate) fn register(&self, policy: Policy) -> CircuitBreaker {
        let breaker = self.registry.register("a", policy).unwrap();
        self.kinds();
        breaker
    }

    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.events.try_recv().ok()).map(|event| event.kind.into()).collect()
    }

    pub(crate) fn causes(&self) -> Vec<Cause> {
        let changes = self.kinds().into_iter();
        changes
            .filter_map(|kind| match kind {
                EventKind::StateChanged { cause, .. } => Some(cause),
                _ => None,
            })
            .collect()
    }
}

pub(crate) fn changed(from: State, to: State, cause: Cause) -> EventKind {
    EventKind::StateChanged { from, to, cause }
}

/// A call that takes its time and succeeds.
pub(crate) fn last(breaker: &CircuitBreaker, clock: &ManualClock, duration: Duration) {
    let body = || {
        clock.advance(duration);
        Ok::<_, ()>(())
    };
    breaker.call(body).unwrap();
}

pub(crate) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
