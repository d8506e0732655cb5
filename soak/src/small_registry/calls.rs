//! Calls by name.

use std::pin::pin;
use std::thread;
use std::time::Duration;

use breaker_box::{Registry, circuit_breaker};

use crate::calls::{AnnotatedError, drive, poll_times};
use crate::random::Random;
use crate::tracked_call::{Intent, TrackedCall};

#[circuit_breaker(
    identifier = "evictable:{number}",
    registry = registry,
    failure_rate = 0.5,
    window = 10,
    minimum_calls = 3,
    expiry = "100ms",
    error_handler = |_| intent.outcome(),
)]
fn annotated(registry: &Registry, number: usize, tracked: &TrackedCall, intent: Intent) -> Result<u32, AnnotatedError> {
    Ok(tracked.run(intent)?)
}

#[circuit_breaker(
    identifier = "evictable:{number}",
    registry = registry,
    failures = 2,
    within = "1s",
    expiry = "100ms",
    error_handler = |_| intent.outcome(),
)]
async fn annotated_async(
    registry: &Registry,
    number: usize,
    tracked: &TrackedCall,
    intent: Intent,
) -> Result<u32, AnnotatedError> {
    Ok(tracked.run_async(intent, 1).await?)
}

/// A call site that looks its circuit up once, although the circuit is evicted and created again.
#[circuit_breaker(identifier = "evictable:0", registry = registry, error_handler = |_| intent.outcome())]
fn fixed(registry: &Registry, tracked: &TrackedCall, intent: Intent) -> Result<u32, AnnotatedError> {
    Ok(tracked.run(intent)?)
}

/// A way to call a circuit by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum CallKind {
    CallWith,
    /// The body takes longer than a circuit may be idle.
    SlowBody,
    Annotated,
    AnnotatedAsync,
    CallAsync,
    Report,
    /// The future is dropped after the first poll.
    Abandon,
}

impl CallKind {
    pub(super) fn draw(intent: Intent, random: &mut Random) -> Self {
        match intent {
            Intent::Drop => Self::Abandon,
            Intent::Succeed | Intent::Fail if random.one_in(10) => Self::Report,
            _ if random.one_in(20) => Self::SlowBody,
            _ => random.pick(&[Self::CallWith, Self::Annotated, Self::AnnotatedAsync, Self::CallAsync]),
        }
    }

    /// Calls the circuit of that name and number.
    pub(super) fn enter(self, registry: &Registry, name: &str, number: usize, tracked: &TrackedCall, intent: Intent) {
        // The tracked call knows the result.
        match self {
            Self::CallWith => drop(registry.call_with(name, || tracked.run(intent), |_| intent.outcome())),
            Self::SlowBody => {
                let body = || {
                    thread::sleep(Duration::from_millis(2));
                    tracked.run(intent)
                };
                drop(registry.call_with(name, body, |_| intent.outcome()));
            }
            Self::Annotated if number == 0 => drop(fixed(registry, tracked, intent)),
            Self::Annotated => drop(annotated(registry, number, tracked, intent)),
            Self::AnnotatedAsync => drop(drive(annotated_async(registry, number, tracked, intent))),
            Self::CallAsync => {
                drop(drive(registry.call_async_with(name, tracked.run_async(intent, 2), |_| intent.outcome())));
            }
            Self::Report => return report(registry, name, tracked, intent),
            Self::Abandon => {
                let call = registry.call_async(name, tracked.run_async(intent, 0));
                drive(poll_times(2, pin!(call)));
            }
        }
        tracked.answered();
    }
}

fn report(registry: &Registry, name: &str, tracked: &TrackedCall, intent: Intent) {
    let reported = match intent {
        Intent::Succeed => registry.record_success(name),
        _ => registry.record_failure(name, "reported"),
    };
    if reported.is_ok() {
        tracked.ends(intent.end());
    }
}
