//! An instance of a fleet: a process of its own that opens, resets and reports when it sees it.

use std::error::Error;
use std::io::{self, BufRead};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use breaker_box::{EventKind, EventType, Filter, Policy, Registry};

use super::joined::join;

/// The circuit that is opened.
const CIRCUIT: &str = "payment_api";

/// Runs until the standard input ends.
pub(crate) fn run(url: &str, prefix: &str) -> Result<(), Box<dyn Error>> {
    let registry = Registry::new();
    let breaker = registry.register(CIRCUIT, Policy::consecutive_failures(1).expiry(Duration::from_mins(10)))?;
    let _watch = registry.subscribe(Filter::all().events([EventType::StateChanged]), |event| {
        if let EventKind::StateChanged { to, .. } = &event.kind {
            println!("{} {}", to.as_str(), now());
        }
    });
    let _fleet = join(&registry, url, prefix)?;
    println!("started {}", now());
    for line in io::stdin().lock().lines() {
        match line?.as_str() {
            "fail" => {
                println!("failed {}", now());
                let _ = breaker.call(|| Err::<(), _>(()));
            }
            "reset" => breaker.reset(),
            other => return Err(format!("unknown command {other:?}").into()),
        }
    }
    Ok(())
}

/// Microseconds of the system's clock, which all processes of this machine share.
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros()
}
