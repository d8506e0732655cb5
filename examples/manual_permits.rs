//! Calls that are no function calls: take a permit, do the work anywhere, settle the permit when it
//! is known how it went.
//!
//! A message queue is such a case: a message leaves here, its answer arrives elsewhere. A permit
//! that is dropped counts nothing but gives its slot back, so a forgotten one cannot wedge a
//! circuit that is probing.
//!
//! Run it with `cargo run --example manual_permits`.

use std::collections::HashMap;
use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Outcome, Permit, Policy, PolicyError, State};

/// What has left and has no answer yet.
type InFlight = HashMap<u32, Permit>;

fn main() -> Result<(), PolicyError> {
    // The clock is one that is moved by hand, so that the open period takes no real time here.
    let clock = ManualClock::new();
    let policy = Policy::consecutive_failures(2).expiry(Duration::from_secs(10)).half_open_max_calls(2);
    let breaker = CircuitBreaker::with_clock("message_queue", policy, clock.clone())?;

    let mut in_flight = InFlight::new();
    for message in 1..=5 {
        in_flight.insert(message, breaker.try_acquire().expect("a closed circuit admits"));
    }
    println!("five messages are in flight");

    // The answers come back in any order, on any thread.
    take(&mut in_flight, 4).success();
    take(&mut in_flight, 1).ignore();
    take(&mut in_flight, 3).failure("no route");
    take(&mut in_flight, 5).settle(Outcome::failure_because("no route"));
    assert_eq!(breaker.state(), State::Open);
    println!("two failures in a row: {}", breaker.status());

    // Message 2 left before the circuit opened: what became of it says nothing about the time
    // since.
    take(&mut in_flight, 2).success();
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 1));
    let open = breaker.try_acquire().expect_err("an open circuit admits nobody");
    println!("a late success changes nothing: {open}");

    clock.advance(Duration::from_secs(10));
    let first = breaker.try_acquire().expect("the first probe");
    let second = breaker.try_acquire().expect("the second probe");
    let third = breaker.try_acquire().expect_err("the policy lets two probes out at once");
    println!("half-open: {third}");

    drop(first);
    assert_eq!(breaker.status().totals.cancelled, 1);
    assert!(breaker.is_available(), "a dropped permit gives its slot back");
    second.success();
    assert_eq!(breaker.state(), State::Closed);
    println!("a probe succeeded: {}", breaker.status());
    Ok(())
}

fn take(in_flight: &mut InFlight, message: u32) -> Permit {
    in_flight.remove(&message).expect("each message is answered once")
}
