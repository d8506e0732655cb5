//! Policies of every kind, drawn by chance, that keep to a circuit's manner.

use std::time::Duration;

use breaker_box::{Cancellation, Policy, Window};

use crate::chance::Chance;
use crate::ledger::Manner;

/// How long things take on a fleet's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Real time: open periods of milliseconds, and no call ever takes an hour.
    Real,
    /// A clock that is moved by hand, by anything from nothing to years.
    ByHand,
}

const HOUR: Duration = Duration::from_secs(3_600);
/// Less than any call takes that reads the clock twice.
const AT_ONCE: Duration = Duration::from_nanos(1);

/// A valid policy.
pub(crate) fn draw(chance: &mut Chance, manner: Manner, pace: Pace) -> Policy {
    if manner == Manner::AlwaysSlow {
        return always_slow(chance);
    }
    let policy = conditions(chance, pace);
    let policy = recover(chance, policy, pace);
    if manner == Manner::CancelFails { policy.on_cancel(Cancellation::Failure) } else { policy }
}

/// Every call is slow here, so no probe could succeed: closes on expiry.
fn always_slow(chance: &mut Chance) -> Policy {
    let window = if chance.one_in(2) { Window::calls(500) } else { Window::time(Duration::from_secs(60)) };
    let policy = Policy::slow_call_rate(1.0, AT_ONCE, window).minimum_calls(500).close_on_expiry();
    let policy = if chance.one_in(2) { policy.or_consecutive_failures(chance.count(5, 50)) } else { policy };
    policy.expiry(chance.micros(500, 5_000))
}

fn conditions(chance: &mut Chance, pace: Pace) -> Policy {
    let within = if chance.one_in(8) { Duration::MAX } else { span(chance, pace) };
    let rate = chance.pick(&[0.1, 0.3, 0.5, 0.9, 1.0]);
    let slow = if pace == Pace::Real { HOUR } else { chance.micros(1, 1_000_000) };
    let window = window(chance, pace);
    let mut policy = match chance.below(5) {
        0 => Policy::consecutive_failures(chance.count(1, 20)),
        1 => {
            // Above 1,024 it is counted in buckets; just below, each failure takes its eight bytes.
            let most = if chance.one_in(40) { 1_024 } else { 100 };
            Policy::failures_within(chance.pick(&[1, 2, 5, most, 1_025, 5_000]), within)
        }
        2 => Policy::failure_rate(rate, window),
        3 => Policy::slow_call_rate(rate, slow, window),
        _ => Policy::failure_rate(rate, window).or_slow_call_rate(rate, slow, window),
    };
    if chance.one_in(3) {
        policy = policy.or_consecutive_failures(chance.count(2, 30));
    }
    if chance.one_in(4) {
        policy = policy.or_failures_within(chance.count(2, 30), within);
    }
    // No window of calls is shorter than this.
    if chance.one_in(2) {
        policy = policy.minimum_calls(chance.count(1, 5));
    }
    if chance.one_in(5) { policy.debounce(chance.micros(0, 2_000)) } else { policy }
}

fn window(chance: &mut Chance, pace: Pace) -> Window {
    if chance.one_in(2) { Window::calls(chance.pick(&[5, 10, 64, 100, 500])) } else { Window::time(span(chance, pace)) }
}

fn recover(chance: &mut Chance, policy: Policy, pace: Pace) -> Policy {
    let (first, longest) = match pace {
        Pace::Real => (chance.micros(200, 5_000), Duration::from_millis(20)),
        Pace::ByHand => (span(chance, pace), HOUR),
    };
    let mut policy = match chance.below(3) {
        0 => policy.progressive_expiry(first, chance.pick(&[1.0, 1.5, 2.0, 10.0]), longest.max(first)),
        _ => policy.expiry(first),
    };
    policy = policy.jitter(chance.pick(&[0.0, 0.0, 0.1, 0.5, 1.0]));
    if chance.one_in(2) {
        let probes = chance.count(1, 8);
        policy = policy.half_open_max_calls(probes);
    }
    if chance.one_in(3) {
        policy = policy.success_threshold(chance.count(1, 5)).half_open_failure_threshold(chance.count(1, 3));
    }
    if chance.one_in(3) {
        policy = policy.half_open_timeout(first);
    }
    if chance.one_in(10) { policy.close_on_expiry() } else { policy }
}

/// An open period or a window.
fn span(chance: &mut Chance, pace: Pace) -> Duration {
    match pace {
        Pace::Real => chance.micros(500, 20_000),
        Pace::ByHand => {
            let longest = chance.pick(&[1_000, 1_000_000, 60_000_000, 3_600_000_000]);
            chance.micros(1, longest)
        }
    }
}
