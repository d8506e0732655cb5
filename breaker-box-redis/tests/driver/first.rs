//! What one instance decides holds in the others.

use std::time::Duration;

use breaker_box::{Policy, Registry, State};

use crate::server::{Server, builder, join, until};

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

#[test]
fn an_order_given_right_before_leaving_is_published() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("api", Policy::new()).unwrap();
    let there = other.register("api", Policy::new()).unwrap();
    let (first, _second) = (join(&server, &one), join(&server, &other));
    here.force_open();
    drop(first);
    until(|| there.state() == State::ForcedOpen);
}

#[test]
fn circuits_of_all_shards_are_shared() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let join = |registry: &Registry| builder(&server.url()).shards(5).join(registry).unwrap();
    let (first, second) = (join(&one), join(&other));
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_secs(60));
    let names: Vec<String> = (0..20).map(|n| format!("api_{n}")).collect();
    let there: Vec<_> = names.iter().map(|name| other.register(name, policy).unwrap()).collect();
    for (n, name) in names.iter().enumerate() {
        let here = one.register(name, policy).unwrap();
        // By hand, because an instance whose circuits are all open does not vote.
        if n % 2 == 0 { here.open() } else { here.force_open() }
    }
    first.settled(Duration::from_secs(20)).unwrap();
    until(|| there.iter().all(|circuit| circuit.state().is_open()));
    let later = Registry::new();
    let third = join(&later);
    for name in &names {
        assert!(later.get_or_register(name, policy).unwrap().state().is_open(), "{name}");
    }
    for status in [first.status(), second.status(), third.status()] {
        assert_eq!((status.shared_circuits, status.pending), (20, 0), "{status:?}");
    }
    assert_eq!(third.status().instances, 3);
}
