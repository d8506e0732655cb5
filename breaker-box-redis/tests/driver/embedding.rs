//! What a program does with a fleet, and to it.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use breaker_box::{Filter, Policy, Registry, State};
use breaker_box_redis::{Fleet, FleetBuilder, FleetError};

use crate::server::{Server, builder, join, until};

/// Nobody listens there.
const NOWHERE: &str = "redis://127.0.0.1:1";

fn open_after_one() -> Policy {
    Policy::consecutive_failures(1).expiry(Duration::from_secs(60))
}

#[test]
fn a_handler_that_blocks_delays_neither_adoption_nor_publishing() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let there: Vec<_> = (0..3).map(|n| other.register(format!("api_{n}"), open_after_one()).unwrap()).collect();
    let _first = join(&server, &one);
    let second = join(&server, &other);
    let (release, blocked) = channel::<()>();
    let blocked = Mutex::new(blocked);
    let _watching = other.subscribe(Filter::all(), move |_| {
        // Ends when the other side is dropped.
        let _ = blocked.lock().unwrap().recv();
    });
    for there in &there[..2] {
        let here = one.register(there.key(), open_after_one()).unwrap();
        here.record_failure("down");
        until(|| there.state() == State::Open);
    }
    let before = second.status().published;
    std::thread::scope(|scope| {
        // This thread may have to wait for the handler, the fleet does not.
        scope.spawn(|| there[2].force_open());
        until(|| second.status().published > before);
        drop(release);
    });
}

#[test]
fn a_fleet_may_be_dropped_by_an_event_handler() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("api", open_after_one()).unwrap();
    let there = other.register("api", open_after_one()).unwrap();
    let _first = join(&server, &one);
    let second = Arc::new(Mutex::new(None));
    let (dropped, told) = channel();
    let held = Arc::clone(&second);
    let _watching = other.subscribe(Filter::all(), move |_| {
        let begun = Instant::now();
        drop(held.lock().unwrap().take());
        dropped.send(begun.elapsed()).unwrap();
    });
    *second.lock().unwrap() = Some(join(&server, &other));
    here.record_failure("down");
    let took = told.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(there.state(), State::Open);
    assert!(other.peer().is_none(), "the registry has left");
    // It may join again.
    let again = join(&server, &other);
    assert_eq!(again.status().instances, 2);
}

#[test]
fn a_runtime_that_is_blocked_stops_nothing() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("api", open_after_one()).unwrap();
    let there = other.register("api", open_after_one()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Joined, used and dropped within a runtime whose only thread never yields.
    runtime.block_on(async {
        let first = join(&server, &one);
        let second = join(&server, &other);
        here.record_failure("down");
        until(|| there.state() == State::Open);
        first.settled(Duration::from_secs(20)).unwrap();
        drop((first, second));
    });
}

#[test]
fn without_a_server_a_program_starts_serves_and_ends_in_time() {
    let registry = Registry::new();
    let breaker = registry.register("api", open_after_one()).unwrap();
    let begun = Instant::now();
    let fleet = builder(NOWHERE).adopt_within(Duration::from_millis(50)).join(&registry).unwrap();
    breaker.record_failure("down");
    assert_eq!(breaker.state(), State::Open);
    until(|| fleet.status().last_error.is_some());
    let status = fleet.status();
    assert_eq!((status.connected, status.instances), (false, 0));
    assert_eq!(status.last_error.as_deref(), Some("connection refused"));
    let error = fleet.settled(Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, FleetError::NotSettled { connected: false, .. }));
    assert!(error.to_string().contains("there is no connection to Redis"), "{error}");
    drop(fleet);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_wrong_password_is_reported_without_it() {
    let server = Server::start_with(&["--requirepass", "right"]);
    let url = server.url().replace("redis://", "redis://:wrong-hunter2@");
    let fleet = builder(&url).adopt_within(Duration::ZERO).join(&Registry::new()).unwrap();
    until(|| fleet.status().last_error.is_some());
    let shown = format!("{fleet:?} {:?}", Fleet::builder(url));
    assert!(shown.contains("WRONGPASS") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn an_order_that_stays_here_is_not_pending() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("api", Policy::new()).unwrap();
    let there = other.register("api", Policy::new()).unwrap();
    let (first, _second) = (join(&server, &one), join(&server, &other));
    first.only_here(|| here.force_open());
    first.settled(Duration::from_secs(20)).unwrap();
    assert_eq!((here.state(), there.state()), (State::ForcedOpen, State::Closed));
    assert_eq!(first.status().published, 0);
}

#[test]
fn only_the_chosen_circuits_are_shared() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let both = |registry: &Registry| {
        builder(&server.url()).only(|key| key.identifier().starts_with("shared")).join(registry).unwrap()
    };
    let (first, _second) = (both(&one), both(&other));
    for name in ["own", "shared"] {
        one.register(name, Policy::new()).unwrap().force_open();
    }
    first.settled(Duration::from_secs(20)).unwrap();
    until(|| other.get_or_register("shared", Policy::new()).unwrap().state() == State::ForcedOpen);
    assert_eq!(other.get_or_register("own", Policy::new()).unwrap().state(), State::Closed);
}

#[test]
fn hashed_names_reach_circuits_that_exist_and_those_that_come() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("customer@example.com", Policy::new()).unwrap();
    let there = other.register("customer@example.com", Policy::new()).unwrap();
    let join = |registry: &Registry| builder(&server.url()).hash_names(b"hush").join(registry).unwrap();
    let (first, _second) = (join(&one), join(&other));
    here.force_open();
    first.settled(Duration::from_secs(20)).unwrap();
    until(|| there.state() == State::ForcedOpen);
    let later = Registry::new();
    let _third = join(&later);
    let found = later.get_or_register("customer@example.com", Policy::new()).unwrap();
    assert_eq!(found.state(), State::ForcedOpen);
}

