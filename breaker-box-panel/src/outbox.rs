//! The outbox of one connection: a bounded queue of what it is sent, and how long nothing has been
//! read from it.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Bytes;

use crate::payload::{NextChunk, Payload};

/// The most messages that wait for one page. Pages share them, so each costs a pointer.
const MAX_QUEUED: usize = 16;

/// A connection is dead when nothing was read from it for this long although something waits.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection is active if something was read from it this lately.
const ACTIVE: Duration = Duration::from_millis(100);

/// The longest that one message may take, however steadily it is read: until then it takes memory.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Outbox(Mutex<State>);

#[derive(Debug)]
struct State {
    queue: VecDeque<Message>,
    /// How many chunks of the first message were read.
    chunks: usize,
    /// When the first message became the first.
    first_since: Instant,
    /// When a chunk was last read, or the queue last stopped being empty.
    last_read: Instant,
    /// Chunks read in all.
    total_read: u64,
    kind: Kind,
    lifecycle: Lifecycle,
    waker: Option<Waker>,
}

/// A payload, with the ending that only this connection gets.
#[derive(Debug)]
struct Message {
    payload: Arc<Payload>,
    end: Option<Bytes>,
}

#[derive(Debug)]
enum Kind {
    /// One document. The connection ends with it.
    Document,
    /// The feed of a page. It goes on.
    Feed {
        /// The ending of its snapshots.
        snapshot_end: Bytes,
        /// Whether it needs a snapshot, because it is new or could not keep up. It gets one when
        /// its queue is empty.
        needs_snapshot: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lifecycle {
    Open,
    /// Ends after what is queued.
    Closing,
    /// Ends at once. A document then ends with an error, so that nobody takes a part of it for the
    /// whole.
    Aborted,
}

impl Outbox {
    pub(crate) fn document(document: Arc<Payload>, now: Instant) -> Self {
        Self::new(Kind::Document, [Message { payload: document, end: None }].into(), now)
    }

    pub(crate) fn feed(snapshot_end: Bytes, now: Instant) -> Self {
        Self::new(Kind::Feed { snapshot_end, needs_snapshot: true }, VecDeque::new(), now)
    }

    fn new(kind: Kind, queue: VecDeque<Message>, now: Instant) -> Self {
        Self(Mutex::new(State {
            queue,
            chunks: 0,
            first_since: now,
            last_read: now,
            total_read: 0,
            kind,
            lifecycle: Lifecycle::Open,
            waker: None,
        }))
    }

    /// How long nothing was read although something waits.
    pub(crate) fn stalled(&self, now: Instant) -> Duration {
        let state = self.state();
        if state.queue.is_empty() { Duration::ZERO } else { now.saturating_duration_since(state.last_read) }
    }

    /// The connection with the highest priority is evicted first: one that does not read what
    /// waits, then one for which nothing waits, last one that is new or active; among equals, the
    /// one that has read least.
    pub(crate) fn eviction_priority(&self, now: Instant) -> (u8, Reverse<u64>) {
        let state = self.state();
        let class = if state.queue.is_empty() {
            // A new one has nothing to read until the sampler sends the snapshot.
            u8::from(state.total_read > 0)
        } else if now.saturating_duration_since(state.last_read) >= ACTIVE {
            2
        } else {
            0
        };
        (class, Reverse(state.total_read))
    }

    pub(crate) fn wants_snapshot(&self) -> bool {
        let state = self.state();
        state.queue.is_empty() && matches!(state.kind, Kind::Feed { needs_snapshot: true, .. })
    }

    /// Queues a delta. If the queue is full, the page gets a snapshot instead once it has read the
    /// message that it is reading now.
    pub(crate) fn push_delta(&self, delta: &Arc<Payload>, now: Instant) {
        let mut state = self.state();
        let is_full = state.queue.len() >= MAX_QUEUED;
        let Kind::Feed { needs_snapshot, .. } = &mut state.kind else { return };
        if *needs_snapshot {
            return;
        }
        if is_full {
            *needs_snapshot = true;
            state.queue.truncate(1);
            return;
        }
        state.push(Message { payload: Arc::clone(delta), end: None }, now);
        Self::wake(state);
    }

    /// Queues a snapshot and the deltas since, if the page waits for one.
    pub(crate) fn push_snapshot(&self, snapshot: &Arc<Payload>, deltas: &[Arc<Payload>], now: Instant) {
        let mut state = self.state();
        if !state.queue.is_empty() {
            return;
        }
        let Kind::Feed { needs_snapshot, snapshot_end } = &mut state.kind else { return };
        if !std::mem::take(needs_snapshot) {
            return;
        }
        let end = Some(snapshot_end.clone());
        state.push(Message { payload: Arc::clone(snapshot), end }, now);
        for delta in deltas {
            state.push(Message { payload: Arc::clone(delta), end: None }, now);
        }
        Self::wake(state);
    }

    /// Ends the connection after what is queued.
    pub(crate) fn close(&self) {
        self.end(Lifecycle::Closing);
    }

    /// Ends the connection at once.
    pub(crate) fn abort(&self) {
        self.end(Lifecycle::Aborted);
    }

    /// Whether nobody reads what waits, or too slowly.
    pub(crate) fn is_dead(&self, now: Instant) -> bool {
        let state = self.state();
        let since = |instant| now.saturating_duration_since(instant);
        !state.queue.is_empty() && (since(state.last_read) > READ_TIMEOUT || since(state.first_since) > MESSAGE_TIMEOUT)
    }

    fn end(&self, lifecycle: Lifecycle) {
        let mut state = self.state();
        state.end(lifecycle);
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

    /// The next chunk to send.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        // Cloned before the lock is taken, and the waker that it replaces is dropped after it is
        // released: wakers run code of the runtime.
        let waker = cx.waker().clone();
        let mut state = self.state();
        let next = state.next(Instant::now());
        let replaced = if next.is_pending() { state.waker.replace(waker) } else { None };
        drop(state);
        drop(replaced);
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, message: Message, now: Instant) {
        if self.queue.is_empty() {
            (self.first_since, self.last_read) = (now, now);
        }
        self.queue.push_back(message);
    }

    fn end(&mut self, lifecycle: Lifecycle) {
        if lifecycle == Lifecycle::Aborted {
            // The connection may never poll again, so its memory is freed now.
            self.queue.clear();
        }
        if self.lifecycle != Lifecycle::Aborted {
            self.lifecycle = lifecycle;
        }
    }

    fn next(&mut self, now: Instant) -> Poll<Option<io::Result<Bytes>>> {
        while let Some(message) = self.queue.front_mut() {
            self.last_read = now;
            match message.payload.chunk(self.chunks) {
                NextChunk::Chunk(chunk) => {
                    self.chunks += 1;
                    self.total_read += 1;
                    return Poll::Ready(Some(Ok(chunk)));
                }
                NextChunk::End => {
                    let end = message.end.take();
                    self.queue.pop_front();
                    (self.chunks, self.first_since) = (0, now);
                    if let Some(end) = end {
                        return Poll::Ready(Some(Ok(end)));
                    }
                }
                NextChunk::Revoked => self.end(Lifecycle::Aborted),
            }
        }
        match (self.lifecycle, &self.kind) {
            (Lifecycle::Aborted, Kind::Document) => Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into()))),
            (Lifecycle::Aborted | Lifecycle::Closing, _) | (Lifecycle::Open, Kind::Document) => Poll::Ready(None),
            (Lifecycle::Open, Kind::Feed { .. }) => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::PayloadWriter;

    fn document(text: &str) -> Arc<Payload> {
        let mut writer = PayloadWriter::default();
        writer.text(text);
        Arc::new(writer.finish())
    }

    fn feed(now: Instant) -> Outbox {
        Outbox::feed(Bytes::from_static(b",\"viewer\":\"id\"}\n\n"), now)
    }

    /// All that can be read now; `Err` if the outbox was aborted.
    fn read(outbox: &Outbox) -> Result<String, String> {
        let mut text = String::new();
        let cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(chunk)) = outbox.poll(&cx) {
            match chunk {
                Ok(chunk) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
                Err(_) => return Err(text),
            }
        }
        Ok(text)
    }

