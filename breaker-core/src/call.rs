//! A call from its admission to its settlement.

pub(crate) mod admission;
pub(crate) mod classify;
pub(crate) mod error;
pub(crate) mod from_circuit_open;
pub(crate) mod future;
pub(crate) mod guarded;
pub(crate) mod permit;
pub(crate) mod rare;
pub(crate) mod reference;
pub(crate) mod to_outcome;
