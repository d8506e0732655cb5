//! Simulates one outage and the time after it.

use std::time::Duration;

use breaker_box::{ManualClock, PolicyError};

use crate::event_queue::STEP;
use crate::fleet::{Fleet, Size};
use crate::service::Service;
use crate::variant::Variant;

pub(crate) const OUTAGE: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(75)];
/// The end of the simulation, two minutes after the outage.
pub(crate) const END: Duration = Duration::from_secs(195);
/// Without a failing client for this long, the fleet has recovered.
const QUIET: Duration = Duration::from_secs(15);

/// The results of one variant.
pub(crate) struct Outcome {
    pub(crate) variant: Variant,
    /// Calls that reached the service in each second.
    pub(crate) load: Vec<u32>,
    /// Calls that it could serve at the beginning of each second.
    pub(crate) capacity: Vec<u32>,
    /// Calls that failed from the beginning of the outage on.
    pub(crate) failed: u32,
    pub(crate) crashes: u32,
    /// From the end of the outage until no client was failing any more.
    pub(crate) recovery: Option<Duration>,
}

/// Runs the outage.
pub(crate) fn run(variant: Variant, size: Size) -> Result<Outcome, PolicyError> {
    let clock = ManualClock::new();
    let mut fleet = Fleet::new(variant, size, &clock, END)?;
    let mut service = Service::new();
    let mut outcome =
        Outcome { variant, load: Vec::new(), capacity: Vec::new(), failed: 0, crashes: 0, recovery: None };
    let [down, up] = OUTAGE;
    let mut trouble = Duration::ZERO;
    loop {
        let now = clock.elapsed();
        if now == down {
            service.go_down(up);
        }
        if now.subsec_nanos() == 0 {
            if now > up && now.saturating_sub(trouble) >= QUIET {
                outcome.recovery = Some(trouble.saturating_sub(up));
                break;
            }
            if now >= END {
                break;
            }
            outcome.load.push(0);
            outcome.capacity.push(service.capacity(now));
        }
        let load = fleet.step(now, &mut service);
        outcome.failed += load.failed;
        if let Some(calls) = outcome.load.last_mut() {
            *calls += load.calls;
        }
        if fleet.failing > 0 {
            trouble = now;
        }
        clock.advance(STEP);
    }
    outcome.crashes = service.crashes;
    Ok(outcome)
}

impl Outcome {
    /// Calls in the busiest second since the service came back.
    pub(crate) fn peak(&self) -> u32 {
        let up = usize::try_from(OUTAGE[1].as_secs()).unwrap_or(usize::MAX);
        self.load.iter().skip(up).copied().max().unwrap_or(0)
    }
}
