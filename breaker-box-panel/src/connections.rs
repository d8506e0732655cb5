//! All connections that are being sent something: open pages and long documents, bounded in number,
//! memory and time.
//!
//! A connection that does not read cannot be told from one that does until the buffers of the
//! system are full. So a page shows that it reads: the snapshot ends with the id of its viewer, and
//! the page sends it back now and then ([`Connections::keep_alive`]). When the limit is reached, a
//! page that does not is closed for a new one.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_core::Stream;

use crate::client::Client;
use crate::error::ApiError;
use crate::outbox::Outbox;
use crate::payload::Payload;

/// How long a page that has sent its id is never closed for another. It sends it every ten seconds.
const KEEPALIVE: Duration = Duration::from_secs(35);

/// The most long documents that are sent at once.
const MAX_DOCUMENTS: usize = 16;

/// A document that nobody has read from for this long makes room for another.
const STALLED: Duration = Duration::from_secs(1);

/// How many pages may be open at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) viewers: usize,
    pub(crate) viewers_per_client: usize,
}

#[derive(Debug)]
pub(crate) struct Connections {
    pub(crate) limits: Limits,
    lists: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    /// Oldest first.
    viewers: Vec<Viewer>,
    documents: Vec<Arc<Outbox>>,
    closed: bool,
}

/// An open page.
#[derive(Debug)]
struct Viewer {
    outbox: Arc<Outbox>,
    client: Option<Client>,
    id: String,
    /// When it last showed that it reads.
    last_seen: Option<Instant>,
}

