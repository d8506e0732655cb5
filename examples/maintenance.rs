//! Taking a dependency out of service by hand: `force_open_because` before the maintenance,
//! `reset_because` after it.
//!
//! A forced-open circuit stays open until somebody says otherwise: no time ends it, no probe goes
//! out. Callers get the same answer as in any outage, so nothing else has to know about the
//! maintenance.
//!
//! Run it with `cargo run --example maintenance`.

use std::error::Error;

use breaker_box::{CircuitOpenError, EventKind, EventType, Filter, Policy, Registry, State, circuit_breaker};

#[derive(Debug, thiserror::Error)]
enum LedgerError {
    #[error("the books are closed: {0}")]
    CircuitOpen(#[from] CircuitOpenError),
}

#[circuit_breaker(identifier = "ledger")]
fn book(amount: u32) -> Result<u32, LedgerError> {
    Ok(amount)
}

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::global();
    // A circuit comes into being with its first call, or, as here, when the service starts.
    let ledger = registry.register("ledger", Policy::new())?;
    let _watch = registry.subscribe(Filter::all().events([EventType::StateChanged]), |event| {
        if let EventKind::StateChanged { from, to, cause, .. } = &event.kind {
            println!("  {}: {from} → {to}, {cause}: {:?}", event.key, cause.reason());
        }
    });
    println!("before:  {:?}", book(100));

    ledger.force_open_because("moving to the new data centre");
    let refused = book(100).expect_err("nobody books during the maintenance");
    println!("during:  {refused}");
    let LedgerError::CircuitOpen(open) = refused;
    assert_eq!(open.state(), State::ForcedOpen);
    assert_eq!(open.retry_after(), None, "nobody knows how long the maintenance takes");

    ledger.reset_because("moved");
    println!("after:   {:?}", book(100));
    assert_eq!(registry.state("ledger"), State::Closed);

    let totals = registry.status("ledger")?.totals;
    assert_eq!((totals.successes, totals.failures, totals.rejected), (2, 0, 1));
    Ok(())
}
