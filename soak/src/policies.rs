//! Random policies of every kind that fit a circuit's profile.

use std::time::Duration;

use breaker_box::{Cancellation, Policy, Window};

use crate::expected_totals::Profile;
use crate::random::Random;

/// The clock of a circuit set, which decides how long periods can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockKind {
    /// Real time: open periods of milliseconds, and no call ever takes an hour.
    Real,
    /// A manual clock, which jumps by anything from nothing to years.
    Manual,
}

const HOUR: Duration = Duration::from_secs(3_600);
/// Shorter than any call that reads the clock twice.
const AT_ONCE: Duration = Duration::from_nanos(1);

/// A valid policy.
pub(crate) fn draw(random: &mut Random, profile: Profile, clock_kind: ClockKind) -> Policy {
    if profile == Profile::AlwaysSlow {
        return always_slow(random);
    }
    let policy = conditions(random, clock_kind);
    let policy = recover(random, policy, clock_kind);
    if profile == Profile::CancelFails { policy.on_cancel(Cancellation::Failure) } else { policy }
}

/// Every call is slow, so no probe could succeed: closes on expiry.
fn always_slow(random: &mut Random) -> Policy {
    let window = if random.one_in(2) { Window::calls(500) } else { Window::time(Duration::from_secs(60)) };
    let policy = Policy::slow_call_rate(1.0, AT_ONCE, window).minimum_calls(500).close_on_expiry();
    let policy = if random.one_in(2) { policy.or_consecutive_failures(random.count(5, 50)) } else { policy };
    policy.expiry(random.micros(500, 5_000))
}

fn conditions(random: &mut Random, clock_kind: ClockKind) -> Policy {
    let within = if random.one_in(8) { Duration::MAX } else { span(random, clock_kind) };
    let rate = random.pick(&[0.1, 0.3, 0.5, 0.9, 1.0]);
    let slow = if clock_kind == ClockKind::Real { HOUR } else { random.micros(1, 1_000_000) };
    let window = window(random, clock_kind);
    let mut policy = match random.below(5) {
        0 => Policy::consecutive_failures(random.count(1, 20)),
        1 => {
            // Above 1,024, failures are counted in buckets; up to that, each takes eight bytes.
            let most = if random.one_in(40) { 1_024 } else { 100 };
            Policy::failures_within(random.pick(&[1, 2, 5, most, 1_025, 5_000]), within)
        }
        2 => Policy::failure_rate(rate, window),
        3 => Policy::slow_call_rate(rate, slow, window),
        _ => Policy::failure_rate(rate, window).or_slow_call_rate(rate, slow, window),
    };
    if random.one_in(3) {
        policy = policy.or_consecutive_failures(random.count(2, 30));
    }
    if random.one_in(4) {
        policy = policy.or_failures_within(random.count(2, 30), within);
    }
    // At most the size of the smallest window of calls.
    if random.one_in(2) {
        policy = policy.minimum_calls(random.count(1, 5));
    }
    if random.one_in(5) { policy.debounce(random.micros(0, 2_000)) } else { policy }
}

fn window(random: &mut Random, clock_kind: ClockKind) -> Window {
    if random.one_in(2) {
        Window::calls(random.pick(&[5, 10, 64, 100, 500]))
    } else {
        Window::time(span(random, clock_kind))
    }
}

fn recover(random: &mut Random, policy: Policy, clock_kind: ClockKind) -> Policy {
    let (first, longest) = match clock_kind {
        ClockKind::Real => (random.micros(200, 5_000), Duration::from_millis(20)),
        ClockKind::Manual => (span(random, clock_kind), HOUR),
    };
    let mut policy = match random.below(3) {
        0 => policy.progressive_expiry(first, random.pick(&[1.0, 1.5, 2.0, 10.0]), longest.max(first)),
        _ => policy.expiry(first),
    };
    policy = policy.jitter(random.pick(&[0.0, 0.0, 0.1, 0.5, 1.0]));
    if random.one_in(2) {
        let probes = random.count(1, 8);
        policy = policy.half_open_max_calls(probes);
    }
    if random.one_in(3) {
        policy = policy.success_threshold(random.count(1, 5)).half_open_failure_threshold(random.count(1, 3));
    }
    if random.one_in(3) {
        policy = policy.half_open_timeout(first);
    }
    if random.one_in(10) { policy.close_on_expiry() } else { policy }
}

/// An open period or a window.
fn span(random: &mut Random, clock_kind: ClockKind) -> Duration {
    match clock_kind {
        ClockKind::Real => random.micros(500, 20_000),
        ClockKind::Manual => {
            let longest = random.pick(&[1_000, 1_000_000, 60_000_000, 3_600_000_000]);
            random.micros(1, longest)
        }
    }
}