impl Viewer {
    fn is_alive(&self, now: Instant) -> bool {
        self.last_seen.is_some_and(|seen| now.saturating_duration_since(seen) < KEEPALIVE)
    }
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, lists: Mutex::default() }
    }

    /// Opens the feed of a page, whose snapshots end with `snapshot_end`. A snapshot comes next.
    pub(crate) fn open_feed(
        self: &Arc<Self>,
        client: Option<Client>,
        id: String,
        snapshot_end: Bytes,
        now: Instant,
    ) -> Result<OutboxStream, ApiError> {
        let mut lists = self.lists();
        if lists.closed {
            return Err(ApiError::Unavailable);
        }
        let evicted = lists.viewer_to_evict(client, self.limits, now)?.map(|index| lists.viewers.remove(index));
        let outbox = Arc::new(Outbox::feed(snapshot_end, now));
        lists.viewers.push(Viewer { outbox: Arc::clone(&outbox), client, id, last_seen: None });
        // Connections are woken outside the lock: a waker runs code of the runtime, which may come
        // back here.
        drop(lists);
        if let Some(viewer) = evicted {
            viewer.outbox.abort();
        }
        Ok(OutboxStream { outbox, connections: Arc::clone(self) })
    }

    /// Notes that a page reads what it is sent. Returns whether it is open.
    pub(crate) fn keep_alive(&self, id: &[u8], now: Instant) -> bool {
        let mut lists = self.lists();
        let viewer = lists.viewers.iter_mut().find(|viewer| viewer.id.as_bytes() == id);
        viewer.map(|viewer| viewer.last_seen = Some(now)).is_some()
    }

    /// Sends a long document. When the limit is reached, the one that has stalled for longest is
    /// aborted.
    pub(crate) fn send(self: &Arc<Self>, document: Arc<Payload>, now: Instant) -> Result<OutboxStream, ApiError> {
        let mut lists = self.lists();
        let mut evicted = None;
        if lists.documents.len() >= MAX_DOCUMENTS {
            let stalled = lists.documents.iter().enumerate().max_by_key(|(_, outbox)| outbox.stalled(now));
            let stalled = stalled.filter(|(_, outbox)| outbox.stalled(now) >= STALLED).map(|(index, _)| index);
            evicted = Some(lists.documents.remove(stalled.ok_or(ApiError::Busy)?));
        }
        let outbox = Arc::new(Outbox::document(document, now));
        lists.documents.push(Arc::clone(&outbox));
        drop(lists);
        if let Some(outbox) = evicted {
            outbox.abort();
        }
        Ok(OutboxStream { outbox, connections: Arc::clone(self) })
    }

    pub(crate) fn has_viewers(&self) -> bool {
        !self.lists().viewers.is_empty()
    }

    /// Whether a page waits for a snapshot, because it is new or could not keep up.
    pub(crate) fn wants_snapshot(&self) -> bool {
        self.feeds().iter().any(|outbox| outbox.wants_snapshot())
    }

    /// Sends a delta to all pages that keep up.
    pub(crate) fn push_delta(&self, delta: &Arc<Payload>, now: Instant) {
        self.feeds().iter().for_each(|outbox| outbox.push_delta(delta, now));
    }

    /// Sends a snapshot and the deltas since to the pages that wait for one.
    pub(crate) fn push_snapshot(&self, snapshot: &Arc<Payload>, deltas: &[Arc<Payload>], now: Instant) {
        self.feeds().iter().for_each(|outbox| outbox.push_snapshot(snapshot, deltas, now));
    }

    /// Aborts the connections that nobody reads.
    pub(crate) fn abort_dead(&self, now: Instant) {
        let mut lists = self.lists();
        let mut dead = Vec::new();
        lists.viewers.retain(|viewer| {
            let is_dead = viewer.outbox.is_dead(now);
            dead.extend(is_dead.then(|| Arc::clone(&viewer.outbox)));
            !is_dead
        });
        lists.documents.retain(|outbox| {
            let is_dead = outbox.is_dead(now);
            dead.extend(is_dead.then(|| Arc::clone(outbox)));
            !is_dead
        });
        drop(lists);
        for outbox in dead {
            outbox.abort();
        }
    }

    /// Ends all feeds, and opens no other. Documents that are being sent may be read to their end.
    pub(crate) fn close(&self) {
        let mut lists = self.lists();
        lists.closed = true;
        let viewers = std::mem::take(&mut lists.viewers);
        lists.documents.clear();
        drop(lists);
        for viewer in viewers {
            viewer.outbox.close();
        }
    }

    fn remove(&self, outbox: &Arc<Outbox>) {
        let mut lists = self.lists();
        lists.viewers.retain(|viewer| !Arc::ptr_eq(&viewer.outbox, outbox));
        lists.documents.retain(|other| !Arc::ptr_eq(other, outbox));
    }

    fn feeds(&self) -> Vec<Arc<Outbox>> {
        self.lists().viewers.iter().map(|viewer| Arc::clone(&viewer.outbox)).collect()
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    /// Which page has to be closed for a new one of this client, if any.
    fn viewer_to_evict(&self, client: Option<Client>, limits: Limits, now: Instant) -> Result<Option<usize>, ApiError> {
        let own = self.count(client);
        let is_silent = |viewer: &&Viewer| !viewer.is_alive(now);
        if client.is_some() && own >= limits.viewers_per_client {
            let own_silent = self.viewers.iter().position(|viewer| viewer.client == client && is_silent(&viewer));
            return own_silent.map(Some).ok_or(ApiError::TooManyViewersOfClient(limits.viewers_per_client));
        }
        if self.viewers.len() < limits.viewers {
            return Ok(None);
        }
        // Among the pages that do not show that they read: one of the client with the most pages,
        // and of those the most expendable. If there is none: one of a client that keeps at least
        // as many pages as this client then has.
        let order = |viewer: &&Viewer| (self.count(viewer.client), viewer.outbox.eviction_priority(now));
        let has_more =
            |viewer: &&Viewer| client.is_some() && viewer.client.is_some() && self.count(viewer.client) > own + 1;
        // In reverse, so that among equals the oldest is found, which is the last.
        let evicted = self.viewers.iter().rev().filter(is_silent).max_by_key(order);
        let evicted = evicted.or_else(|| self.viewers.iter().rev().filter(has_more).max_by_key(order));
        let evicted = evicted.ok_or(ApiError::TooManyViewers(limits.viewers))?;
        Ok(self.viewers.iter().position(|viewer| Arc::ptr_eq(&viewer.outbox, &evicted.outbox)))
    }

    fn count(&self, client: Option<Client>) -> usize {
        self.viewers.iter().filter(|viewer| viewer.client == client).count()
    }
}

/// The body of a response that is sent from an outbox.
#[derive(Debug)]
pub(crate) struct OutboxStream {
    outbox: Arc<Outbox>,
    connections: Arc<Connections>,
}

impl Stream for OutboxStream {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.outbox.poll(cx)
    }
}

