//! What the thread is started with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use breaker_core::Key;

use super::circuits::Circuits;
use crate::counting::Counting;
use crate::endpoint::Endpoint;
use crate::link::Settings;
use crate::spread::Spread;

/// Validated.
pub(crate) struct Options {
    pub(crate) endpoint: Endpoint,
    pub(crate) prefix: String,
    /// For people; a random number is added.
    pub(crate) instance: String,
    pub(crate) spread: Spread,
    pub(crate) counting: HashMap<Key, Counting>,
    pub(crate) heartbeat: Duration,
    pub(crate) lease: Duration,
    pub(crate) flush_every: Duration,
    pub(crate) shards: u16,
    pub(crate) share_reasons: bool,
    pub(crate) circuits: Arc<Circuits>,
}

impl Options {
    /// The circuits whose calls are counted over the fleet.
    pub(super) fn counted(&self) -> Vec<Arc<Key>> {
        let counted = self.counting.iter().filter(|(_, counting)| **counting == Counting::Fleet);
        counted.map(|(key, _)| Arc::new(key.clone())).collect()
    }

    /// What the link needs of it.
    pub(super) fn settings(&self, instance: Arc<str>, seed: u64) -> Settings {
        Settings {
            instance,
            shards: self.shards,
            votes: self.spread.instances(),
            share: self.spread.of_callers(),
            heartbeat: self.heartbeat,
            lease: self.lease,
            flush_every: self.flush_every,
            counts: self.counting.values().any(|counting| *counting == Counting::Fleet),
            share_reasons: self.share_reasons,
            seed,
        }
    }
}
