//! The ways into a circuit. Each makes one call and lets its visit note how that ended.

mod desk;
mod errand;
mod futures;
mod refused;
mod sites;
mod threads;

pub(crate) use desk::Desk;
pub(crate) use errand::{Errand, intent};
pub(crate) use futures::{drive, enter, enter_and_give_up, poll_times};
pub(crate) use refused::Refused;
pub(crate) use sites::{SITES, Site};
pub(crate) use threads::{call, report};
