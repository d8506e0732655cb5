//! The ways to the keeper: one for what happens to circuits, another for what people ask, so that
//! neither fills up the other's.
//!
//! Nobody waits here: circuits, and the handlers of requests, leave what they have and wake the
//! keeper.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use breaker_core::Event;
use tokio::sync::oneshot;

use crate::answers::Question;
use crate::document::Document;
use crate::order::Placed;

/// Changes that wait at the most: what a storm may bring before some are counted instead of shown.
const CHANGES: usize = 8_192;

/// Questions that wait at the most, those of people who are gone included.
const QUESTIONS: usize = 1_024;

/// What happened to a circuit.
#[derive(Debug)]
pub(crate) enum Change {
    Happened(Event),
    Ordered(Placed),
}

/// A question, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) answer: oneshot::Sender<Option<Arc<Document>>>,
}

/// What others have of the keeper.
#[derive(Debug)]
pub(crate) struct Inbox {
    changes: SyncSender<Change>,
    questions: SyncSender<Asked>,
    pub(crate) shared: Arc<Shared>,
}

/// What the keeper has of its inbox.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) changes: Receiver<Change>,
    pub(crate) questions: Receiver<Asked>,
    pub(crate) shared: Arc<Shared>,
}

/// What both sides see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    missed: AtomicU64,
    closed: AtomicBool,
    keeper: OnceLock<Thread>,
}

pub(crate) fn new() -> (Inbox, Outbox) {
    let (changes, hears) = mpsc::sync_channel(CHANGES);
    let (questions, asked) = mpsc::sync_channel(QUESTIONS);
    let shared = Arc::new(Shared::default());
    let outbox = Outbox { changes: hears, questions: asked, shared: Arc::clone(&shared) };
    (Inbox { changes, questions, shared }, outbox)
}

impl Inbox {
    /// Another way in for changes.
    pub(crate) fn changes(&self) -> impl Fn(Change) + Send + Sync + 'static {
        let (changes, shared) = (self.changes.clone(), Arc::clone(&self.shared));
        move |change| put(&changes, &shared, change)
    }

    pub(crate) fn change(&self, change: Change) {
        put(&self.changes, &self.shared, change);
    }

    /// Whether there was room.
    pub(crate) fn ask(&self, asked: Asked) -> bool {
        let has_room = self.questions.try_send(asked).is_ok();
        self.shared.wake();
        has_room
    }
}

fn put(changes: &SyncSender<Change>, shared: &Shared, change: Change) {
    if let Err(TrySendError::Full(_)) = changes.try_send(change) {
        // Relaxed: a count to show.
        shared.missed.fetch_add(1, Ordering::Relaxed);
    }
    shared.wake();
}

impl Shared {
    /// Says which thread is to be woken.
    pub(crate) fn employ(&self, keeper: Thread) {
        let _ = self.keeper.set(keeper);
    }

    pub(crate) fn wake(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.unpark();
        }
    }

    /// Changes that found their way full.
    pub(crate) fn missed(&self) -> u64 {
        // Relaxed: a count to show.
        self.missed.load(Ordering::Relaxed)
    }

    pub(crate) fn close(&self) {
        // Release, and the waking after it: the keeper that wakes for this sees it.
        self.closed.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: with the store in `close`.
        self.closed.load(Ordering::Acquire)
    }
}
