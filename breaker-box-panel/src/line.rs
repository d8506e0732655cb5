//! One connection that is being sent something: what waits for it, and since when nobody has taken
//! any.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_core::Stream;

use crate::answers::end_of_snapshot;
use crate::document::{Document, Next};
use crate::lines::Lines;

/// Messages that wait for one page at the most. They are shared by all pages, so they cost a
/// pointer each.
const WAITING: usize = 16;

/// A line that nothing was taken from for so long is dead, or its reader is.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line that something was taken from within this time is under way.
const PAUSE: Duration = Duration::from_millis(100);

/// A message has to be through by then, however slowly it is read: it takes memory until it is.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Line(Mutex<State>);

#[derive(Debug)]
struct State {
    waiting: VecDeque<Message>,
    /// Pieces of the first message that were taken.
    pieces: usize,
    /// Since when the first message is the first.
    turn: Instant,
    /// When something was last taken, or came to wait.
    moved: Instant,
    /// Pieces that were ever taken.
    taken: u64,
    kind: Kind,
    fate: Fate,
    waker: Option<Waker>,
}

/// What is sent in one go, and what of it is for this line alone.
#[derive(Debug)]
struct Message {
    document: Arc<Document>,
    end: Option<Bytes>,
}

#[derive(Debug)]
enum Kind {
    /// It ends with what waits.
    Answer,
    /// It goes on.
    Page {
        /// What ends its snapshots.
        end: Bytes,
        /// It is new, or has missed a message: it gets everything as soon as nothing waits.
        behind: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    GoesOn,
    Ends,
    /// In the middle, so that nobody takes a part for the whole.
    Cut,
}

impl Line {
    pub(crate) fn answer(document: Arc<Document>, now: Instant) -> Self {
        Self::new(Kind::Answer, [Message { document, end: None }].into(), now)
    }

    pub(crate) fn page(place: &str, now: Instant) -> Self {
        Self::new(Kind::Page { end: end_of_snapshot(place).into(), behind: true }, VecDeque::new(), now)
    }

    fn new(kind: Kind, waiting: VecDeque<Message>, now: Instant) -> Self {
        let state =
            State { waiting, pieces: 0, turn: now, moved: now, taken: 0, kind, fate: Fate::GoesOn, waker: None };
        Self(Mutex::new(state))
    }

    /// For how long something has waited and nobody took it.
    pub(crate) fn stalled(&self, now: Instant) -> Duration {
        let state = self.state();
        if state.waiting.is_empty() { Duration::ZERO } else { now.saturating_duration_since(state.moved) }
    }

    /// How little its page would miss it: most where nothing is taken, less where nothing waits,
    /// least while it is under way, and then the less the more of it has come through.
    pub(crate) fn idleness(&self, now: Instant) -> (u8, Reverse<u64>) {
        let state = self.state();
        let class = if state.waiting.is_empty() {
            // It is new, and waits for the panel.
            u8::from(state.taken > 0)
        } else if now.saturating_duration_since(state.moved) >= PAUSE {
            2
        } else {
            0
        };
        (class, Reverse(state.taken))
    }

    pub(crate) fn wants_everything(&self) -> bool {
        let state = self.state();
        state.waiting.is_empty() && matches!(state.kind, Kind::Page { behind: true, .. })
    }

    pub(crate) fn tell(&self, message: &Arc<Document>, now: Instant) {
        let mut state = self.state();
        let is_full = state.waiting.len() >= WAITING;
        let Kind::Page { behind, .. } = &mut state.kind else { return };
        if *behind {
            return;
        }
        if is_full {
            *behind = true;
            // Only the one under way has to come to its end.
            state.waiting.truncate(1);
            return;
        }
        state.push(Message { document: Arc::clone(message), end: None }, now);
        Self::wake(state);
    }

    pub(crate) fn tell_everything(&self, everything: &Arc<Document>, since: &[Arc<Document>], now: Instant) {
        let mut state = self.state();
        if !state.waiting.is_empty() {
            return;
        }
        let Kind::Page { behind, end } = &mut state.kind else { return };
        if !std::mem::take(behind) {
            return;
        }
        let end = Some(end.clone());
        state.push(Message { document: Arc::clone(everything), end }, now);
        for message in since {
            state.push(Message { document: Arc::clone(message), end: None }, now);
        }
        Self::wake(state);
    }

    /// Ends it after what waits.
    pub(crate) fn end(&self) {
        self.settle(Fate::Ends);
    }

    /// Ends it at once.
    pub(crate) fn cut(&self) {
        self.settle(Fate::Cut);
    }

    /// Whether nobody reads it, or too slowly.
    pub(crate) fn is_dead(&self, now: Instant) -> bool {
        let state = self.state();
        let since = |instant| now.saturating_duration_since(instant);
        !state.waiting.is_empty() && (since(state.moved) > PATIENCE || since(state.turn) > LONGEST)
    }

    fn settle(&self, fate: Fate) {
        let mut state = self.state();
        state.settle(fate);
        Self::wake(state);
    }

    fn wake(mut state: MutexGuard<'_, State>) {
        let waker = state.waker.take();
        drop(state);
        // Outside the lock: a waker runs code of the runtime.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        // Cloned before the lock is taken, and what it replaces is dropped after: wakers run code
        // of the runtime.
        let waker = cx.waker().clone();
        let mut state = self.state();
        let next = state.next(Instant::now());
        let before = if next.is_pending() { state.waker.replace(waker) } else { None };
        drop(state);
        drop(before);
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, message: Message, now: Instant) {
        if self.waiting.is_empty() {
            (self.turn, self.moved) = (now, now);
        }
        self.waiting.push_back(message);
    }

