//! What one instance decides holds in the others.

use std::time::Duration;

use breaker_box::{Policy, Registry, State};

use crate::server::{Server, join, until};

#[test]
fn an_opening_spreads_and_orders_reach_instances_that_join_later() {
    let server = Server::start();
    let policy = Policy::consecutive_failures(3).expiry(Duration::from_secs(30));
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("payment_api", policy).unwrap();
    let there = other.register("payment_api", policy).unwrap();
    let (first, _second) = (join(&server, &one), join(&server, &other));

    for _ in 0..3 {
        here.record_failure("timed out");
    }
    assert_eq!(here.state(), State::Open);
    let took = until(|| there.state() == State::Open);
    println!("open in the other instance after {took:?}");
    let left = there.status().retry_after.unwrap();
    assert!(left > Duration::from_secs(25) && left <= Duration::from_secs(30), "{left:?}");

    there.reset();
    until(|| here.state() == State::Closed);

    // Everywhere, also where it starts later: before the first call.
    here.force_open();
    first.settled(Duration::from_secs(10)).unwrap();
    until(|| there.state() == State::ForcedOpen);
    let later = Registry::new();
    let third = join(&server, &later);
    let outcome = later.call("payment_api", || Ok::<_, std::io::Error>(()));
    assert!(outcome.is_err(), "the first call was let through: {third:?}");
    assert_eq!(third.status().instances, 3);
}
