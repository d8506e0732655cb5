//! Watching circuits: `subscribe` for what happens, `list` for how things stand.
//!
//! A handler runs on the thread that caused the event, outside every lock, so it may ask the
//! registry anything. With no subscriber an event costs next to nothing.
//!
//! Run it with `cargo run --example watching`.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_box::{EventKind, EventType, Filter, Key, ManualClock, Policy, Registry, State};

fn main() -> Result<(), Box<dyn Error>> {
    // The clock is moved by hand, so that nobody waits for the open period.
    let clock = ManualClock::new();
    let policy = Policy::consecutive_failures(2).expiry(Duration::from_secs(30));
    let registry = Registry::builder().default_policy(policy).clock(clock.clone()).build()?;
    let search = Key::new("search").with_scope("shop").with_kind("http");
    let basket = Key::new("basket").with_scope("shop").with_kind("database");

    // The parts of a filter are combined with AND: state changes of the circuits named `search`.
    let changes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&changes);
    let only_search = Filter::all().events([EventType::StateChanged]).identifier("search");
    let alarm = registry.subscribe(only_search, move |event| {
        if let EventKind::StateChanged { from, to, cause, .. } = &event.kind {
            println!("alarm: {} went from {from} to {to}: {cause}", event.key);
            seen.lock().expect("no handler panics").push(*to);
        }
    });
    // Another one counts everything. Both are served, each by its own filter.
    let count = Arc::new(Mutex::new(0_u32));
    let counted = Arc::clone(&count);
    let total = registry.subscribe(Filter::default(), move |_event| *counted.lock().expect("no handler panics") += 1);

    registry.call(&basket, || Ok::<_, std::io::Error>("three cups"))?;
    for _ in 0..3 {
        // The third one is rejected: the circuit is open by then.
        let _ = registry.call(&search, || Err::<(), _>("timed out"));
    }

    println!("\nhow things stand:");
    for status in registry.list() {
        println!("  {status}");
    }
    let keys: Vec<_> = registry.list().into_iter().map(|status| status.key).collect();
    assert_eq!(keys, [basket, search.clone()], "sorted by kind, scope and identifier");
    assert_eq!(registry.status(&search)?.totals.rejected, 1);
    println!();

    clock.advance(Duration::from_secs(30));
    registry.call(&search, || Ok::<_, std::io::Error>("ten results"))?;
    assert_eq!(*changes.lock().expect("no handler panics"), [State::Open, State::HalfOpen, State::Closed]);

    // Dropped or unsubscribed, a subscription ends, and only that one.
    alarm.unsubscribe();
    registry.open(&search)?;
    assert_eq!(changes.lock().expect("no handler panics").len(), 3, "the alarm is off");
    drop(total);
    println!("{} events in all", count.lock().expect("no handler panics"));
    Ok(())
}
