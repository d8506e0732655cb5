//! The one thread that keeps the board: it looks at the circuits every second, hears what happens to them, and tells the viewers.
//!
//! Everybody else only puts a signal into a bounded queue: circuits never wait for the panel, and no handler of a request waits for
//! a lock that it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use breaker_core::{Event, Key};
use tokio::sync::{mpsc, oneshot};

use crate::answers::{self, Wanted};
use crate::board::Board;
use crate::feed::Tick;
use crate::order::Placed;
use crate::viewers::Viewers;

/// Signals that wait at the most: what a storm of state changes may bring before some are counted instead of shown.
pub(crate) const WAITING: usize = 8_192;

/// How long changes are gathered before viewers hear of them.
const GATHER: Duration = Duration::from_millis(50);

/// What the keeper is told or asked.
#[derive(Debug)]
pub(crate) enum Signal {
    Happened(Event),
    Ordered(Placed),
    Watch(mpsc::Sender<Bytes>),
    Ask(Question, oneshot::Sender<Option<Bytes>>),
}

#[derive(Debug)]
pub(crate) enum Question {
    Circuits(Wanted),
    Details(Key),
    Timeline,
}

/// What both sides of the queue see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Signals that found the queue full.
    pub(crate) missed: AtomicU64,
    pub(crate) closed: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Keeper {
    board: Board,
    viewers: Viewers,
    shared: Arc<Shared>,
    /// When all circuits are looked at next.
    look: Instant,
    /// When those are looked at that something happened to.
    glance: Option<Instant>,
    /// Until when there is no glance, because the last one took long.
    rest: Instant,
}

impl Keeper {
    pub(crate) fn new(board: Board, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self { board, viewers: Viewers::default(), shared, look: now, glance: None, rest: now }
    }

    /// Works until all senders of signals are gone or the panel is closed.
    pub(crate) fn work(mut self, signals: &Receiver<Signal>) {
        // Relaxed: nothing is read on the strength of it, and the next round sees it.
        while !self.shared.closed.load(Ordering::Relaxed) {
            let now = Instant::now();
            if self.look <= now {
                self.look_at_all(now);
            } else if self.glance.is_some_and(|glance| glance <= now) {
                self.glance = None;
                let tick = self.board.look_at_touched();
                self.tell(tick, now);
                self.rest = now + pause(GATHER, now.elapsed());
            }
            let until = self.glance.map_or(self.look, |glance| glance.min(self.look));
            match signals.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(signal) => self.take(signal),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look_at_all(&mut self, began: Instant) {
        let tick = self.board.look_at_all();
        self.tell(tick, began);
        self.look = began + pause(self.board.settings.interval, began.elapsed());
    }

    fn tell(&mut self, tick: Tick, now: Instant) {
        if self.viewers.is_empty() {
            return;
        }
        self.viewers.tell(&tick.encode(), now);
        self.welcome(now);
    }

    /// Sends everything to who is new or has caught up.
    fn welcome(&mut self, now: Instant) {
        // Relaxed: a count to show.
        let missed = self.shared.missed.load(Ordering::Relaxed);
        self.viewers.catch_up(now, || answers::snapshot(&self.board, missed));
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Happened(event) => {
                self.board.happened(&event);
                self.glance_soon();
            }
            Signal::Ordered(placed) => {
                self.board.ordered(&placed);
                self.glance_soon();
            }
            Signal::Watch(viewer) => {
                self.viewers.add(viewer);
                self.welcome(Instant::now());
            }
            // Who asked may be gone; then nobody needs the answer.
            Signal::Ask(question, answer) => drop(answer.send(self.answer(&question))),
        }
    }

    fn glance_soon(&mut self) {
        let soon = (Instant::now() + GATHER).max(self.rest);
        self.glance.get_or_insert(soon);
    }

    fn answer(&self, question: &Question) -> Option<Bytes> {
        // Relaxed: a count to show.
        let missed = self.shared.missed.load(Ordering::Relaxed);
        let document = match question {
            Question::Circuits(wanted) => answers::circuits(&self.board, wanted),
            Question::Details(key) => answers::details(&self.board, key)?,
            Question::Timeline => answers::timeline(&self.board, missed),
        };
        Some(document.to_string().into())
    }
}

/// From the beginning of one look to that of the next: however many circuits there are and however fast they come and go, looking
/// takes at most a tenth of one core.
fn pause(least: Duration, took: Duration) -> Duration {
    least.max(took.saturating_mul(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_takes_long_is_followed_by_a_long_rest() {
        let second = Duration::from_secs(1);
        assert_eq!(pause(second, Duration::from_millis(99)), second);
        assert_eq!(pause(second, Duration::from_millis(300)), Duration::from_secs(3));
    }
}
