//! The channel to the sampler: one queue for what happens to circuits, another for queries, so that
//! neither fills up the other.
//!
//! Senders never wait: circuits and request handlers put in what they have and wake the sampler.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use breaker_core::Event;
use tokio::sync::oneshot;

use crate::control::command::AppliedCommand;
use crate::documents::DocumentQuery;
use crate::payload::Payload;

/// The most updates that wait. Beyond that they are counted instead of shown.
const MAX_UPDATES: usize = 8_192;

/// The most queries that wait, including those whose sender is gone.
const MAX_QUERIES: usize = 1_024;

/// Something that happened to a circuit.
#[derive(Debug)]
pub(crate) enum Update {
    Event(Event),
    Command(AppliedCommand),
}

/// A query, and where its answer goes: `None` if there is no such circuit.
#[derive(Debug)]
pub(crate) struct PendingQuery {
    pub(crate) query: DocumentQuery,
    pub(crate) reply: oneshot::Sender<Option<Arc<Payload>>>,
}

/// The sending side.
#[derive(Debug)]
pub(crate) struct SamplerHandle {
    updates: SyncSender<Update>,
    queries: SyncSender<PendingQuery>,
    pub(crate) shared: Arc<Shared>,
}

/// The receiving side, which the sampler has.
#[derive(Debug)]
pub(crate) struct SamplerInbox {
    pub(crate) updates: Receiver<Update>,
    pub(crate) queries: Receiver<PendingQuery>,
    pub(crate) shared: Arc<Shared>,
}

/// What both sides see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    missed: AtomicU64,
    closed: AtomicBool,
    sampler: OnceLock<Thread>,
}

pub(crate) fn channel() -> (SamplerHandle, SamplerInbox) {
    let (updates, received_updates) = mpsc::sync_channel(MAX_UPDATES);
    let (queries, received_queries) = mpsc::sync_channel(MAX_QUERIES);
    let shared = Arc::new(Shared::default());
    let inbox = SamplerInbox { updates: received_updates, queries: received_queries, shared: Arc::clone(&shared) };
    (SamplerHandle { updates, queries, shared }, inbox)
}

impl SamplerHandle {
    /// Another sender of updates.
    pub(crate) fn update_sender(&self) -> impl Fn(Update) + Send + Sync + 'static {
        let (updates, shared) = (self.updates.clone(), Arc::clone(&self.shared));
        move |update| send(&updates, &shared, update)
    }

    /// Sends an update. If the queue is full, it is only counted.
    pub(crate) fn send_update(&self, update: Update) {
        send(&self.updates, &self.shared, update);
    }

    /// Sends a query. Returns whether there was room.
    pub(crate) fn send_query(&self, query: PendingQuery) -> bool {
        let has_room = self.queries.try_send(query).is_ok();
        self.shared.wake();
        has_room
    }
}

fn send(updates: &SyncSender<Update>, shared: &Shared, update: Update) {
    if let Err(TrySendError::Full(_)) = updates.try_send(update) {
        // Relaxed: a count to show.
        shared.missed.fetch_add(1, Ordering::Relaxed);
    }
    shared.wake();
}

impl Shared {
    /// Sets the thread that is woken.
    pub(crate) fn set_sampler(&self, sampler: Thread) {
        let _ = self.sampler.set(sampler);
    }

    pub(crate) fn wake(&self) {
        if let Some(sampler) = self.sampler.get() {
            sampler.unpark();
        }
    }

    /// How many updates found the queue full.
    pub(crate) fn missed(&self) -> u64 {
        // Relaxed: a count to show.
        self.missed.load(Ordering::Relaxed)
    }

    /// Ends the sampler.
    pub(crate) fn close(&self) {
        // Release, and wake after it: the sampler that wakes sees the store.
        self.closed.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: pairs with the store in `close`.
        self.closed.load(Ordering::Acquire)
    }
}
