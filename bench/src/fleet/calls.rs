//! What a call costs more in a registry that has joined, in rounds that alternate.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, Policy, Registry};

use super::joined::join;
use super::server::Store;

const ROUNDS: usize = 201;
const LENGTH: Duration = Duration::from_millis(10);
const CALLS: u64 = 20_000;

pub(crate) fn report(store: &Store) -> Result<(), Box<dyn Error>> {
    let (alone, joined) = (Registry::new(), Registry::new());
    let _fleet = join(&joined, &store.url(), "calls")?;
    let breakers = [&alone, &joined].map(|registry| registry.register("payment_api", Policy::new()));
    let [alone, joined] = breakers.map(|breaker| breaker.expect("a new name"));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Neither is always first.
        if round % 2 == 0 {
            without.push(time(&alone));
            with.push(time(&joined));
        } else {
            with.push(time(&joined));
            without.push(time(&alone));
        }
    }
    let ([tenth_without, median_without], [tenth_with, median_with]) = (summary(&mut without), summary(&mut with));
    println!(
        "a closed call by handle, {ROUNDS} alternating rounds: alone {median_without:.2} ns (quietest tenth {tenth_without:.2}), in a fleet \
         {median_with:.2} ns ({tenth_with:.2}); added {:+.2} ns ({:+.2})",
        median_with - median_without,
        tenth_with - tenth_without
    );
    Ok(())
}

/// Nanoseconds per call. The same code for both.
#[inline(never)]
fn time(breaker: &CircuitBreaker) -> f64 {
    let (mut calls, begin) = (0_u64, Instant::now());
    while begin.elapsed() < LENGTH {
        for _ in 0..CALLS {
            let _ = black_box(breaker.call(|| black_box(Ok::<u64, u64>(1))));
        }
        calls += CALLS;
    }
    crate::measure::per_call(begin.elapsed(), calls)
}

/// The tenth and the median.
fn summary(rounds: &mut [f64]) -> [f64; 2] {
    rounds.sort_unstable_by(f64::total_cmp);
    [rounds[rounds.len() / 10], rounds[rounds.len() / 2]]
}
