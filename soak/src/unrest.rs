//! Everything that disturbs the calls.

mod clocks;
mod flood;
mod orders;
mod reload;
mod sweepers;
mod watchers;

pub(crate) use clocks::move_clocks;
pub(crate) use flood::flood;
pub(crate) use orders::give_orders;
pub(crate) use reload::reload_settings;
pub(crate) use sweepers::sweep;
pub(crate) use watchers::watch;
