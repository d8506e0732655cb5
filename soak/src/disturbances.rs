//! What happens to circuits while they are called.

mod clock_jumps;
mod event_flood;
mod manual_control;
mod settings;
mod subscribers;
mod sweepers;

pub(crate) use clock_jumps::move_clocks;
pub(crate) use event_flood::flood;
pub(crate) use manual_control::control_circuits;
pub(crate) use settings::reload_settings;
pub(crate) use subscribers::subscribe;
pub(crate) use sweepers::sweep;
