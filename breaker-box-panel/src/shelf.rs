//! Answers that were made and are good until something changes: however many ask, each is made
//! once.
//!
//! Making takes a part of one core at the most, whatever is asked for: after each making there is a
//! rest of several times its length ([`Rests`]). And all answers that are being sent take so much
//! memory at the most: beyond it the oldest are taken back from who still reads them.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::answers::{Question, Wanted};
use crate::document::Document;

/// How long an answer that something has changed since is still good while there is no time to make
/// another.
const BEAT: Duration = Duration::from_secs(1);

/// Answers that are kept at the most.
const KEPT: usize = 64;

/// Bytes of all documents together that are kept or being sent; the newest is let live whatever its
/// size.
const BYTES: usize = 24 << 20;

#[derive(Debug)]
pub(crate) struct Shelf {
    kept: Vec<Kept>,
    /// Everything for new pages, and what they were told since it was written down.
    everything: Option<(Arc<Document>, Vec<Arc<Document>>)>,
    /// All that may still be somewhere, oldest first.
    made: Vec<Weak<Document>>,
    rests: Rests,
}

/// Until when nothing is made, for each kind of answer: who asks for this and that part of the list
/// without end keeps nobody waiting who wants what all want, or one circuit. Pages may take a
/// quarter of one core, the others an eighth each.
#[derive(Debug)]
struct Rests {
    pages: Instant,
    /// All circuits, and the timeline: the same for everybody.
    whole: Instant,
    parts: Instant,
    details: Instant,
}

impl Rests {
    const OF_PAGES: u32 = 4;
    const OF_OTHERS: u32 = 8;

    fn of(&mut self, question: &Question) -> &mut Instant {
        match question {
            Question::Circuits(wanted) if *wanted != Wanted::default() => &mut self.parts,
            Question::Circuits(_) | Question::Timeline => &mut self.whole,
            Question::Details(_) => &mut self.details,
        }
    }
}

#[derive(Debug)]
struct Kept {
    question: Question,
    answer: Option<Arc<Document>>,
    made: Instant,
    is_current: bool,
}

/// Messages since everything was written down, at the most; then it is written down anew.
const SINCE: usize = 8;

