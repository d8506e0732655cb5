//! Who is being sent something: open pages and long answers, all of them bounded in number, memory
//! and patience.
//!
//! A connection that does not read tells nobody so, and it looks as one that does until the
//! system's buffers are full. So a page shows that it reads: it is told the name of its place at
//! the end of the first message, and says it again now and then ([`Lines::shows_life`]). Where
//! there is no room for another, a place that shows no life is given up for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::document::Document;
use crate::line::{Line, Sent};
use crate::refusal::Refusal;

/// For so long a page that has shown life keeps its place, come who may. It does so every ten
/// seconds.
const ALIVE: Duration = Duration::from_secs(35);

/// Long answers that are sent at once, at the most.
const ANSWERS: usize = 16;

/// An answer that nobody has taken a piece of for so long makes room for another.
const STALLED: Duration = Duration::from_secs(1);

/// How many may be sent something at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) pages: usize,
    pub(crate) pages_of_client: usize,
}

/// All that is being sent.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) limits: Limits,
    lists: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    /// Oldest first.
    pages: Vec<Page>,
    answers: Vec<Arc<Line>>,
    closed: bool,
}

#[derive(Debug)]
struct Page {
    line: Arc<Line>,
    client: Option<Client>,
    place: String,
    /// When it last showed that it reads.
    seen: Option<Instant>,
}

impl Page {
    fn is_alive(&self, now: Instant) -> bool {
        self.seen.is_some_and(|seen| now.saturating_duration_since(seen) < ALIVE)
    }
}

