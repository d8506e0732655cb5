//! What `join` refuses, and what it says then.

use std::time::Duration;

use breaker_box::Registry;
use breaker_box_redis::{Fleet, FleetBuilder, FleetError, Spread};

fn refused(change: impl FnOnce(FleetBuilder) -> FleetBuilder) -> FleetError {
    let registry = Registry::new();
    let builder = change(Fleet::builder("redis://127.0.0.1:1").adopt_within(Duration::ZERO));
    let error = builder.join(&registry).expect_err("it is refused");
    assert!(registry.peer().is_none(), "the registry has not joined");
    error
}

#[test]
fn a_prefix_is_short_and_of_few_characters() {
    let long = "x".repeat(65);
    for prefix in ["", "a b", "a}", "é", long.as_str()] {
        let error = refused(|builder| builder.prefix(prefix));
        assert!(matches!(&error, FleetError::InvalidPrefix { prefix: named, .. } if named == prefix), "{error}");
        assert!(error.to_string().contains("1 to 64 of the characters"), "{error}");
    }
}

#[test]
fn periods_have_ranges() {
    let short = Duration::from_millis(1);
    let long = Duration::from_secs(3_600);
    let all = [
        ("heartbeat", refused(|builder| builder.heartbeat(short)), refused(|builder| builder.heartbeat(long))),
        ("lease", refused(|builder| builder.lease(short)), refused(|builder| builder.lease(long))),
        ("flush_every", refused(|builder| builder.flush_every(short)), refused(|builder| builder.flush_every(long))),
        ("adopt_within", refused(|builder| builder.adopt_within(long)), refused(|builder| builder.adopt_within(long))),
    ];
    for (setter, one, other) in all {
        for error in [one, other] {
            assert!(error.to_string().starts_with(&format!("{setter}: ")), "{error}");
            assert!(error.to_string().contains("expected"), "{error}");
        }
    }
    let error = refused(|builder| builder.lease(Duration::from_secs(61)));
    assert_eq!(error.to_string(), "lease: 61s is out of range, expected 200ms to 60s");
}

#[test]
fn shards_and_shares_have_ranges() {
    for shards in [0, 257] {
        let error = refused(|builder| builder.shards(shards));
        assert_eq!(error.to_string(), format!("shards: {shards} is out of range, expected 1 to 256"));
    }
    for share in [-0.1, 1.1, f64::NAN] {
        let error = refused(|builder| builder.spread(Spread::agreed(2).share(share)));
        assert!(matches!(error, FleetError::InvalidShare { .. }), "{error}");
    }
}

#[test]
fn a_registry_joins_one_fleet_at_a_time() {
    let registry = Registry::new();
    let join = || Fleet::builder("redis://127.0.0.1:1").adopt_within(Duration::ZERO).join(&registry);
    let first = join().unwrap();
    assert!(matches!(join(), Err(FleetError::AlreadyJoined)));
    drop(first);
    drop(join().expect("it has left the first one"));
}

#[test]
fn an_instance_has_a_name_that_others_can_read() {
    let registry = Registry::new();
    let builder = Fleet::builder("redis://127.0.0.1:1").adopt_within(Duration::ZERO);
    let fleet = builder.instance(format!("wéb 3{}", "x".repeat(100))).join(&registry).unwrap();
    let instance = fleet.status().instance;
    assert!(instance.starts_with("w-b-3xxx"), "{instance}");
    let (name, number) = instance.rsplit_once('-').unwrap();
    assert_eq!((name.len(), number.len()), (64, 8));
}
