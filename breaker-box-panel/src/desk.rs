//! What all requests share: what they may do, and the ways to the keeper.

use std::sync::Arc;
use std::time::Instant;

use breaker_core::{Registry, Subscription};
use tokio::sync::{Semaphore, oneshot};

use crate::access::Controls;
use crate::answers::Question;
use crate::attempts::Attempts;
use crate::audit::Audit;
use crate::client::Client;
use crate::document::Document;
use crate::gate::Hosts;
use crate::inbox::{Asked, Change, Inbox};
use crate::line::Sent;
use crate::lines::Lines;
use crate::order::Placed;
use crate::refusal::Refusal;
use crate::ticket::{Tickets, random_letters};

/// Questions that wait for their answers at once, at the most. Those of people who are gone do not
/// count.
pub(crate) const ASKING: usize = 32;

/// What all requests to a panel share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) registry: Registry,
    pub(crate) controls: Controls,
    pub(crate) hosts: Hosts,
    pub(crate) tickets: Tickets,
    pub(crate) attempts: Attempts,
    pub(crate) audit: Audit,
    pub(crate) hide_reasons: bool,
    pub(crate) lines: Arc<Lines>,
    pub(crate) asking: Semaphore,
    pub(crate) inbox: Inbox,
    #[expect(dead_code, reason = "held for what its drop does")]
    pub(crate) events: Subscription,
}

impl Desk {
    /// A place for another page, and the feed that goes with it.
    pub(crate) fn watch(&self, client: Option<Client>) -> Result<Sent, Refusal> {
        let place = random_letters().map_err(|_| Refusal::Unavailable)?;
        let feed = self.lines.open_page(client, place, Instant::now())?;
        self.inbox.shared.wake();
        Ok(feed)
    }

    /// Asks the keeper; `None` where there is nothing of that name. Who asks too much at once is
    /// refused, and who goes away while it waits makes room.
    pub(crate) async fn ask(&self, question: Question) -> Result<Option<Arc<Document>>, Refusal> {
        let _asking = self.asking.try_acquire().map_err(|_| Refusal::Busy)?;
        let (answer, answered) = oneshot::channel();
        if !self.inbox.ask(Asked { question, answer }) {
            return Err(if self.inbox.shared.is_closed() { Refusal::Unavailable } else { Refusal::Busy });
        }
        answered.await.map_err(|_| Refusal::Unavailable)
    }

    /// Tells the keeper of an order.
    pub(crate) fn ordered(&self, placed: Placed) {
        // Without room it costs the entry of an order that moved nothing; the order stands.
        self.inbox.change(Change::Ordered(placed));
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.inbox.shared.close();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use breaker_core::Filter;

    use super::*;
    use crate::inbox;
    use crate::lines::Limits;

    /// A desk whose keeper does nothing.
    fn desk() -> (Desk, inbox::Outbox) {
        let (inbox, outbox) = inbox::new();
        let registry = Registry::new();
        let mut hosts = Hosts::Named(Vec::new());
        hosts.add("panel.example");
        let desk = Desk {
            events: registry.subscribe(Filter::all(), |_| {}),
            registry,
            controls: Controls::read_only(),
            hosts,
            tickets: Tickets::default(),
            attempts: Attempts::default(),
            audit: Audit::new(),
            hide_reasons: false,
            lines: Arc::new(Lines::new(Limits { pages: 1, pages_of_client: 1 })),
            asking: Semaphore::new(ASKING),
            inbox,
        };
        (desk, outbox)
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn few_questions_wait_at_once_and_who_goes_away_makes_room() {
        let (desk, _outbox) = desk();
        let mut waiting: Vec<_> = (0..ASKING).map(|_| Box::pin(desk.ask(Question::Timeline))).collect();
        assert!(waiting.iter_mut().all(|asked| poll(asked.as_mut()).is_pending()));
        assert!(matches!(poll(pin!(desk.ask(Question::Timeline))), Poll::Ready(Err(Refusal::Busy))));
        waiting.truncate(ASKING - 1);
        assert!(poll(pin!(desk.ask(Question::Timeline))).is_pending());
    }

    #[test]
    fn thousands_who_go_away_leave_a_bounded_number_of_questions() {
        let (desk, outbox) = desk();
        for _ in 0..10_000 {
            let _ = poll(pin!(desk.ask(Question::Timeline)));
        }
        let left: Vec<_> = outbox.questions.try_iter().collect();
        assert!(left.len() <= 1_024 && left.iter().all(|asked| asked.answer.is_closed()), "{}", left.len());
        assert!(poll(pin!(desk.ask(Question::Timeline))).is_pending());
    }

    #[test]
    fn questions_take_no_room_from_what_happens() {
        let (desk, outbox) = desk();
        for _ in 0..10_000 {
            let _ = poll(pin!(desk.ask(Question::Timeline)));
        }
        let tell = desk.inbox.changes();
        let placed = Placed {
            at: std::time::SystemTime::now(),
            key: "a".into(),
            action: crate::order::Action::Open,
            reason: "alice: a reason".to_owned(),
        };
        (0..8_192).for_each(|_| tell(Change::Ordered(placed.clone())));
        assert_eq!((outbox.changes.try_iter().count(), outbox.shared.missed()), (8_192, 0));
    }
}
