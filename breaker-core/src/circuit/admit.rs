//! Asking: may this call run?

use std::num::NonZeroU64;
use std::time::Duration;

use super::Circuit;
use super::cold::Rare;
use super::inside::Place;
use crate::circuit::word::{Flags, Word};
use crate::clock::tick::{Tick, nanos};
use crate::counters::totals::Count;
use crate::event::{EventKind, EventType};
use crate::machine::{Event, Verdict};
use crate::primitive::Ordering;
use crate::state::State;

/// What an admitted call carries until it is settled: the word it was admitted by, which names its
/// generation, and when that was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(super) word: Word,
    started: Started,
}

/// When a call was admitted: a nanosecond later, so that the number leaves zero to whoever keeps
/// it; the highest one where nobody asks for it. Of a probe it is known always, for its slot is
/// found by it.
#[derive(Clone, Copy, Debug)]
struct Started(NonZeroU64);

impl Started {
    const UNTIMED: Self = Self(NonZeroU64::MAX);

    const fn at(tick: Tick) -> Self {
        match NonZeroU64::new(tick.as_nanos().saturating_add(1)) {
            Some(number) => Self(number),
            None => Self::UNTIMED,
        }
    }
}

impl Ticket {
    /// What a call without a circuit carries, and one that is part of a probe.
    pub(crate) const UNGUARDED: Self = Self { word: Word::NONE, started: Started::UNTIMED };

    /// Whether it is of a closed circuit, and so no probe.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.word.is_closed()
    }

    /// Whether this thread runs the body of its probe.
    #[inline]
    pub(crate) const fn is_inside(self) -> bool {
        self.word.has(Flags::INSIDE)
    }

    pub(super) const fn with_word(self, word: Word) -> Self {
        Self { word, ..self }
    }

    /// When it was admitted, if it is timed.
    pub(super) const fn started(self) -> Option<Tick> {
        if self.word.has(Flags::TIMED) { Some(self.admitted()) } else { None }
    }

    /// When it was admitted, of a call that is timed or a probe.
    pub(super) const fn admitted(self) -> Tick {
        let Started(number) = self.started;
        Tick::from_nanos(number.get() - 1)
    }
}

/// Why a call has no ticket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unticketed {
    /// It is part of a probe whose body runs on this thread: it runs and counts nothing.
    Inside,
    Rejected(Rejection),
}

/// Why a call may not run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejection {
    pub(crate) state: State,
    /// In nanoseconds; [`Self::UNKNOWN`] where no time is known. One word, because it goes into the
    /// error as it is.
    pub(crate) retry_after: u64,
}

impl Rejection {
    pub(crate) const UNKNOWN: u64 = u64::MAX;

    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        if self.retry_after == Self::UNKNOWN { None } else { Some(Duration::from_nanos(self.retry_after)) }
    }
}

impl Rare {
    #[inline]
    fn deadline(&self) -> Tick {
        // Acquire: pairs with the stores in `Session::step`, see `rejection_until`.
        Tick::from_nanos(self.deadline.load(Ordering::Acquire))
    }

    fn probe_limit(&self) -> Tick {
        // Acquire: as the deadline.
        Tick::from_nanos(self.probe_limit.load(Ordering::Acquire))
    }
}

impl Circuit {
    /// Admits a call or rejects it.
    #[inline]
    pub(crate) fn admit<P: Place>(&self) -> Result<Ticket, Unticketed> {
        match self.admit_plainly() {
            Some(ticket) => Ok(ticket),
            None => self.admit_by_state::<P>(),
        }
    }

    /// The plain case: closed, in its registry, and nobody asks for the call's time or number.
    #[inline]
    pub(crate) fn admit_plainly(&self) -> Option<Ticket> {
        let word = self.word();
        word.admits_plainly().then_some(Ticket { word, started: Started::UNTIMED })
    }

    /// The plain rejection: open, in its registry, far from the deadline, and nobody wants to hear
    /// of it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in two places only, of which each spares a third of its instructions")]
    pub(crate) fn reject_plainly(&self) -> Option<Rejection> {
        let word = self.word();
        if !word.rejects_plainly() || self.wants(EventType::Rejected) {
            return None;
        }
        let rare = self.rare.get()?;
        let deadline = rare.deadline();
        let now = self.environment.clock.well_before(deadline)?;
        let rejection = self.rejection_until(rare, deadline, now, word)?;
        self.totals.add(Count::Rejected);
        Some(rejection)
    }

    /// Everything but the plain case.
    #[inline(never)]
    pub(crate) fn admit_by_state<P: Place>(&self) -> Result<Ticket, Unticketed> {
        let word = self.word();
        match word.state() {
            State::Closed | State::MetricsOnly | State::Disabled => Ok(self.ticket(word)),
            State::Open => self.admit_after_deadline::<P>(word),
            State::ForcedOpen => {
                Err(self.reject(Rejection { state: State::ForcedOpen, retry_after: Rejection::UNKNOWN }))
            }
            State::HalfOpen if self.runs_here(word) && self.still_stays(word) => Err(Unticketed::Inside),
            State::HalfOpen if word.has_all_probes_out() => self.admit_after_deadline::<P>(word),
            State::HalfOpen => self.admit_locked::<P>(),
        }
    }