    #[test]
    fn a_page_gets_a_snapshot_with_its_viewer_id_and_then_deltas() {
        let now = Instant::now();
        let outbox = feed(now);
        outbox.push_delta(&document("early"), now);
        assert_eq!(read(&outbox).unwrap(), "");
        outbox.push_snapshot(&document("{snapshot"), &[document("since")], now);
        outbox.push_delta(&document("news"), now);
        assert_eq!(read(&outbox).unwrap(), "{snapshot,\"viewer\":\"id\"}\n\nsincenews");
    }

    #[test]
    fn a_page_that_stops_reading_queues_little_and_gets_a_snapshot_when_it_reads_again() {
        let now = Instant::now();
        let outbox = feed(now);
        outbox.push_snapshot(&document("{snapshot"), &[], now);
        for _ in 0..10_000 {
            outbox.push_delta(&document("news"), now);
            outbox.push_snapshot(&document("too early"), &[], now);
        }
        assert_eq!(outbox.state().queue.len(), 1);
        assert!(!outbox.wants_snapshot(), "the first message is read to its end first");
        assert_eq!(read(&outbox).unwrap(), "{snapshot,\"viewer\":\"id\"}\n\n");
        assert!(outbox.wants_snapshot());
        outbox.push_snapshot(&document("{anew"), &[], now);
        outbox.push_delta(&document("news"), now);
        assert_eq!(read(&outbox).unwrap(), "{anew,\"viewer\":\"id\"}\n\nnews");
    }

    #[test]
    fn a_connection_that_never_reads_is_dead_and_aborting_it_frees_its_memory() {
        let now = Instant::now();
        let (outbox, snapshot) = (feed(now), document("{snapshot"));
        outbox.push_snapshot(&snapshot, &[], now);
        assert!(!outbox.is_dead(now + READ_TIMEOUT));
        assert!(outbox.is_dead(now + READ_TIMEOUT + Duration::from_nanos(1)));
        outbox.abort();
        assert_eq!(Arc::strong_count(&snapshot), 1);
        let idle = feed(now);
        assert!(!idle.is_dead(now + MESSAGE_TIMEOUT * 2), "nothing waits");
    }

    #[test]
    fn a_connection_that_reads_too_slowly_is_dead_too() {
        let begin = Instant::now();
        let outbox = Outbox::document(document(&"x".repeat(1_000_000)), begin);
        let (mut now, mut chunks) = (begin, 0);
        while !outbox.is_dead(now) {
            assert!(outbox.state().next(now).is_ready());
            (now, chunks) = (now + Duration::from_secs(5), chunks + 1);
        }
        assert_eq!((now - begin, chunks), (MESSAGE_TIMEOUT + Duration::from_secs(5), 13));
    }

    #[test]
    fn a_document_ends_and_one_that_is_aborted_or_revoked_ends_with_an_error() {
        let now = Instant::now();
        let whole = Outbox::document(document("whole"), now);
        assert_eq!(read(&whole).unwrap(), "whole");
        let aborted = Outbox::document(document("aborted"), now);
        aborted.abort();
        assert_eq!(read(&aborted), Err(String::new()));
        let payload = document("revoked");
        let revoked = Outbox::document(Arc::clone(&payload), now);
        payload.revoke();
        assert_eq!(read(&revoked), Err(String::new()));
    }
}
