//! What the link is configured with.

use std::sync::Arc;
use std::time::Duration;

/// Fixed for the life of a link.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The id of this instance, which no other has.
    pub(crate) instance: Arc<str>,
    /// How many shards there are, at least one.
    pub(crate) shards: u16,
    /// How many instances must agree before a circuit opens everywhere.
    pub(crate) votes: u32,
    /// The share of the active instances that must agree, from 0 to 1.
    pub(crate) share: f64,
    pub(crate) heartbeat: Duration,
    pub(crate) lease: Duration,
    pub(crate) flush_every: Duration,
    /// Whether any circuits are counted over the fleet.
    pub(crate) counts: bool,
    /// Whether reasons are shared.
    pub(crate) share_reasons: bool,
    /// The seed of random delays.
    pub(crate) seed: u64,
}
