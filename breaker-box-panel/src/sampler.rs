//! The sampler: the one thread of a panel. It samples the circuits every second, takes in events,
//! sends deltas to pages, and builds documents.
//!
//! Calls never wait for it, and no request handler waits for a lock that it holds. Its work is
//! bounded: sampling takes at most a twentieth of one core, and building documents up to a half
//! while many ask for them ([`cache`](crate::cache)).

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::DocumentCache;
use crate::channel::{PendingQuery, SamplerInbox, Update};
use crate::connections::Connections;
use crate::delta::Delta;
use crate::documents;
use crate::payload::Payload;
use crate::store::Store;

/// How long updates are collected before pages get them.
const COLLECT: Duration = Duration::from_millis(50);

/// How often pages get a delta even if nothing changed: without one they say that they are stale.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The most updates and the most queries that are taken in at once.
const BATCH: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Sampler {
    store: Store,
    connections: Arc<Connections>,
    cache: DocumentCache,
    inbox: SamplerInbox,
    /// Queries that wait for a cooldown.
    waiting: Vec<PendingQuery>,
    /// When all circuits are sampled next.
    sample_all_at: Instant,
    /// When the changed circuits are sampled next, if there are any.
    sample_changed_at: Option<Instant>,
    /// Changed circuits are not sampled before, because it took long the last time.
    rest_until: Instant,
    /// When pages get a delta at the latest.
    heartbeat_at: Instant,
}

impl Sampler {
    pub(crate) fn new(store: Store, connections: Arc<Connections>, inbox: SamplerInbox) -> Self {
        let now = Instant::now();
        Self {
            store,
            connections,
            cache: DocumentCache::new(now),
            inbox,
            waiting: Vec::new(),
            sample_all_at: now,
            sample_changed_at: None,
            rest_until: now,
            heartbeat_at: now + HEARTBEAT,
        }
    }

    /// Runs until the panel is closed or dropped.
    pub(crate) fn run(mut self) {
        self.inbox.shared.set_sampler(thread::current());
        // Events are recorded only for circuits that the store knows, so it samples first.
        self.sample();
        while !self.inbox.shared.is_closed() {
            let has_more = self.take_updates();
            self.sample();
            self.send_snapshots();
            self.answer_queries();
            if !has_more {
                thread::park_timeout(self.next_wake().saturating_duration_since(Instant::now()));
            }
        }
    }

    /// Takes in one batch of updates. Returns whether there may be more.
    fn take_updates(&mut self) -> bool {
        for _ in 0..BATCH {
            match self.inbox.updates.try_recv() {
                Ok(Update::Event(event)) => self.store.add_event(&event),
                Ok(Update::Command(command)) => self.store.add_command(&command),
                Err(_) => return false,
            }
            self.cache.mark_stale();
            self.sample_changed_at.get_or_insert((Instant::now() + COLLECT).max(self.rest_until));
        }
        true
    }

    /// Samples what is due.
    fn sample(&mut self) {
        let now = Instant::now();
        if self.sample_all_at <= now {
            let delta = self.store.sample_all();
            self.send_delta(delta, now);
            self.sample_all_at = now + pause(self.store.settings.interval, now.elapsed());
        } else if self.sample_changed_at.is_some_and(|at| at <= now) {
            self.sample_changed_at = None;
            let delta = self.store.sample_changed();
            self.send_delta(delta, now);
            self.rest_until = now + pause(COLLECT, now.elapsed());
        } else if self.heartbeat_at <= now {
            let delta = self.store.heartbeat();
            self.send_delta(delta, now);
        }
    }

    fn send_delta(&mut self, delta: Delta, now: Instant) {
        self.cache.mark_stale();
        self.heartbeat_at = now + HEARTBEAT;
        self.connections.abort_dead(now);
        if self.connections.has_viewers() {
            let message: Arc<Payload> = Arc::new(delta.encode());
            self.connections.push_delta(&message, now);
            self.cache.add_delta(&message);
        } else {
            self.cache.drop_snapshot();
        }
    }

    /// Sends a snapshot to pages that are new or could not keep up.
    fn send_snapshots(&mut self) {
        if self.connections.wants_snapshot() {
            let (now, missed) = (Instant::now(), self.inbox.shared.missed());
            let build = || documents::snapshot(&self.store, missed);
            if let Some((snapshot, deltas)) = self.cache.get_or_build_snapshot(now, build) {
                self.connections.push_snapshot(&snapshot, deltas, now);
            }
        }
    }

    /// Answers the queries that can be answered now, and drops those whose client is gone.
    fn answer_queries(&mut self) {
        self.waiting.extend(self.inbox.queries.try_iter().take(BATCH));
        self.waiting.retain(|pending| !pending.reply.is_closed());
        let missed = self.inbox.shared.missed();
        for pending in std::mem::take(&mut self.waiting) {
            let build = || documents::build(&self.store, &pending.query, missed);
            match self.cache.get_or_build(&pending.query, Instant::now(), build) {
                Some(document) => drop(pending.reply.send(document)),
                None => self.waiting.push(pending),
            }
        }
    }

    /// When there is something to do again, unless it is woken before.
    fn next_wake(&mut self) -> Instant {
        let sample_at = self.sample_changed_at.map_or(self.sample_all_at, |at| at.min(self.sample_all_at));
        let next = sample_at.min(self.heartbeat_at);
        let next = self.waiting.iter().map(|pending| self.cache.ready_at(&pending.query)).fold(next, Instant::min);
        if self.connections.wants_snapshot() { next.min(self.cache.snapshot_ready_at()) } else { next }
    }
}

impl Drop for Sampler {
    /// Also after a panic: nobody waits for an answer that never comes.
    fn drop(&mut self) {
        self.inbox.shared.close();
        self.connections.close();
    }
}

/// The time from the start of one sample to that of the next. However many circuits there are and
/// however fast they come and go, sampling takes at most a twentieth of one core.
fn pause(least: Duration, took: Duration) -> Duration {
    least.max(took.saturating_mul(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_takes_long_is_followed_by_a_long_pause() {
        let second = Duration::from_secs(1);
        assert_eq!(pause(second, Duration::from_millis(49)), second);
        assert_eq!(pause(second, Duration::from_millis(300)), Duration::from_secs(6));
    }
}
