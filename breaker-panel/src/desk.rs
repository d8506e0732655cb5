//! Where requests are taken: what they may do, and the way to the keeper.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use axum::body::Bytes;
use breaker_core::{Registry, Subscription};
use tokio::sync::{Semaphore, oneshot};

use crate::access::Controls;
use crate::keeper::{Question, Shared, Signal};
use crate::refusal::Refusal;
use crate::ticket::Tickets;
use crate::viewers::Feed;

/// What all requests to a panel share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) registry: Registry,
    pub(crate) controls: Controls,
    pub(crate) tickets: Tickets,
    pub(crate) hide_reasons: bool,
    pub(crate) max_viewers: usize,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) signals: SyncSender<Signal>,
    pub(crate) shared: Arc<Shared>,
    /// Holds the only other sender of signals: with both gone, the keeper's thread ends.
    #[expect(dead_code, reason = "held for what its drop does")]
    pub(crate) events: Subscription,
}

impl Desk {
    /// A place among the viewers, and the feed that goes with it.
    pub(crate) fn watch(&self) -> Result<Feed, Refusal> {
        let full = |_| Refusal::TooManyViewers(self.max_viewers);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let (queue, feed) = Feed::new(place);
        self.signal(Signal::Watch(queue))?;
        Ok(feed)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Refusal> {
        self.signals.try_send(signal).map_err(|_| Refusal::Unavailable)
    }

    /// Asks the keeper; `None` where there is nothing of that name.
    pub(crate) async fn ask(&self, question: Question) -> Result<Option<Bytes>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.signal(Signal::Ask(question, answer))?;
        answered.await.map_err(|_| Refusal::Unavailable)
    }
}