#[test]
fn what_a_registry_has_when_it_joins_is_published_unless_the_fleet_knows_better() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let new = one.register("new", Policy::new()).unwrap();
    let known = other.register("known", Policy::new()).unwrap();
    let second = join(&server, &other);
    known.force_open();
    second.settled(Duration::from_secs(20)).unwrap();
    new.disable();
    let known_here = one.register("known", Policy::new()).unwrap();
    known_here.open();
    let _first = join(&server, &one);
    assert_eq!(known_here.state(), State::ForcedOpen);
    until(|| other.get_or_register("new", Policy::new()).unwrap().state() == State::Disabled);
}

#[test]
fn a_server_that_comes_back_is_found_again() {
    let mut server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("api", Policy::new()).unwrap();
    let there = other.register("api", Policy::new()).unwrap();
    let (first, second) = (join(&server, &one), join(&server, &other));
    server.stop();
    until(|| !first.status().connected && !second.status().connected);
    here.force_open();
    assert!(first.settled(Duration::from_millis(20)).is_err());
    server.restart();
    first.settled(Duration::from_secs(30)).unwrap();
    until(|| there.state() == State::ForcedOpen);
}

#[test]
fn a_fleet_and_its_builder_go_to_other_threads() {
    fn check<T: Send + Sync>() {}
    check::<Fleet>();
    check::<FleetBuilder>();
    check::<FleetError>();
}

/// What the documentation of the crate tells to give the user of a fleet.
#[test]
fn the_documented_rights_are_enough() {
    let source = include_str!("../../src/lib.rs");
    let line = source.lines().find_map(|line| line.strip_prefix("//! ACL SETUSER breaker ")).unwrap();
    let rights = line.replace("shop", "driver");
    let options: Vec<&str> = ["--user", "breaker"].into_iter().chain(rights.split(' ')).collect();
    let server = Server::start_with(&[options.as_slice(), &["on", "--user", "default", "off"]].concat());
    let url = server.url().replace("redis://", "redis://breaker:password@");
    let registry = Registry::new();
    let fleet = builder(&url).join(&registry).unwrap();
    registry.register("api", Policy::new()).unwrap().force_open();
    fleet.settled(Duration::from_secs(20)).unwrap();
    assert_eq!(fleet.status().errors, 0, "{fleet:?}");
}

#[test]
fn the_first_opening_after_a_recovery_of_the_fleet_stays() {
    let server = Server::start();
    let one = Registry::new();
    let here = one.register("api", Policy::consecutive_failures(1).expiry(Duration::from_millis(50))).unwrap();
    let first = join(&server, &one);
    here.record_failure("down");
    until(|| here.call(|| Ok::<_, std::io::Error>(())).is_ok());
    first.settled(Duration::from_secs(20)).unwrap();
    // The store still has the record that it is closed.
    for made_first in [true, false] {
        let other = Registry::new();
        if made_first {
            other.register("api", open_after_one()).unwrap();
        }
        let second = join(&server, &other);
        let there = other.get_or_register("api", open_after_one()).unwrap();
        there.record_failure("down");
        second.settled(Duration::from_secs(20)).unwrap();
        until(|| here.state() == State::Open);
        assert_eq!(there.state(), State::Open);
        there.reset();
        second.settled(Duration::from_secs(20)).unwrap();
        until(|| here.state() == State::Closed);
    }
}

#[test]
fn a_circuit_that_is_made_while_a_probe_is_due_waits_for_its_turn() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("api", Policy::consecutive_failures(1).expiry(Duration::from_millis(50))).unwrap();
    let first = join(&server, &one);
    let _second = join(&server, &other);
    here.record_failure("down");
    first.settled(Duration::from_secs(20)).unwrap();
    until(|| here.state() == State::HalfOpen);
    for _ in 0..3 {
        let there = other.register("api", open_after_one()).unwrap();
        assert!(there.try_acquire().is_err());
        other.unregister("api").unwrap();
    }
}

#[test]
fn other_numbers_of_shards_stop_no_circuit() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    let _first = join(&server, &one);
    let _second = builder(&server.url()).shards(3).join(&other).unwrap();
    for n in 0..6 {
        let name = format!("api_{n}");
        let here = one.register(name.as_str(), open_after_one()).unwrap();
        other.register(name.as_str(), open_after_one()).unwrap();
        here.open_for(Duration::from_millis(300));
    }
    // It is shared or not, but nobody waits for a probe that is never granted.
    for n in 0..6 {
        let name = format!("api_{n}");
        until(|| other.call(name.as_str(), || Ok::<_, std::io::Error>(())).is_ok());
    }
}

#[test]
fn a_circuit_with_few_calls_gets_its_probe() {
    let server = Server::start();
    let registry = Registry::new();
    let breaker = registry.register("api", open_after_one()).unwrap();
    let fleet = builder(&server.url()).lease(Duration::from_millis(300)).join(&registry).unwrap();
    breaker.open_for(Duration::from_millis(50));
    fleet.settled(Duration::from_secs(20)).unwrap();
    // Each call comes long after an unused lease would have been given back.
    let rejected = (0..9).take_while(|_| {
        std::thread::sleep(Duration::from_millis(1_500));
        breaker.call(|| Ok::<_, std::io::Error>(())).is_err()
    });
    assert!(rejected.count() <= 2);
}
