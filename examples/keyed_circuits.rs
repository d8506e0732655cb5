//! One annotation, many circuits: an identifier with places has a circuit for each value, so that
//! one sick shard does not take the healthy ones down.
//!
//! Run it with `cargo run --example keyed_circuits`.

use breaker_box::{CircuitOpenError, Registry, State, circuit_breaker};

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("shard {0} does not answer")]
    NoAnswer(u32),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

/// `{shard}` is filled in from the argument, call by call. The scope keeps these names apart from
/// other teams' shards.
#[circuit_breaker(identifier = "shard:{shard}", scope = "orders", failure_threshold = 3)]
fn load_orders(shard: u32, sick: u32) -> Result<String, StoreError> {
    if shard == sick { Err(StoreError::NoAnswer(shard)) } else { Ok(format!("orders of shard {shard}")) }
}

/// A place takes a plain argument. For anything else the identifier may be an expression: here a
/// part of an address.
#[circuit_breaker(identifier = host_of(address), kind = "http", failure_threshold = 1)]
fn fetch(address: &str) -> Option<String> {
    Some(format!("page {address}"))
}

fn host_of(address: &str) -> &str {
    address.split('/').next().unwrap_or(address)
}

fn main() {
    let sick = 2;
    for _ in 0..10 {
        for shard in 1..=3 {
            let result = load_orders(shard, sick);
            assert_eq!(result.is_ok(), shard != sick);
            assert!(!matches!(result, Err(StoreError::NoAnswer(shard)) if shard != sick));
        }
    }
    for page in ["shop.example/kettles", "shop.example/cups", "blog.example/today"] {
        assert!(fetch(page).is_some());
    }

    let circuits = Registry::global().list();
    for status in &circuits {
        println!("{status}");
    }
    let names: Vec<_> = circuits.iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["orders/shard:1", "orders/shard:2", "orders/shard:3", "http/blog.example", "http/shop.example"]);

    let open: Vec<_> = circuits.iter().filter(|status| status.state == State::Open).collect();
    assert_eq!(open.len(), 1, "only the sick shard's circuit is open");
    assert_eq!((open[0].totals.failures, open[0].totals.rejected), (3, 7));
}
