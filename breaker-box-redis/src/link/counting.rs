//! What was counted here, and what has been sent of it.

use std::collections::BTreeMap;

use breaker_core::Policy;

use super::input::Circuit;
use super::time::Time;
use crate::protocol::{Name, Version};

#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) due: Option<Time>,
    pub(crate) circuits: BTreeMap<Name, Counted>,
    /// Whether the counters were read since the connection was made. What is in them then happened
    /// before; what is in those of later circuits did not.
    pub(crate) has_begun: bool,
    /// How many circuits had something to send last time.
    pub(crate) dirty: u32,
}

#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) circuit: Circuit,
    pub(crate) policy: Policy,
    /// What has been sent of each, or was not to be counted.
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
    /// The record at which that was.
    pub(crate) version: Version,
}
