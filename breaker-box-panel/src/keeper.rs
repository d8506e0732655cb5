//! The one thread that keeps the board: it looks at the circuits every second, hears what happens
//! to them, and tells the pages.
//!
//! Circuits never wait for it, and no handler of a request waits for a lock that it holds. What it
//! does is bounded in time: looking takes a twentieth of one core at the most, making answers up to
//! a half while many ask for them ([`shelf`](crate::shelf)).

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::answers;
use crate::board::Board;
use crate::document::Document;
use crate::feed::Tick;
use crate::inbox::{Asked, Change, Outbox};
use crate::lines::Lines;
use crate::shelf::Shelf;

/// How long changes are gathered before pages hear of them.
const GATHER: Duration = Duration::from_millis(50);

/// How often pages hear something, whether there is news or not: a page that hears nothing says
/// that it is stale.
const BEAT: Duration = Duration::from_secs(1);

/// Changes that are entered, and questions that are answered, before something else has its turn.
const AT_ONCE: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Keeper {
    board: Board,
    lines: Arc<Lines>,
    shelf: Shelf,
    outbox: Outbox,
    /// Questions that were heard and cannot be answered yet.
    open: Vec<Asked>,
    /// When all circuits are looked at next.
    look: Instant,
    /// When those are looked at that something happened to.
    glance: Option<Instant>,
    /// Until when there is no glance, because the last one took long.
    rest: Instant,
    /// When pages hear something at the latest.
    beat: Instant,
}

impl Keeper {
    pub(crate) fn new(board: Board, lines: Arc<Lines>, outbox: Outbox) -> Self {
        let now = Instant::now();
        let shelf = Shelf::new(now);
        Self { board, lines, shelf, outbox, open: Vec::new(), look: now, glance: None, rest: now, beat: now + BEAT }
    }

    /// Works until the panel is closed, or gone.
    pub(crate) fn work(mut self) {
        self.outbox.shared.employ(thread::current());
        // What happens is entered with circuits that are known.
        self.look_around();
        while !self.outbox.shared.is_closed() {
            let has_more = self.enter_changes();
            self.look_around();
            self.welcome();
            self.answer();
            if !has_more {
                thread::park_timeout(self.next().saturating_duration_since(Instant::now()));
            }
        }
    }

    /// Enters what happened; whether there is more.
    fn enter_changes(&mut self) -> bool {
        for _ in 0..AT_ONCE {
            match self.outbox.changes.try_recv() {
                Ok(Change::Happened(event)) => self.board.happened(&event),
                Ok(Change::Ordered(placed)) => self.board.ordered(&placed),
                Err(_) => return false,
            }
            self.shelf.changed();
            self.glance.get_or_insert((Instant::now() + GATHER).max(self.rest));
        }
        true
    }

    fn look_around(&mut self) {
        let now = Instant::now();
        if self.look <= now {
            let tick = self.board.look_at_all();
            self.tell(tick, now);
            self.look = now + pause(self.board.settings.interval, now.elapsed());
        } else if self.glance.is_some_and(|glance| glance <= now) {
            self.glance = None;
            let tick = self.board.look_at_touched();
            self.tell(tick, now);
            self.rest = now + pause(GATHER, now.elapsed());
        } else if self.beat <= now {
            let tick = self.board.look_at_nothing();
            self.tell(tick, now);
        }
    }

    fn tell(&mut self, tick: Tick, now: Instant) {
        self.shelf.changed();
        self.beat = now + BEAT;
        self.lines.review(now);
        if self.lines.no_pages() {
            self.shelf.not_told();
        } else {
            let message: Arc<Document> = Arc::new(tick.encode());
            self.lines.tell(&message, now);
            self.shelf.told(&message);
        }
    }

    /// Sends everything to who is new or has caught up.
    fn welcome(&mut self) {
        if self.lines.wants_everything() {
            let (now, missed) = (Instant::now(), self.outbox.shared.missed());
            if let Some((everything, since)) = self.shelf.everything(now, || answers::snapshot(&self.board, missed)) {
                self.lines.tell_everything(&everything, since, now);
            }
        }
    }

    /// Answers what can be answered now, and forgets what was asked by people who are gone.
    fn answer(&mut self) {
        self.open.extend(self.outbox.questions.try_iter().take(AT_ONCE));
        self.open.retain(|asked| !asked.answer.is_closed());
        let missed = self.outbox.shared.missed();
        for asked in std::mem::take(&mut self.open) {
            let make = || answers::answer(&self.board, &asked.question, missed);
            match self.shelf.answer(&asked.question, Instant::now(), make) {
                Some(answer) => drop(asked.answer.send(answer)),
                None => self.open.push(asked),
            }
        }
    }

    /// When there is something to do again, if nothing happens.
    fn next(&mut self) -> Instant {
        let next = self.glance.map_or(self.look, |glance| glance.min(self.look)).min(self.beat);
        let next = self.open.iter().map(|asked| self.shelf.rest(&asked.question)).fold(next, Instant::min);
        if self.lines.wants_everything() { next.min(self.shelf.rest_of_pages()) } else { next }
    }
}

impl Drop for Keeper {
    /// Also where a look has panicked: nobody waits for what will never come.
    fn drop(&mut self) {
        self.outbox.shared.close();
        self.lines.close();
    }
}

/// From the beginning of one look to that of the next: however many circuits there are and however
/// fast they come and go, looking takes at most a twentieth of one core.
fn pause(least: Duration, took: Duration) -> Duration {
    least.max(took.saturating_mul(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_takes_long_is_followed_by_a_long_rest() {
        let second = Duration::from_secs(1);
        assert_eq!(pause(second, Duration::from_millis(49)), second);
        assert_eq!(pause(second, Duration::from_millis(300)), Duration::from_secs(6));
    }
}
