//! The fleet that the registry has joined, as the panel sees it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use breaker_core::fleet::{FleetStatus, Peer};
use breaker_core::{AsKey, Key, Registry};

/// The most characters that are shown of a text that the fleet's store holds. Anybody who may write
/// there can make it long.
const MAX_TEXT: usize = 128;

/// What the panel knows about the fleet.
#[derive(Default)]
pub(crate) struct FleetView {
    peer: Option<Weak<dyn Peer>>,
    /// Counts the fleets that the registry joined and left: circuits are then asked for again.
    pub(crate) round: u32,
    /// `None` if the registry has joined none.
    pub(crate) fleet: Option<Fleet>,
    /// Whether it differs from what pages know.
    is_news: bool,
}

/// A fleet at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fleet {
    pub(crate) status: FleetStatus,
    /// Since when it has been connected, or has not, if the panel saw that.
    pub(crate) since: Option<SystemTime>,
}

/// Which other instance changed a circuit, and why it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) instance: String,
    /// In snake case, as [`Cause::as_str`](breaker_core::Cause::as_str), but from the store.
    pub(crate) cause: String,
}

impl FleetView {
    /// Looks at the fleet.
    pub(crate) fn look(&mut self, registry: &Registry, now: SystemTime) {
        let Some(peer) = registry.peer() else {
            let has_left = self.fleet.take().is_some();
            self.peer = None;
            self.round += u32::from(has_left);
            self.is_news |= has_left;
            return;
        };
        let is_new = self.peer.as_ref().is_none_or(|known| !std::ptr::addr_eq(known.as_ptr(), Arc::as_ptr(&peer)));
        if is_new {
            self.peer = Some(Arc::downgrade(&peer));
            self.round += 1;
            self.fleet = None;
        }
        let mut status = ask(|| peer.status()).unwrap_or_default();
        shorten(&mut status.instance);
        status.last_error.iter_mut().for_each(shorten);
        let since = match &self.fleet {
            Some(old) if old.status.connected == status.connected => old.since,
            Some(_) => Some(now),
            None => None,
        };
        let fleet = Some(Fleet { status, since });
        self.is_news |= fleet != self.fleet;
        self.fleet = fleet;
    }

    /// Whether anything has changed since the last call.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }

    /// The peer that was there at the last look. It may have left since.
    fn peer(&self) -> Option<Arc<dyn Peer>> {
        self.peer.as_ref()?.upgrade()
    }

    /// Whether the fleet shares a circuit.
    pub(crate) fn shares(&self, key: &Key) -> bool {
        self.peer().and_then(|peer| ask(|| peer.shares(key.as_key()))).unwrap_or(false)
    }

    /// The other instance that published the current state of a circuit.
    pub(crate) fn origin(&self, key: &Key) -> Option<Origin> {
        let peer = self.peer()?;
        let mut publisher = ask(|| peer.publisher(key.as_key()))??;
        shorten(&mut publisher.instance);
        shorten(&mut publisher.cause);
        let is_own = self.fleet.as_ref().is_some_and(|fleet| fleet.status.instance == publisher.instance);
        (!is_own).then_some(Origin { instance: publisher.instance, cause: publisher.cause })
    }
}

/// Asks a peer, whose code is not the panel's and may contain a filter of the service. `None` if it
/// panics.
fn ask<T>(question: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(question)).ok()
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
    }
}

impl fmt::Debug for FleetView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetView").field("round", &self.round).field("fleet", &self.fleet).finish_non_exhaustive()
    }
}