    /// An open circuit rejects until its deadline, one with all probes out until their time limit,
    /// both without a lock.
    fn admit_after_deadline<P: Place>(&self, word: Word) -> Result<Ticket, Unticketed> {
        let rare = self.rare();
        let deadline = if word.has_all_probes_out() { rare.probe_limit() } else { rare.deadline() };
        let now = self.environment.clock.before(deadline);
        match now.and_then(|now| self.rejection_until(rare, deadline, now, word)) {
            Some(rejection) => Err(self.reject(rejection)),
            None => self.admit_locked::<P>(),
        }
    }

    /// The rejection by a circuit whose deadline lies ahead, if it still is what `word` says, seen
    /// before the deadline was.
    #[inline]
    fn rejection_until(&self, rare: &Rare, deadline: Tick, now: Tick, word: Word) -> Option<Rejection> {
        // If the deadline is that of a later generation, then the word that preceded it is visible
        // too, and this comparison fails; unless that generation is just being published, by an
        // order that re-arms an open circuit. To be rejected until then is as good an answer.
        if self.word() != word {
            return None;
        }
        if word.has_all_probes_out() {
            return Some(Rejection { state: State::HalfOpen, retry_after: Rejection::UNKNOWN });
        }
        // Acquire: as the deadline. What is left never exceeds the period, though the coarse clock
        // lags behind.
        let opened_at = Tick::from_nanos(rare.opened_at.load(Ordering::Acquire));
        Some(Rejection { state: State::Open, retry_after: left(deadline, now.max(opened_at)) })
    }

    /// Whether the stay that the word tells of goes on, once time has passed.
    #[cold]
    fn still_stays(&self, word: Word) -> bool {
        self.session(|session| {
            session.pass_time();
            // State and generation stand still under the lock.
            self.word().same_generation(word)
        })
    }

    #[cold]
    fn admit_locked<P: Place>(&self) -> Result<Ticket, Unticketed> {
        let (verdict, word, now) = self.session(|session| {
            let verdict = session.step(Event::Asked, None);
            // State and generation stand still under the lock.
            (verdict, self.word(), session.moment.now)
        });
        match verdict {
            Verdict::Rejected { retry_after } => {
                let wait = retry_after.map_or(Rejection::UNKNOWN, |wait| nanos(wait).min(Rejection::UNKNOWN - 1));
                Err(self.reject(Rejection { state: word.state(), retry_after: wait }))
            }
            _ if word.state() == State::HalfOpen => Ok(P::enter(self, self.probe(word, now))),
            _ => Ok(self.ticket(word)),
        }
    }

    fn ticket(&self, word: Word) -> Ticket {
        if word.has(Flags::TRACKED) {
            self.enter_tracked();
        }
        let started = if word.has(Flags::TIMED) { Started::at(self.environment.clock.now()) } else { Started::UNTIMED };
        Ticket { word, started }
    }

    /// The ticket of a probe, by which its slot is found again.
    fn probe(&self, word: Word, admitted: Tick) -> Ticket {
        if word.has(Flags::TRACKED) {
            self.enter_tracked();
        }
        Ticket { word, started: Started::at(admitted) }
    }

    fn reject(&self, rejection: Rejection) -> Unticketed {
        self.totals.add(Count::Rejected);
        self.emit(EventType::Rejected, || EventKind::Rejected { retry_after: rejection.retry_after() });
        Unticketed::Rejected(rejection)
    }

    fn enter_tracked(&self) {
        self.add_holder();
        self.touch();
    }

    pub(super) fn leave_tracked(&self) {
        self.touch();
        self.remove_holder();
    }

    /// Whether the circuit had left its registry when the call came in, where that is tracked.
    pub(crate) fn was_left_by(&self, ticket: Ticket) -> bool {
        ticket.word.has(Flags::TRACKED) && self.is_retired()
    }

    /// Notes the time of a call. A few milliseconds do not matter for idleness.
    pub(super) fn touch(&self) {
        // Relaxed: a time, nothing hangs on it.
        self.rare().last_call.store(self.environment.clock.coarse().as_nanos(), Ordering::Relaxed);
    }
}

/// What is left until a deadline, in nanoseconds; unknown if it never comes. The longest known wait
/// is a nanosecond short of 584 years, so that it is not taken for an unknown one.
const fn left(deadline: Tick, now: Tick) -> u64 {
    if deadline.as_nanos() == Tick::MAX.as_nanos() {
        Rejection::UNKNOWN
    } else {
        deadline.as_nanos().saturating_sub(now.as_nanos())
    }
}
