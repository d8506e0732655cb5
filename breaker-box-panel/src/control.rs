//! Commands: who may send them, how they prove it, and what is done to a circuit.

pub(crate) mod access;
pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod command;
pub(crate) mod nonce;
pub(crate) mod token;
