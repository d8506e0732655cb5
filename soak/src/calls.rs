//! The ways to call a circuit. Each makes one call, which a `TrackedCall` records.

mod annotated_error;
mod blocking;
mod call_sites;
mod futures;
mod held_permits;
mod planned_call;

pub(crate) use annotated_error::AnnotatedError;
pub(crate) use blocking::{call, report};
pub(crate) use call_sites::{CALL_SITES, CallSite};
pub(crate) use futures::{call_async, call_or_abandon, drive, poll_times};
pub(crate) use held_permits::HeldPermits;
pub(crate) use planned_call::{PlannedCall, intent};
