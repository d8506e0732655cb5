//! Asking: may this call run?

use std::num::NonZeroU64;
use std::time::Duration;

use super::Circuit;
use super::cold::Cold;
use super::nested::RunsOn;
use crate::circuit::word::{Flags, Word};
use crate::clock::tick::{Tick, nanos};
use crate::counters::Count;
use crate::event::{EventKind, EventType};
use crate::machine::{Input, Reply};
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
    pub(crate) const fn is_entered(self) -> bool {
        self.word.has(Flags::ENTERED)
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
pub(crate) enum NotAdmitted {
    /// It is part of a probe whose body runs on this thread: it runs and counts nothing.
    Nested,
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

impl Cold {
    #[inline]
    fn deadline(&self) -> Tick {
        // Acquire: pairs with the stores in `Transaction::step`, see `rejection_until`.
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
    pub(crate) fn admit<P: RunsOn>(&self) -> Result<Ticket, NotAdmitted> {
        match self.admit_fast() {
            Some(ticket) => Ok(ticket),
            None => self.admit_slow::<P>(),
        }
    }

    /// The plain case: closed, in its registry, and nobody asks for the call's time or number.
    #[inline]
    pub(crate) fn admit_fast(&self) -> Option<Ticket> {
        let word = self.word();
        word.admits_fast().then_some(Ticket { word, started: Started::UNTIMED })
    }

    /// The plain rejection: open, in its registry, far from the deadline, and nobody wants to hear
    /// of it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in two places only, of which each spares a third of its instructions")]
    pub(crate) fn reject_fast(&self) -> Option<Rejection> {
        let word = self.word();
        if !word.rejects_fast() || self.wants(EventType::Rejected) {
            return None;
        }
        let cold = self.cold.get()?;
        let deadline = cold.deadline();
        let now = self.environment.clock.well_before(deadline)?;
        let rejection = self.rejection_until(cold, deadline, now, word)?;
        self.counters.add(Count::Rejected);
        Some(rejection)
    }

    /// Everything but the plain case.
    #[inline(never)]
    pub(crate) fn admit_slow<P: RunsOn>(&self) -> Result<Ticket, NotAdmitted> {
        let word = self.word();
        match word.state() {
            State::Closed | State::MetricsOnly | State::Disabled => Ok(self.ticket(word)),
            State::Open => self.admit_after_deadline::<P>(word),
            State::ForcedOpen => {
                Err(self.reject(Rejection { state: State::ForcedOpen, retry_after: Rejection::UNKNOWN }))
            }
            State::HalfOpen if self.runs_probe_here(word) && self.still_stays(word) => Err(NotAdmitted::Nested),
            State::HalfOpen if word.has_all_probes_out() => self.admit_after_deadline::<P>(word),
            State::HalfOpen => self.admit_locked::<P>(),
        }
    }

    /// An open circuit rejects until its deadline, one with all probes out until their time limit,
    /// both without a lock.
    fn admit_after_deadline<P: RunsOn>(&self, word: Word) -> Result<Ticket, NotAdmitted> {
        let cold = self.cold();
        let deadline = if word.has_all_probes_out() { cold.probe_limit() } else { cold.deadline() };
        let now = self.environment.clock.before(deadline);
        match now.and_then(|now| self.rejection_until(cold, deadline, now, word)) {
            Some(rejection) => Err(self.reject(rejection)),
            None => self.admit_locked::<P>(),
        }
    }

    /// The rejection by a circuit whose deadline lies ahead, if it still is what `word` says, seen
    /// before the deadline was.
    #[inline]
    fn rejection_until(&self, cold: &Cold, deadline: Tick, now: Tick, word: Word) -> Option<Rejection> {
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
        let opened_at = Tick::from_nanos(cold.opened_at.load(Ordering::Acquire));
        Some(Rejection { state: State::Open, retry_after: left(deadline, now.max(opened_at)) })
    }

    /// Whether the stay that the word tells of goes on, once time has passed.
    #[cold]
    fn still_stays(&self, word: Word) -> bool {
        self.transact(|transaction| {
            transaction.pass_time();
            // State and generation stand still under the lock.
            self.word().same_generation(word)
        })
    }

    #[cold]
    fn admit_locked<P: RunsOn>(&self) -> Result<Ticket, NotAdmitted> {
        let (reply, word, now) = self.transact(|transaction| {
            let reply = transaction.step(Input::CallRequested, None);
            // State and generation stand still under the lock.
            (reply, self.word(), transaction.moment.now)
        });
        match reply {
            Reply::Rejected { retry_after } => {
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

    fn reject(&self, rejection: Rejection) -> NotAdmitted {
        self.counters.add(Count::Rejected);
        self.emit(EventType::Rejected, || EventKind::Rejected { retry_after: rejection.retry_after() });
        NotAdmitted::Rejected(rejection)
    }

    fn enter_tracked(&self) {
        self.add_pin();
        self.touch();
    }

    pub(super) fn leave_tracked(&self) {
        self.touch();
        self.remove_pin();
    }

    /// Whether the circuit had left its registry when the call came in, where that is tracked.
    pub(crate) fn was_evicted(&self, ticket: Ticket) -> bool {
        ticket.word.has(Flags::TRACKED) && self.is_retired()
    }

    /// Notes the time of a call. A few milliseconds do not matter for idleness.
    pub(super) fn touch(&self) {
        // Relaxed: a time, nothing hangs on it.
        self.cold().last_call.store(self.environment.clock.coarse().as_nanos(), Ordering::Relaxed);
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
