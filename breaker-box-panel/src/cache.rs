//! Documents that were built and are still current: each is built once, however many clients ask
//! for it.
//!
//! Building is limited to a part of one core, whatever clients ask for: each build is followed by a
//! cooldown of several times its duration ([`Cooldowns`]). The memory of all documents that are
//! cached or being sent is limited too: beyond [`MAX_BYTES`] the oldest are revoked, even if
//! clients are still reading them.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::documents::{CircuitFilter, DocumentQuery};
use crate::payload::Payload;

/// How old a stale document may be to be served during a cooldown.
const MAX_STALE: Duration = Duration::from_secs(1);

/// The most documents that are cached.
const MAX_CACHED: usize = 64;

/// The most bytes of all documents that are cached or being sent. The newest one is kept whatever
/// its size.
const MAX_BYTES: usize = 24 << 20;

/// The most deltas that a snapshot is completed with; after that it is built anew.
const MAX_DELTAS: usize = 8;

#[derive(Debug)]
pub(crate) struct DocumentCache {
    cached: Vec<Cached>,
    /// The snapshot for new pages, and the deltas that were sent since it was built.
    snapshot: Option<(Arc<Payload>, Vec<Arc<Payload>>)>,
    /// All documents that may still be in memory, oldest first.
    alive: Vec<Weak<Payload>>,
    cooldowns: Cooldowns,
}

/// When the next document of each class may be built. Classes are independent, so that a flood of
/// requests for arbitrary filters delays neither the whole list nor single circuits.
/// Snapshots may take a quarter of one core, the other classes an eighth each.
#[derive(Debug)]
struct Cooldowns {
    snapshots: Instant,
    /// All circuits, and the timeline: the same for everybody.
    whole: Instant,
    /// Lists with a filter.
    filtered: Instant,
    /// Single circuits.
    circuits: Instant,
}

impl Cooldowns {
    /// From the start of one build to that of the next, as a multiple of the time it took.
    const SNAPSHOT: u32 = 4;
    const OTHERS: u32 = 8;

    fn of(&mut self, query: &DocumentQuery) -> &mut Instant {
        match query {
            DocumentQuery::Circuits(filter) if *filter != CircuitFilter::default() => &mut self.filtered,
            DocumentQuery::Circuits(_) | DocumentQuery::Timeline => &mut self.whole,
            DocumentQuery::Circuit(_) => &mut self.circuits,
        }
    }
}

#[derive(Debug)]
struct Cached {
    query: DocumentQuery,
    document: Option<Arc<Payload>>,
    built: Instant,
    is_current: bool,
}

