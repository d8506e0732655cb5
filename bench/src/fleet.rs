//! What a fleet costs: per call, until an opening is everywhere, in commands, bytes and time of the
//! server. Needs `redis-server` or `valkey-server`.

mod calls;
mod commands;
mod instance;
mod instances;
mod spread;
#[path = "../../breaker-box-redis/examples/fleet/store.rs"]
mod store;

use std::error::Error;
use std::time::Duration;

use breaker_box::Registry;
use breaker_box_redis::{Fleet, Spread};

pub(crate) use instance::run as run_instance;

use instances::Instances;
use store::Store;

/// Prints each figure once it is known.
pub(crate) fn report() -> Result<(), Box<dyn Error>> {
    let store = Store::start()?;
    calls::report(&store)?;
    commands::report(&store)?;
    for instances in [2, 10, 50] {
        spread::report(&store, instances)?;
    }
    Ok(())
}

/// Joins a fleet in which one opening is enough.
fn join(registry: &Registry, url: &str, prefix: &str) -> Result<Fleet, Box<dyn Error>> {
    let fleet = Fleet::builder(url).prefix(prefix).spread(Spread::any()).join(registry)?;
    if !fleet.status().connected {
        return Err(format!("not connected: {:?}", fleet.status().last_error).into());
    }
    fleet.settled(Duration::from_secs(10))?;
    Ok(fleet)
}

/// The value at this share of the sorted values.
fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A few thousand.
    let place = ((values.len() as f64 - 1.0) * share).round() as usize;
    values.get(place).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
