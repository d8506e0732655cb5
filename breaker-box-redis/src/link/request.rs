//! The requests that wait for their answers.

use super::time::Time;
use crate::protocol::{Epoch, Name, Version};

/// A request, and what was known of its shard when it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) shard: u16,
    pub(crate) at: Time,
    pub(crate) seen: Version,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) purpose: Purpose,
}

#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    Read,
    Beat,
    Propose(Vec<Name>),
    Lease {
        name: Name,
        version: Version,
    },
    /// Of what is no longer held.
    Release(Name),
    Report(Name),
    Count(Vec<Name>),
    /// The answer is not used.
    Other,
}
