//! Jitter is random, and the model is not: the tests here check that jitter stays within its
//! bounds, and the model runs without it.

use std::collections::BTreeSet;
use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Policy, State};
use proptest::prelude::*;

use super::plan::{Plan, nanos};
use super::{cases, run, strategy};

const NANO: Duration = Duration::from_nanos(1);

/// A breaker that was opened so many times in a row, and how long it will stay so.
fn opened(policy: Policy, times: u32) -> Result<(CircuitBreaker, ManualClock, Option<Duration>), String> {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("jitter", policy, clock.clone()).map_err(|error| error.to_string())?;
    for _ in 0..times {
        breaker.open();
    }
    let retry_after = breaker.status().retry_after;
    Ok((breaker, clock, retry_after))
}

#[allow(clippy::cast_precision_loss)]
fn keeps_to_its_bounds(plan: &Plan, fraction: f64, openings: u32) -> Result<(), String> {
    let (breaker, clock, retry_after) = opened(plan.policy().jitter(fraction), openings)?;
    let period = nanos(plan.period(openings)) as f64;
    let Some(wait) = retry_after else {
        // Over at once, or without end.
        let endless = breaker.state() == State::Open && period * (1.0 + fraction) >= u64::MAX as f64;
        let at_once = breaker.state() != State::Open && period * (1.0 - fraction) < 1.0;
        return if endless || at_once { Ok(()) } else { Err(format!("{} after {period} ns", breaker.state())) };
    };
    let (shortest, longest) = (period * (1.0 - fraction) - 1.0, period * (1.0 + fraction) + 1.0);
    let waited = nanos(wait) as f64;
    // An f64 keeps 53 bits of the nanoseconds.
    let rounding = period / (1_u64 << 52) as f64;
    if waited < shortest - rounding || waited > longest + rounding {
        return Err(format!("{wait:?} is not between {shortest} and {longest} ns"));
    }
    // The state that is shown and the one that a call finds come to the same end.
    clock.advance(wait.saturating_sub(NANO));
    if breaker.state() != State::Open || breaker.try_acquire().err().and_then(|open| open.retry_after()) != Some(NANO) {
        return Err(format!("{} a nanosecond before the end of {wait:?}", breaker.state()));
    }
    clock.advance(NANO);
    if breaker.state() == State::Open || !breaker.is_available() {
        return Err(format!("{} at the end of {wait:?}", breaker.state()));
    }
    Ok(())
}

#[test]
fn jitter_keeps_to_its_bounds() {
    let fraction = prop_oneof![Just(0.0), Just(f64::MIN_POSITIVE), Just(0.1), Just(1.0), 0.0..=1.0];
    let case = (strategy::plan(), fraction, 1_u32..8);
    let outcome =
        run(cases() / 20, &case, |(plan, fraction, openings)| keeps_to_its_bounds(plan, *fraction, *openings));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn jitter_leaves_an_explicit_time_alone() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("jitter", Policy::new().jitter(1.0), clock).expect("a valid policy");
    breaker.open_for(Duration::from_secs(7));
    assert_eq!(breaker.status().retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn jitter_differs_between_circuits() {
    let waits = (0..64).map(|number| {
        let breaker =
            CircuitBreaker::new(format!("jitter {number}"), Policy::new().jitter(0.5)).expect("a valid policy");
        breaker.open();
        // To the millisecond: the clock runs.
        breaker.status().retry_after.map(|wait| wait.as_millis())
    });
    assert!(waits.collect::<BTreeSet<_>>().len() > 32);
}
