//! Calls by a name alone.

use std::pin::pin;
use std::thread;
use std::time::Duration;

use breaker_box::{Registry, circuit_breaker};

use crate::chance::Chance;
use crate::doors::{Refused, drive, poll_times};
use crate::visit::{Intent, Visit};

#[circuit_breaker(
    identifier = "passing:{number}",
    registry = registry,
    failure_rate = 0.5,
    window = 10,
    minimum_calls = 3,
    expiry = "100ms",
    error_handler = |_| intent.outcome(),
)]
fn annotated(registry: &Registry, number: usize, visit: &Visit, intent: Intent) -> Result<u32, Refused> {
    Ok(visit.run(intent)?)
}

#[circuit_breaker(
    identifier = "passing:{number}",
    registry = registry,
    failures = 2,
    within = "1s",
    expiry = "100ms",
    error_handler = |_| intent.outcome(),
)]
async fn annotated_async(registry: &Registry, number: usize, visit: &Visit, intent: Intent) -> Result<u32, Refused> {
    Ok(visit.run_slowly(intent, 1).await?)
}

/// A site that finds its circuit once; the circuit goes and comes meanwhile.
#[circuit_breaker(identifier = "passing:0", registry = registry, error_handler = |_| intent.outcome())]
fn fixed(registry: &Registry, visit: &Visit, intent: Intent) -> Result<u32, Refused> {
    Ok(visit.run(intent)?)
}

/// A way to call by a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Door {
    CallWith,
    /// Its body takes longer than a circuit may be idle.
    Dawdle,
    Annotated,
    AnnotatedAsync,
    CallAsync,
    Report,
    /// Its future is dropped after the first poll.
    GiveUp,
}

impl Door {
    pub(super) fn draw(intent: Intent, chance: &mut Chance) -> Self {
        match intent {
            Intent::Drop => Self::GiveUp,
            Intent::Succeed | Intent::Fail if chance.one_in(10) => Self::Report,
            _ if chance.one_in(20) => Self::Dawdle,
            _ => chance.pick(&[Self::CallWith, Self::Annotated, Self::AnnotatedAsync, Self::CallAsync]),
        }
    }

    /// Calls the circuit `name`, which has that number.
    pub(super) fn enter(self, registry: &Registry, name: &str, number: usize, visit: &Visit, intent: Intent) {
        // What they answer, the visit knows.
        match self {
            Self::CallWith => drop(registry.call_with(name, || visit.run(intent), |_| intent.outcome())),
            Self::Dawdle => {
                let body = || {
                    thread::sleep(Duration::from_millis(2));
                    visit.run(intent)
                };
                drop(registry.call_with(name, body, |_| intent.outcome()));
            }
            Self::Annotated if number == 0 => drop(fixed(registry, visit, intent)),
            Self::Annotated => drop(annotated(registry, number, visit, intent)),
            Self::AnnotatedAsync => drop(drive(annotated_async(registry, number, visit, intent))),
            Self::CallAsync => {
                drop(drive(registry.call_async_with(name, visit.run_slowly(intent, 2), |_| intent.outcome())));
            }
            Self::Report => return report(registry, name, visit, intent),
            Self::GiveUp => {
                let call = registry.call_async(name, visit.run_slowly(intent, 0));
                drive(poll_times(2, pin!(call)));
            }
        }
        visit.answered();
    }
}

fn report(registry: &Registry, name: &str, visit: &Visit, intent: Intent) {
    let reported = match intent {
        Intent::Succeed => registry.record_success(name),
        _ => registry.record_failure(name, "reported"),
    };
    if reported.is_ok() {
        visit.ends(intent.end());
    }
}