impl Shelf {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            kept: Vec::new(),
            everything: None,
            made: Vec::new(),
            rests: Rests { pages: now, whole: now, parts: now, details: now },
        }
    }

    /// From when on this may be answered, if it is not on the shelf.
    pub(crate) fn rest(&mut self, question: &Question) -> Instant {
        *self.rests.of(question)
    }

    /// From when on everything may be written down again.
    pub(crate) const fn rest_of_pages(&self) -> Instant {
        self.rests.pages
    }

    /// Something has changed: what is kept is old.
    pub(crate) fn changed(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.is_current = false);
    }

    /// Pages were told of what changed.
    pub(crate) fn told(&mut self, message: &Arc<Document>) {
        match &mut self.everything {
            Some((_, since)) if since.len() < SINCE => since.push(Arc::clone(message)),
            _ => self.everything = None,
        }
    }

    /// Nobody was told of what changed.
    pub(crate) fn not_told(&mut self) {
        self.everything = None;
    }

    /// The answer to a question; the outer `None` if it cannot be had now.
    #[expect(clippy::option_option, reason = "no answer now, and nothing to answer, are two things")]
    pub(crate) fn answer(
        &mut self,
        question: &Question,
        now: Instant,
        make: impl FnOnce() -> Option<Document>,
    ) -> Option<Option<Arc<Document>>> {
        let may_make = *self.rests.of(question) <= now;
        self.kept.retain(|kept| kept.is_current || now.saturating_duration_since(kept.made) < BEAT);
        if let Some(kept) = self.kept.iter().find(|kept| kept.question == *question) {
            if kept.is_current || !may_make {
                return Some(kept.answer.clone());
            }
        }
        if !may_make {
            return None;
        }
        let answer = self.keep_in_mind(make());
        *self.rests.of(question) = now + now.elapsed().saturating_mul(Rests::OF_OTHERS);
        self.kept.retain(|kept| kept.question != *question);
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        let kept = Kept { question: question.clone(), answer: answer.clone(), made: now, is_current: true };
        self.kept.push(kept);
        Some(answer)
    }

    /// Everything, and what pages were told since; `None` if it cannot be had now.
    pub(crate) fn everything(
        &mut self,
        now: Instant,
        make: impl FnOnce() -> Document,
    ) -> Option<(Arc<Document>, &[Arc<Document>])> {
        if self.everything.is_none() && self.rests.pages <= now {
            let document = self.keep_in_mind(Some(make()))?;
            self.rests.pages = now + now.elapsed().saturating_mul(Rests::OF_PAGES);
            self.everything = Some((document, Vec::new()));
        }
        self.everything.as_ref().map(|(document, since)| (Arc::clone(document), since.as_slice()))
    }

    fn keep_in_mind(&mut self, document: Option<Document>) -> Option<Arc<Document>> {
        let document = Arc::new(document?);
        self.made.push(Arc::downgrade(&document));
        self.limit_memory();
        Some(document)
    }

    fn limit_memory(&mut self) {
        self.made.retain(|document| document.strong_count() > 0);
        let mut bytes = 0;
        for document in self.made.iter().rev().filter_map(Weak::upgrade) {
            let is_newest = bytes == 0;
            bytes += document.len();
            if bytes > BYTES && !is_newest {
                document.take_back();
                self.kept.retain(|kept| kept.answer.as_ref().is_none_or(|answer| !Arc::ptr_eq(answer, &document)));
                if self.everything.as_ref().is_some_and(|(everything, _)| Arc::ptr_eq(everything, &document)) {
                    self.everything = None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Next, Writer};

    fn document(len: usize) -> Document {
        let mut writer = Writer::default();
        writer.text(&"x".repeat(len));
        writer.finish()
    }

    fn circuits(name: &str) -> Question {
        Question::Circuits(Wanted { name: Some(name.to_owned()), ..Wanted::default() })
    }

    /// A moment at which there is time again.
    fn later(shelf: &Shelf) -> Instant {
        let Rests { pages, whole, parts, details } = shelf.rests;
        [pages, whole, parts, details].into_iter().fold(Instant::now(), Instant::max)
    }

    #[test]
    fn many_who_ask_the_same_share_one_answer_until_something_changes() {
        let mut shelf = Shelf::new(Instant::now());
        let now = later(&shelf);
        let first = shelf.answer(&Question::Timeline, now, || Some(document(9))).unwrap().unwrap();
        for _ in 0..1_000 {
            let again = shelf.answer(&Question::Timeline, now, || panic!("it is there")).unwrap().unwrap();
            assert!(Arc::ptr_eq(&first, &again));
        }
        shelf.changed();
        let now = later(&shelf);
        let anew = shelf.answer(&Question::Timeline, now, || Some(document(9))).unwrap().unwrap();
        assert!(!Arc::ptr_eq(&first, &anew));
    }

    #[test]
    fn while_there_is_no_time_an_answer_of_a_moment_ago_will_do_and_what_is_not_there_has_to_wait() {
        let mut shelf = Shelf::new(Instant::now());
        let now = later(&shelf);
        let old = shelf.answer(&Question::Timeline, now, || Some(document(9))).unwrap().unwrap();
        shelf.changed();
        (shelf.rests.whole, shelf.rests.parts) = (now + BEAT * 9, now + BEAT * 9);
        let again = shelf.answer(&Question::Timeline, now, || panic!("no time")).unwrap().unwrap();
        assert!(Arc::ptr_eq(&old, &again));
        assert!(shelf.answer(&circuits("a"), now, || panic!("no time")).is_none());
        assert!(shelf.answer(&Question::Timeline, now + BEAT, || panic!("no time")).is_none(), "too old");
        // They keep nobody waiting who wants something else.
        assert!(shelf.answer(&Question::Details("a".into()), now, || None).is_some());
        assert!(shelf.everything(now, || document(9)).is_some());
    }

    #[test]
    fn making_is_followed_by_a_rest() {
        let mut shelf = Shelf::new(Instant::now());
        let now = later(&shelf);
        let long = Duration::from_millis(2);
        let make = || {
            while now.elapsed() < long {
                std::thread::yield_now();
            }
            Some(document(1))
        };
        shelf.answer(&Question::Timeline, now, make).unwrap();
        assert!(shelf.rest(&Question::Timeline) >= now + long * Rests::OF_OTHERS);
    }

    #[test]
    fn a_new_page_gets_what_was_written_down_and_all_that_was_told_since() {
        let mut shelf = Shelf::new(Instant::now());
        let now = later(&shelf);
        let (first, since) = shelf.everything(now, || document(9)).unwrap();
        assert!(since.is_empty());
        let told: Vec<_> = (0..3).map(|_| Arc::new(document(1))).collect();
        for message in &told {
            shelf.told(message);
        }
        let (again, since) = shelf.everything(now, || panic!("it is there")).unwrap();
        assert!(Arc::ptr_eq(&first, &again) && since.len() == 3);
        shelf.not_told();
        let now = later(&shelf);
        assert!(!Arc::ptr_eq(&first, &shelf.everything(now, || document(9)).unwrap().0));
    }

    #[test]
    fn whatever_is_asked_for_and_however_slowly_it_is_read_the_memory_is_bounded() {
        let mut shelf = Shelf::new(Instant::now());
        let mut read_slowly = Vec::new();
        for number in 0..20 {
            let now = later(&shelf);
            read_slowly.push(
                shelf.answer(&circuits(&number.to_string()), now, || Some(document(BYTES / 3))).unwrap().unwrap(),
            );
        }
        let alive = read_slowly.iter().filter(|document| matches!(document.piece(0), Next::Piece(_))).count();
        assert_eq!(alive, 3);
        assert!(matches!(read_slowly.last().unwrap().piece(0), Next::Piece(_)), "the newest lives");
        assert_eq!(shelf.kept.len(), 3);
    }
}
