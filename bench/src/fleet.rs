//! What a fleet costs: per call, until an opening is everywhere, in commands, bytes and time of the
//! server. Needs `redis-server` or `valkey-server`.

mod calls;
mod commands;
mod figures;
mod instance;
mod instances;
mod joined;
mod server;
mod spread;

use std::error::Error;

pub(crate) use instance::run as run_instance;

use server::Store;

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
