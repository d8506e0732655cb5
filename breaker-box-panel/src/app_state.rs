//! What all requests to a panel share.

use std::sync::Arc;
use std::time::Instant;

use breaker_core::{Registry, Subscription};
use tokio::sync::{Semaphore, oneshot};

use crate::channel::{PendingQuery, SamplerHandle, Update};
use crate::client::Client;
use crate::connections::{Connections, OutboxStream};
use crate::control::access::Controls;
use crate::control::attempts::Attempts;
use crate::control::audit::Audit;
use crate::control::command::AppliedCommand;
use crate::control::nonce::Nonces;
use crate::documents::{DocumentQuery, snapshot_end};
use crate::error::ApiError;
use crate::origin::AllowedHosts;
use crate::payload::Payload;
use crate::random::random_hex;

/// The most requests that wait for a document at once. Those whose client is gone do not count.
pub(crate) const MAX_QUERIES: usize = 32;

/// What all requests to a panel share. Dropped with the last router, it ends the sampler.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) registry: Registry,
    pub(crate) controls: Controls,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) nonces: Nonces,
    pub(crate) attempts: Attempts,
    pub(crate) audit: Audit,
    pub(crate) hide_reasons: bool,
    pub(crate) connections: Arc<Connections>,
    /// A permit for each request that waits for a document.
    pub(crate) queries: Semaphore,
    pub(crate) sampler: SamplerHandle,
    #[expect(dead_code, reason = "ends the subscription when it is dropped")]
    pub(crate) events: Subscription,
}

impl AppState {
    /// Opens the feed of another page.
    pub(crate) fn open_feed(&self, client: Option<Client>) -> Result<OutboxStream, ApiError> {
        let viewer = random_hex().map_err(|_| ApiError::Unavailable)?;
        let end = snapshot_end(&viewer).into();
        let feed = self.connections.open_feed(client, viewer, end, Instant::now())?;
        self.sampler.shared.wake();
        Ok(feed)
    }

    /// Asks the sampler for a document; `None` if there is no such circuit. A client that goes away
    /// while it waits makes room for another.
    pub(crate) async fn query(&self, query: DocumentQuery) -> Result<Option<Arc<Payload>>, ApiError> {
        let _permit = self.queries.try_acquire().map_err(|_| ApiError::Busy)?;
        let (reply, answer) = oneshot::channel();
        if !self.sampler.send_query(PendingQuery { query, reply }) {
            return Err(if self.sampler.shared.is_closed() { ApiError::Unavailable } else { ApiError::Busy });
        }
        answer.await.map_err(|_| ApiError::Unavailable)
    }

    /// Passes a command that was carried out on to the timeline.
    pub(crate) fn command_applied(&self, command: AppliedCommand) {
        // If the queue is full, a command that changed no state is missing in the timeline. It was
        // carried out all the same.
        self.sampler.send_update(Update::Command(command));
    }
}

impl Drop for AppState {
    fn drop(&mut self) {
        self.sampler.shared.close();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use breaker_core::Filter;

    use super::*;
    use crate::channel::{SamplerInbox, channel};
    use crate::connections::Limits;
    use crate::control::command::{Action, Order};

    /// A state whose sampler does nothing.
    fn state() -> (AppState, SamplerInbox) {
        let (handle, inbox) = channel();
        let registry = Registry::new();
        let mut allowed_hosts = AllowedHosts::Named(Vec::new());
        allowed_hosts.add("panel.example");
        let state = AppState {
            events: registry.subscribe(Filter::all(), |_| {}),
            registry,
            controls: Controls::read_only(),
            allowed_hosts,
            nonces: Nonces::default(),
            attempts: Attempts::default(),
            audit: Audit::new(),
            hide_reasons: false,
            connections: Arc::new(Connections::new(Limits { viewers: 1, viewers_per_client: 1 })),
            queries: Semaphore::new(MAX_QUERIES),
            sampler: handle,
        };
        (state, inbox)
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn few_queries_wait_at_once_and_a_client_that_goes_away_makes_room() {
        let (state, _inbox) = state();
        let mut waiting: Vec<_> = (0..MAX_QUERIES).map(|_| Box::pin(state.query(DocumentQuery::Timeline))).collect();
        assert!(waiting.iter_mut().all(|query| poll(query.as_mut()).is_pending()));
        assert!(matches!(poll(pin!(state.query(DocumentQuery::Timeline))), Poll::Ready(Err(ApiError::Busy))));
        waiting.truncate(MAX_QUERIES - 1);
        assert!(poll(pin!(state.query(DocumentQuery::Timeline))).is_pending());
    }

    #[test]
    fn thousands_of_clients_that_go_away_leave_a_bounded_number_of_queries() {
        let (state, inbox) = state();
        for _ in 0..10_000 {
            let _ = poll(pin!(state.query(DocumentQuery::Timeline)));
        }
        let left: Vec<_> = inbox.queries.try_iter().collect();
        assert!(left.len() <= 1_024 && left.iter().all(|pending| pending.reply.is_closed()), "{}", left.len());
        assert!(poll(pin!(state.query(DocumentQuery::Timeline))).is_pending());
    }

    #[test]
    fn queries_take_no_room_from_updates() {
        let (state, inbox) = state();
        for _ in 0..10_000 {
            let _ = poll(pin!(state.query(DocumentQuery::Timeline)));
        }
        let send = state.sampler.update_sender();
        let command = AppliedCommand {
            at: std::time::SystemTime::now(),
            key: "a".into(),
            order: Order { action: Action::Open, only_here: false },
            reason: "alice: a reason".to_owned(),
        };
        (0..8_192).for_each(|_| send(Update::Command(command.clone())));
        assert_eq!((inbox.updates.try_iter().count(), inbox.shared.missed()), (8_192, 0));
    }
}
