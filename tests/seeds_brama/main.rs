//! The scenarios of Brama and its defects, as this library decides them.

#[path = "../support/mod.rs"]
mod support;

mod defects;
mod scenarios;

use breaker_box::{CircuitOpenError, Policy, Registry};

use crate::support::registry;

pub(crate) const ONE: Policy = Policy::consecutive_failures(1);

/// A registry for one annotated function.
pub(crate) fn own_registry(cell: &'static std::sync::OnceLock<Registry>) -> &'static Registry {
    cell.get_or_init(|| registry().0)
}

#[derive(Debug, PartialEq)]
pub(crate) enum Error {
    Declined,
    Open(String),
}

impl From<CircuitOpenError> for Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open.identifier().to_owned())
    }
}
