//! A registry in a fleet in which one opening is enough.

use std::error::Error;
use std::time::Duration;

use breaker_box::Registry;
use breaker_box_redis::{Fleet, Spread};

/// Joins, and fails unless the server answers.
pub(crate) fn join(registry: &Registry, url: &str, prefix: &str) -> Result<Fleet, Box<dyn Error>> {
    let fleet = Fleet::builder(url).prefix(prefix).spread(Spread::any()).join(registry)?;
    if !fleet.status().connected {
        return Err(format!("not connected: {:?}", fleet.status().last_error).into());
    }
    fleet.settled(Duration::from_secs(10))?;
    Ok(fleet)
}