impl Drop for OutboxStream {
    /// The connection has ended: it makes room for another.
    fn drop(&mut self) {
        self.connections.remove(&self.outbox);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const LIMITS: Limits = Limits { viewers: 4, viewers_per_client: 2 };

    fn connections() -> Arc<Connections> {
        Arc::new(Connections::new(LIMITS))
    }

    fn client(last: u8) -> Client {
        IpAddr::from([192, 0, 2, last]).into()
    }

    fn open(
        connections: &Arc<Connections>,
        client: Option<Client>,
        id: &str,
        now: Instant,
    ) -> Result<OutboxStream, ApiError> {
        connections.open_feed(client, id.to_owned(), Bytes::new(), now)
    }

    fn document() -> Arc<Payload> {
        let mut writer = crate::payload::PayloadWriter::default();
        writer.text("some text");
        Arc::new(writer.finish())
    }

    fn ids(connections: &Connections) -> Vec<String> {
        connections.lists().viewers.iter().map(|viewer| viewer.id.clone()).collect()
    }

    #[test]
    fn a_new_page_replaces_one_that_does_not_show_that_it_reads() {
        let (connections, now) = (connections(), Instant::now());
        let open = |client, id: &str| open(&connections, client, id, now);
        let _kept: Vec<_> = ["a", "b", "c", "d"].map(|id| open(None, id).unwrap()).into();
        for id in [b"a", b"c"] {
            assert!(connections.keep_alive(id, now));
        }
        let _e = open(None, "e").unwrap();
        assert_eq!(ids(&connections), ["a", "c", "d", "e"]);
        for id in [b"d", b"e"] {
            assert!(connections.keep_alive(id, now));
        }
        assert_eq!(open(None, "f").err(), Some(ApiError::TooManyViewers(4)));
        assert!(!connections.keep_alive(b"f", now));
        // It has to be shown again and again.
        assert!(connections.open_feed(None, "f".to_owned(), Bytes::new(), now + KEEPALIVE).is_ok());
    }

    #[test]
    fn a_client_has_a_limit_and_its_newest_page_replaces_a_silent_one_of_its_own() {
        let (connections, now) = (connections(), Instant::now());
        let open = |client, id: &str| open(&connections, client, id, now);
        let _kept: Vec<_> = ["a", "b"].map(|id| open(Some(client(1)), id).unwrap()).into();
        assert!(connections.keep_alive(b"a", now));
        let _c = open(Some(client(1)), "c").unwrap();
        assert_eq!(ids(&connections), ["a", "c"]);
        assert!(connections.keep_alive(b"c", now));
        assert_eq!(open(Some(client(1)), "d").err(), Some(ApiError::TooManyViewersOfClient(2)));
        assert!(open(Some(client(2)), "d").is_ok());
    }

    #[test]
    fn a_client_with_several_pages_gives_one_up_for_a_client_with_none() {
        let (connections, now) = (connections(), Instant::now());
        let open = |client, id: &str| open(&connections, client, id, now);
        let _kept: Vec<_> =
            [(1, "a"), (1, "b"), (2, "c"), (3, "d")].map(|(n, p)| open(Some(client(n)), p).unwrap()).into();
        for id in [b"a", b"b", b"c", b"d"] {
            assert!(connections.keep_alive(id, now));
        }
        let _e = open(Some(client(4)), "e").unwrap();
        assert_eq!(ids(&connections), ["b", "c", "d", "e"]);
        assert!(connections.keep_alive(b"e", now));
        assert_eq!(open(Some(client(5)), "f").err(), Some(ApiError::TooManyViewers(4)));
    }

    #[test]
    fn ten_thousand_new_pages_from_everywhere_do_not_replace_one_that_reads() {
        let (connections, now) = (connections(), Instant::now());
        let _mine = open(&connections, Some(client(1)), "mine", now).unwrap();
        assert!(connections.keep_alive(b"mine", now));
        let mut kept = Vec::new();
        for number in 0..10_000_u32 {
            let client = Some(IpAddr::from((number + 1_000_000).to_be_bytes()).into());
            kept.push(open(&connections, client, &number.to_string(), now).unwrap());
        }
        assert_eq!(ids(&connections), ["mine", "9997", "9998", "9999"]);
    }

    #[test]
    fn a_connection_that_ends_makes_room() {
        let (connections, now) = (connections(), Instant::now());
        drop(open(&connections, None, "a", now).unwrap());
        assert!(!connections.has_viewers());
        drop(connections.send(document(), now).unwrap());
        assert!(connections.lists().documents.is_empty());
    }

    #[test]
    fn documents_that_stall_make_room_for_others_and_active_ones_do_not() {
        let (connections, now) = (connections(), Instant::now());
        let _kept: Vec<_> = (0..MAX_DOCUMENTS).map(|_| connections.send(document(), now).unwrap()).collect();
        assert_eq!(connections.send(document(), now).err(), Some(ApiError::Busy));
        assert!(connections.send(document(), now + STALLED).is_ok());
        assert!(connections.lists().documents.len() < MAX_DOCUMENTS);
    }

    #[test]
    fn a_closed_panel_opens_no_page() {
        let (connections, now) = (connections(), Instant::now());
        let _a = open(&connections, None, "a", now).unwrap();
        connections.close();
        assert!(!connections.has_viewers());
        assert_eq!(open(&connections, None, "b", now).err(), Some(ApiError::Unavailable));
    }
}