impl Lines {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, lists: Mutex::default() }
    }

    /// A place for another page, which `place` names. It is sent everything next.
    pub(crate) fn open_page(
        self: &Arc<Self>,
        client: Option<Client>,
        place: String,
        now: Instant,
    ) -> Result<Sent, Refusal> {
        let mut lists = self.lists();
        if lists.closed {
            return Err(Refusal::Unavailable);
        }
        let gives_up = lists.page_to_give_up(client, self.limits, now)?.map(|place| lists.pages.remove(place));
        let line = Arc::new(Line::page(&place, now));
        lists.pages.push(Page { line: Arc::clone(&line), client, place, seen: None });
        // Outside the lock, as everything that wakes a connection: that runs code of the runtime,
        // which may come back here.
        drop(lists);
        if let Some(page) = gives_up {
            page.line.cut();
        }
        Ok(Sent::new(line, Arc::clone(self)))
    }

    /// Notes that the page of this place reads what it is sent; whether there is such a page.
    pub(crate) fn shows_life(&self, place: &[u8], now: Instant) -> bool {
        let mut lists = self.lists();
        let page = lists.pages.iter_mut().find(|page| page.place.as_bytes() == place);
        page.map(|page| page.seen = Some(now)).is_some()
    }

    /// Sends a long answer. Where too many are under way, the one that has stalled for longest is
    /// given up.
    pub(crate) fn send(self: &Arc<Self>, document: Arc<Document>, now: Instant) -> Result<Sent, Refusal> {
        let mut lists = self.lists();
        let mut gives_up = None;
        if lists.answers.len() >= ANSWERS {
            let stalled = lists.answers.iter().enumerate().max_by_key(|(_, line)| line.stalled(now));
            let stalled = stalled.filter(|(_, line)| line.stalled(now) >= STALLED).map(|(place, _)| place);
            gives_up = Some(lists.answers.remove(stalled.ok_or(Refusal::Busy)?));
        }
        let line = Arc::new(Line::answer(document, now));
        lists.answers.push(Arc::clone(&line));
        drop(lists);
        if let Some(line) = gives_up {
            line.cut();
        }
        Ok(Sent::new(line, Arc::clone(self)))
    }

    /// Whether no page is open.
    pub(crate) fn no_pages(&self) -> bool {
        self.lists().pages.is_empty()
    }

    /// Whether a page waits for everything, because it is new or could not keep up.
    pub(crate) fn wants_everything(&self) -> bool {
        self.pages().iter().any(|line| line.wants_everything())
    }

    /// Sends a message to all pages that keep up.
    pub(crate) fn tell(&self, message: &Arc<Document>, now: Instant) {
        self.pages().iter().for_each(|line| line.tell(message, now));
    }

    /// Sends everything, and what has changed since it was written down, to the pages that wait for
    /// it.
    pub(crate) fn tell_everything(&self, everything: &Arc<Document>, since: &[Arc<Document>], now: Instant) {
        self.pages().iter().for_each(|line| line.tell_everything(everything, since, now));
    }

    /// Gives up the lines that nobody reads.
    pub(crate) fn review(&self, now: Instant) {
        let mut lists = self.lists();
        let mut dead = Vec::new();
        lists.pages.retain(|page| {
            let is_dead = page.line.is_dead(now);
            dead.extend(is_dead.then(|| Arc::clone(&page.line)));
            !is_dead
        });
        lists.answers.retain(|line| {
            let is_dead = line.is_dead(now);
            dead.extend(is_dead.then(|| Arc::clone(line)));
            !is_dead
        });
        drop(lists);
        for line in dead {
            line.cut();
        }
    }

    /// The line has ended, or its connection has.
    pub(crate) fn leave(&self, line: &Arc<Line>) {
        let mut lists = self.lists();
        lists.pages.retain(|page| !Arc::ptr_eq(&page.line, line));
        lists.answers.retain(|other| !Arc::ptr_eq(other, line));
    }

    /// Ends all lines, and lets no other begin.
    pub(crate) fn close(&self) {
        let mut lists = self.lists();
        lists.closed = true;
        let pages = std::mem::take(&mut lists.pages);
        // What is under way may come to its end.
        lists.answers.clear();
        drop(lists);
        for page in pages {
            page.line.end();
        }
    }

    fn pages(&self) -> Vec<Arc<Line>> {
        self.lists().pages.iter().map(|page| Arc::clone(&page.line)).collect()
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    /// Which page has to go for another one of this client, if any has to.
    fn page_to_give_up(&self, client: Option<Client>, limits: Limits, now: Instant) -> Result<Option<usize>, Refusal> {
        let own = self.count(client);
        let dead = |page: &&Page| !page.is_alive(now);
        if client.is_some() && own >= limits.pages_of_client {
            let own_dead = self.pages.iter().position(|page| page.client == client && dead(&page));
            return own_dead.map(Some).ok_or(Refusal::TooManyOfClient(limits.pages_of_client));
        }
        if self.pages.len() < limits.pages {
            return Ok(None);
        }
        // Of those that show no life, one of the client that has most, and of those the idlest.
        // Else one of a client that would still have as many as this one.
        let most = |page: &&Page| (self.count(page.client), page.line.idleness(now));
        let has_more = |page: &&Page| client.is_some() && page.client.is_some() && self.count(page.client) > own + 1;
        // Of equals the last one is found, which is the oldest.
        let gives_up = self.pages.iter().rev().filter(dead).max_by_key(most);
        let gives_up = gives_up.or_else(|| self.pages.iter().rev().filter(has_more).max_by_key(most));
        let gives_up = gives_up.ok_or(Refusal::TooManyViewers(limits.pages))?;
        Ok(self.pages.iter().position(|page| Arc::ptr_eq(&page.line, &gives_up.line)))
    }

    fn count(&self, client: Option<Client>) -> usize {
        self.pages.iter().filter(|page| page.client == client).count()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const LIMITS: Limits = Limits { pages: 4, pages_of_client: 2 };

    fn lines() -> Arc<Lines> {
        Arc::new(Lines::new(LIMITS))
    }

    fn client(last: u8) -> Client {
        IpAddr::from([192, 0, 2, last]).into()
    }

    fn document() -> Arc<Document> {
        let mut writer = crate::document::Writer::default();
        writer.text("some text");
        Arc::new(writer.finish())
    }

    fn places(lines: &Lines) -> Vec<String> {
        lines.lists().pages.iter().map(|page| page.place.clone()).collect()
    }

    #[test]
    fn a_newcomer_takes_the_place_of_one_that_shows_no_life() {
        let (lines, now) = (lines(), Instant::now());
        let open = |client, place: &str| lines.open_page(client, place.to_owned(), now);
        let _kept: Vec<_> = ["a", "b", "c", "d"].map(|place| open(None, place).unwrap()).into();
        for alive in [b"a", b"c"] {
            assert!(lines.shows_life(alive, now));
        }
        let _e = open(None, "e").unwrap();
        assert_eq!(places(&lines), ["a", "c", "d", "e"]);
        for alive in [b"d", b"e"] {
            assert!(lines.shows_life(alive, now));
        }
        assert_eq!(open(None, "f").err(), Some(Refusal::TooManyViewers(4)));
        assert!(!lines.shows_life(b"f", now));
        // Life has to be shown again and again.
        assert!(lines.open_page(None, "f".to_owned(), now + ALIVE).is_ok());
    }

    #[test]
    fn a_client_has_so_many_places_and_its_newest_page_takes_that_of_a_dead_one() {
        let (lines, now) = (lines(), Instant::now());
        let open = |client, place: &str| lines.open_page(client, place.to_owned(), now);
        let _kept: Vec<_> = ["a", "b"].map(|place| open(Some(client(1)), place).unwrap()).into();
        assert!(lines.shows_life(b"a", now));
        let _c = open(Some(client(1)), "c").unwrap();
        assert_eq!(places(&lines), ["a", "c"]);
        assert!(lines.shows_life(b"c", now));
        assert_eq!(open(Some(client(1)), "d").err(), Some(Refusal::TooManyOfClient(2)));
        assert!(open(Some(client(2)), "d").is_ok());
    }

    #[test]
    fn who_has_many_places_gives_one_up_for_who_has_none_even_if_all_are_read() {
        let (lines, now) = (lines(), Instant::now());
        let open = |client, place: &str| lines.open_page(client, place.to_owned(), now);
        let _kept: Vec<_> =
            [(1, "a"), (1, "b"), (2, "c"), (3, "d")].map(|(n, p)| open(Some(client(n)), p).unwrap()).into();
        for alive in [b"a", b"b", b"c", b"d"] {
            assert!(lines.shows_life(alive, now));
        }
        let _e = open(Some(client(4)), "e").unwrap();
        assert_eq!(places(&lines), ["b", "c", "d", "e"]);
        assert!(lines.shows_life(b"e", now));
        assert_eq!(open(Some(client(5)), "f").err(), Some(Refusal::TooManyViewers(4)));
    }

    #[test]
    fn ten_thousand_newcomers_from_everywhere_do_not_take_the_place_of_one_that_reads() {
        let (lines, now) = (lines(), Instant::now());
        let _mine = lines.open_page(Some(client(1)), "mine".to_owned(), now).unwrap();
        assert!(lines.shows_life(b"mine", now));
        let mut kept = Vec::new();
        for number in 0..10_000_u32 {
            let client = Some(IpAddr::from((number + 1_000_000).to_be_bytes()).into());
            kept.push(lines.open_page(client, number.to_string(), now).unwrap());
        }
        assert_eq!(places(&lines), ["mine", "9997", "9998", "9999"]);
    }

    #[test]
    fn one_that_leaves_makes_room() {
        let (lines, now) = (lines(), Instant::now());
        drop(lines.open_page(None, "a".to_owned(), now).unwrap());
        assert!(lines.no_pages());
        drop(lines.send(document(), now).unwrap());
        assert!(lines.lists().answers.is_empty());
    }

    #[test]
    fn answers_that_stall_make_room_for_others_and_those_under_way_do_not() {
        let (lines, now) = (lines(), Instant::now());
        let _kept: Vec<_> = (0..ANSWERS).map(|_| lines.send(document(), now).unwrap()).collect();
        assert_eq!(lines.send(document(), now).err(), Some(Refusal::Busy));
        assert!(lines.send(document(), now + STALLED).is_ok());
        assert!(lines.lists().answers.len() < ANSWERS);
    }

    #[test]
    fn a_closed_panel_opens_no_page() {
        let (lines, now) = (lines(), Instant::now());
        let _a = lines.open_page(None, "a".to_owned(), now).unwrap();
        lines.close();
        assert!(lines.no_pages());
        assert_eq!(lines.open_page(None, "b".to_owned(), now).err(), Some(Refusal::Unavailable));
    }
}