impl DocumentCache {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            cached: Vec::new(),
            snapshot: None,
            alive: Vec::new(),
            cooldowns: Cooldowns { snapshots: now, whole: now, filtered: now, circuits: now },
        }
    }

    /// When this query can be answered if it is not cached.
    pub(crate) fn ready_at(&mut self, query: &DocumentQuery) -> Instant {
        *self.cooldowns.of(query)
    }

    /// When the next snapshot may be built.
    pub(crate) const fn snapshot_ready_at(&self) -> Instant {
        self.cooldowns.snapshots
    }

    /// Marks all documents as stale, because something changed.
    pub(crate) fn mark_stale(&mut self) {
        self.cached.iter_mut().for_each(|cached| cached.is_current = false);
    }

    /// Notes a delta that was sent to pages: it completes the snapshot.
    pub(crate) fn add_delta(&mut self, delta: &Arc<Payload>) {
        match &mut self.snapshot {
            Some((_, deltas)) if deltas.len() < MAX_DELTAS => deltas.push(Arc::clone(delta)),
            _ => self.snapshot = None,
        }
    }

    /// Drops the snapshot, because something changed and no delta was sent.
    pub(crate) fn drop_snapshot(&mut self) {
        self.snapshot = None;
    }

    /// The answer to a query, built with `build` if it is not cached. The outer `None`: not during
    /// this cooldown.
    #[expect(clippy::option_option, reason = "no answer yet, and a circuit that does not exist, are two things")]
    pub(crate) fn get_or_build(
        &mut self,
        query: &DocumentQuery,
        now: Instant,
        build: impl FnOnce() -> Option<Payload>,
    ) -> Option<Option<Arc<Payload>>> {
        let may_build = *self.cooldowns.of(query) <= now;
        self.cached.retain(|cached| cached.is_current || now.saturating_duration_since(cached.built) < MAX_STALE);
        if let Some(cached) = self.cached.iter().find(|cached| cached.query == *query) {
            if cached.is_current || !may_build {
                return Some(cached.document.clone());
            }
        }
        if !may_build {
            return None;
        }
        let document = self.track(build());
        *self.cooldowns.of(query) = now + now.elapsed().saturating_mul(Cooldowns::OTHERS);
        self.cached.retain(|cached| cached.query != *query);
        if self.cached.len() == MAX_CACHED {
            self.cached.remove(0);
        }
        let cached = Cached { query: query.clone(), document: document.clone(), built: now, is_current: true };
        self.cached.push(cached);
        Some(document)
    }

    /// The snapshot and the deltas since, built with `build` if there is none. `None`: not during
    /// this cooldown.
    pub(crate) fn get_or_build_snapshot(
        &mut self,
        now: Instant,
        build: impl FnOnce() -> Payload,
    ) -> Option<(Arc<Payload>, &[Arc<Payload>])> {
        if self.snapshot.is_none() && self.cooldowns.snapshots <= now {
            let snapshot = self.track(Some(build()))?;
            self.cooldowns.snapshots = now + now.elapsed().saturating_mul(Cooldowns::SNAPSHOT);
            self.snapshot = Some((snapshot, Vec::new()));
        }
        self.snapshot.as_ref().map(|(snapshot, deltas)| (Arc::clone(snapshot), deltas.as_slice()))
    }

    /// Shares a document, and counts its memory until the last reference is dropped.
    fn track(&mut self, document: Option<Payload>) -> Option<Arc<Payload>> {
        let document = Arc::new(document?);
        self.alive.push(Arc::downgrade(&document));
        self.limit_memory();
        Some(document)
    }

    fn limit_memory(&mut self) {
        self.alive.retain(|document| document.strong_count() > 0);
        let mut bytes = 0;
        for document in self.alive.iter().rev().filter_map(Weak::upgrade) {
            let is_newest = bytes == 0;
            bytes += document.len();
            if bytes > MAX_BYTES && !is_newest {
                document.revoke();
                self.cached.retain(|cached| cached.document.as_ref().is_none_or(|kept| !Arc::ptr_eq(kept, &document)));
                if self.snapshot.as_ref().is_some_and(|(snapshot, _)| Arc::ptr_eq(snapshot, &document)) {
                    self.snapshot = None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{NextChunk, PayloadWriter};

    fn document(len: usize) -> Payload {
        let mut writer = PayloadWriter::default();
        writer.text(&"x".repeat(len));
        writer.finish()
    }

    fn circuits(name: &str) -> DocumentQuery {
        DocumentQuery::Circuits(CircuitFilter { name: Some(name.to_owned()), ..CircuitFilter::default() })
    }

    /// A moment after all cooldowns.
    fn later(cache: &DocumentCache) -> Instant {
        let Cooldowns { snapshots, whole, filtered, circuits } = cache.cooldowns;
        [snapshots, whole, filtered, circuits].into_iter().fold(Instant::now(), Instant::max)
    }

    #[test]
    fn clients_that_ask_for_the_same_share_one_document_until_something_changes() {
        let mut cache = DocumentCache::new(Instant::now());
        let now = later(&cache);
        let first = cache.get_or_build(&DocumentQuery::Timeline, now, || Some(document(9))).unwrap().unwrap();
        for _ in 0..1_000 {
            let again = cache.get_or_build(&DocumentQuery::Timeline, now, || panic!("it is cached")).unwrap().unwrap();
            assert!(Arc::ptr_eq(&first, &again));
        }
        cache.mark_stale();
        let now = later(&cache);
        let anew = cache.get_or_build(&DocumentQuery::Timeline, now, || Some(document(9))).unwrap().unwrap();
        assert!(!Arc::ptr_eq(&first, &anew));
    }

    #[test]
    fn during_a_cooldown_a_recent_document_is_served_and_others_have_to_wait() {
        let mut cache = DocumentCache::new(Instant::now());
        let now = later(&cache);
        let old = cache.get_or_build(&DocumentQuery::Timeline, now, || Some(document(9))).unwrap().unwrap();
        cache.mark_stale();
        (cache.cooldowns.whole, cache.cooldowns.filtered) = (now + MAX_STALE * 9, now + MAX_STALE * 9);
        let again = cache.get_or_build(&DocumentQuery::Timeline, now, || panic!("during a cooldown")).unwrap().unwrap();
        assert!(Arc::ptr_eq(&old, &again));
        assert!(cache.get_or_build(&circuits("a"), now, || panic!("during a cooldown")).is_none());
        assert!(
            cache.get_or_build(&DocumentQuery::Timeline, now + MAX_STALE, || panic!("during a cooldown")).is_none(),
            "too old"
        );
        // Other classes do not wait.
        assert!(cache.get_or_build(&DocumentQuery::Circuit("a".into()), now, || None).is_some());
        assert!(cache.get_or_build_snapshot(now, || document(9)).is_some());
    }

    #[test]
    fn each_build_is_followed_by_a_cooldown() {
        let mut cache = DocumentCache::new(Instant::now());
        let now = later(&cache);
        let long = Duration::from_millis(2);
        let build = || {
            while now.elapsed() < long {
                std::thread::yield_now();
            }
            Some(document(1))
        };
        cache.get_or_build(&DocumentQuery::Timeline, now, build).unwrap();
        assert!(cache.ready_at(&DocumentQuery::Timeline) >= now + long * Cooldowns::OTHERS);
    }

    #[test]
    fn a_new_page_gets_the_snapshot_and_all_deltas_since() {
        let mut cache = DocumentCache::new(Instant::now());
        let now = later(&cache);
        let (first, since) = cache.get_or_build_snapshot(now, || document(9)).unwrap();
        assert!(since.is_empty());
        let deltas: Vec<_> = (0..3).map(|_| Arc::new(document(1))).collect();
        for delta in &deltas {
            cache.add_delta(delta);
        }
        let (again, since) = cache.get_or_build_snapshot(now, || panic!("it is cached")).unwrap();
        assert!(Arc::ptr_eq(&first, &again) && since.len() == 3);
        cache.drop_snapshot();
        let now = later(&cache);
        assert!(!Arc::ptr_eq(&first, &cache.get_or_build_snapshot(now, || document(9)).unwrap().0));
    }

    #[test]
    fn memory_is_bounded_whatever_clients_ask_for_and_however_slowly_they_read() {
        let mut cache = DocumentCache::new(Instant::now());
        let mut read_slowly = Vec::new();
        for number in 0..20 {
            let now = later(&cache);
            read_slowly.push(
                cache
                    .get_or_build(&circuits(&number.to_string()), now, || Some(document(MAX_BYTES / 3)))
                    .unwrap()
                    .unwrap(),
            );
        }
        let alive = read_slowly.iter().filter(|document| matches!(document.chunk(0), NextChunk::Chunk(_))).count();
        assert_eq!(alive, 3);
        assert!(matches!(read_slowly.last().unwrap().chunk(0), NextChunk::Chunk(_)), "the newest is kept");
        assert_eq!(cache.cached.len(), 3);
    }
}