    fn settle(&mut self, fate: Fate) {
        if fate == Fate::Cut {
            // Its connection may never ask again, so that the memory goes now.
            self.waiting.clear();
        }
        if self.fate != Fate::Cut {
            self.fate = fate;
        }
    }

    fn next(&mut self, now: Instant) -> Poll<Option<io::Result<Bytes>>> {
        while let Some(message) = self.waiting.front_mut() {
            self.moved = now;
            match message.document.piece(self.pieces) {
                Next::Piece(piece) => {
                    self.pieces += 1;
                    self.taken += 1;
                    return Poll::Ready(Some(Ok(piece)));
                }
                Next::End => {
                    let end = message.end.take();
                    self.waiting.pop_front();
                    (self.pieces, self.turn) = (0, now);
                    if let Some(end) = end {
                        return Poll::Ready(Some(Ok(end)));
                    }
                }
                Next::TakenBack => self.settle(Fate::Cut),
            }
        }
        match (self.fate, &self.kind) {
            (Fate::Cut, Kind::Answer) => Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into()))),
            (Fate::Cut | Fate::Ends, _) | (Fate::GoesOn, Kind::Answer) => Poll::Ready(None),
            (Fate::GoesOn, Kind::Page { .. }) => Poll::Pending,
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Sent {
    line: Arc<Line>,
    lines: Arc<Lines>,
}

impl Sent {
    pub(crate) const fn new(line: Arc<Line>, lines: Arc<Lines>) -> Self {
        Self { line, lines }
    }
}

impl Stream for Sent {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.line.poll(cx)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.lines.leave(&self.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Writer;

    fn document(text: &str) -> Arc<Document> {
        let mut writer = Writer::default();
        writer.text(text);
        Arc::new(writer.finish())
    }

    /// All that can be taken now; `Err` where it was cut.
    fn take(line: &Line) -> Result<String, String> {
        let mut taken = String::new();
        let cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(piece)) = line.poll(&cx) {
            match piece {
                Ok(piece) => taken.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(_) => return Err(taken),
            }
        }
        Ok(taken)
    }

    #[test]
    fn a_page_gets_everything_with_the_name_of_its_place_and_then_what_is_told() {
        let now = Instant::now();
        let line = Line::page("here", now);
        line.tell(&document("early"), now);
        assert_eq!(take(&line).unwrap(), "");
        line.tell_everything(&document("{everything"), &[document("since")], now);
        line.tell(&document("news"), now);
        assert_eq!(take(&line).unwrap(), "{everything,\"place\":\"here\"}\n\nsincenews");
    }

    #[test]
    fn one_that_does_not_read_costs_a_few_messages_and_gets_everything_when_it_reads_again() {
        let now = Instant::now();
        let line = Line::page("here", now);
        line.tell_everything(&document("{everything"), &[], now);
        for _ in 0..10_000 {
            line.tell(&document("news"), now);
            line.tell_everything(&document("too early"), &[], now);
        }
        assert_eq!(line.state().waiting.len(), 1);
        assert!(!line.wants_everything(), "the first message comes to its end first");
        assert_eq!(take(&line).unwrap(), "{everything,\"place\":\"here\"}\n\n");
        assert!(line.wants_everything());
        line.tell_everything(&document("{anew"), &[], now);
        line.tell(&document("news"), now);
        assert_eq!(take(&line).unwrap(), "{anew,\"place\":\"here\"}\n\nnews");
    }

    #[test]
    fn one_that_never_reads_is_let_go_and_its_memory_with_it() {
        let now = Instant::now();
        let (line, everything) = (Line::page("here", now), document("{everything"));
        line.tell_everything(&everything, &[], now);
        assert!(!line.is_dead(now + PATIENCE));
        assert!(line.is_dead(now + PATIENCE + Duration::from_nanos(1)));
        line.cut();
        assert_eq!(Arc::strong_count(&everything), 1);
        let idle = Line::page("here", now);
        assert!(!idle.is_dead(now + LONGEST * 2), "nothing waits for it");
    }

    #[test]
    fn one_that_reads_a_little_now_and_then_is_let_go_too() {
        let begin = Instant::now();
        let line = Line::answer(document(&"x".repeat(1_000_000)), begin);
        let (mut now, mut pieces) = (begin, 0);
        while !line.is_dead(now) {
            assert!(line.state().next(now).is_ready());
            (now, pieces) = (now + Duration::from_secs(5), pieces + 1);
        }
        assert_eq!((now - begin, pieces), (LONGEST + Duration::from_secs(5), 13));
    }

    #[test]
    fn an_answer_ends_and_one_that_was_cut_or_taken_back_does_not_end_well() {
        let now = Instant::now();
        let whole = Line::answer(document("whole"), now);
        assert_eq!(take(&whole).unwrap(), "whole");
        let cut = Line::answer(document("cut"), now);
        cut.cut();
        assert_eq!(take(&cut), Err(String::new()));
        let text = document("taken back");
        let taken_back = Line::answer(Arc::clone(&text), now);
        text.take_back();
        assert_eq!(take(&taken_back), Err(String::new()));
    }
}
