//! Admission beyond the fast path.

use super::Circuit;
use super::completion::{NotAdmitted, Rejection};
use super::nested::RunsOn;
use super::word::{Flags, Ticket, Word};
use crate::clock::tick::{Tick, nanos};
use crate::counters::Count;
use crate::event::{EventKind, EventType};
use crate::machine::{Input, Reply};
use crate::state::State;

impl Circuit {
    /// Admits a call or rejects it. Its caller keeps the circuit in its registry.
    #[inline]
    pub(crate) fn admit<R: RunsOn>(&self) -> Result<Ticket, NotAdmitted> {
        match self.admit_fast() {
            Some(ticket) => Ok(ticket),
            None => self.admit_slow::<R>(),
        }
    }

    /// Admits a call or rejects it, whatever the state.
    #[inline(never)]
    pub(crate) fn admit_slow<R: RunsOn>(&self) -> Result<Ticket, NotAdmitted> {
        let word = self.atomics.word();
        match word.state() {
            State::Closed | State::MetricsOnly if word.has(Flags::LISTED) => self.admit_listed::<R>(),
            State::Closed | State::MetricsOnly | State::Disabled => Ok(self.ticket(word)),
            State::RampingUp => self.admit_share::<R>(word),
            State::Open => self.admit_after_deadline::<R>(word),
            State::ForcedOpen => {
                Err(self.reject(Rejection { state: State::ForcedOpen, retry_after: Rejection::UNKNOWN }))
            }
            State::HalfOpen if self.runs_probe_here(word) && self.is_still(word) => Err(NotAdmitted::Nested),
            State::HalfOpen if word.has_all_probes_out() => self.admit_after_deadline::<R>(word),
            State::HalfOpen => self.admit_locked::<R>(None),
        }
    }

    /// Without the lock, an open circuit rejects until its deadline, and a half-open one with all
    /// slots taken until a probe's time limit.
    fn admit_after_deadline<R: RunsOn>(&self, word: Word) -> Result<Ticket, NotAdmitted> {
        let cold = self.cold();
        let deadline = if word.has_all_probes_out() { cold.probe_limit() } else { cold.deadline() };
        let clock = &self.environment.clock;
        let (now, is_over) = clock.against(deadline);
        if is_over {
            return self.admit_locked::<R>(Some((word, now)));
        }
        match self.rejection_until(cold, deadline, now, word) {
            Some(rejection) => Err(self.reject(rejection)),
            None => self.admit_locked::<R>(None),
        }
    }

    /// While ramping up, without the lock except at the end.
    fn admit_share<R: RunsOn>(&self, word: Word) -> Result<Ticket, NotAdmitted> {
        match self.belongs_to_share(word) {
            Some(true) => Ok(self.ticket(word)),
            Some(false) => Err(self.reject(Rejection { state: State::RampingUp, retry_after: Rejection::UNKNOWN })),
            None => self.admit_locked::<R>(None),
        }
    }

    /// Whether the circuit is still in the generation of this word once the passed time is applied.
    #[cold]
    fn is_still(&self, word: Word) -> bool {
        self.transact(|transaction| {
            transaction.pass_time();
            // State and generation do not change under the lock.
            self.atomics.word().same_generation(word)
        })
    }

    /// Decides under the lock. `seen` is a word, and the time that was read after it.
    #[cold]
    fn admit_locked<R: RunsOn>(&self, seen: Option<(Word, Tick)>) -> Result<Ticket, NotAdmitted> {
        let locked = self.locked.lock();
        // While the circuit is open nothing happens under the lock that such a time could be
        // before.
        let is_as_seen = |word: Word| word.state() == State::Open && word == self.atomics.word();
        let now = match seen {
            Some((word, now)) if is_as_seen(word) => now,
            _ => self.environment.clock.now(),
        };
        let (reply, word) = self.transact_at(now, locked, |transaction| {
            let reply = transaction.step(&Input::CallRequested, None);
            // State and generation do not change under the lock.
            (reply, self.atomics.word())
        });
        match reply {
            Reply::Rejected { retry_after } => {
                let wait = retry_after.map_or(Rejection::UNKNOWN, |wait| nanos(wait).min(Rejection::UNKNOWN - 1));
                Err(self.reject(Rejection { state: word.state(), retry_after: wait }))
            }
            // Its slot is found by this time.
            _ if word.state() == State::HalfOpen => Ok(R::enter(self, Ticket::timed(word, now))),
            // Its place in the list is found by this time.
            _ if word.has(Flags::LISTED) => Ok(Ticket::timed(word, now)),
            _ => Ok(self.ticket(word)),
        }
    }

    /// The usual admission of a circuit that lists its calls: nothing but the list changes.
    #[inline(never)]
    fn admit_listed<R: RunsOn>(&self) -> Result<Ticket, NotAdmitted> {
        let mut locked = self.locked.lock();
        // State and generation do not change under the lock.
        let word = self.atomics.word();
        let now = self.environment.clock.now();
        let is_plain = matches!(word.state(), State::Closed | State::MetricsOnly) && word.has(Flags::LISTED);
        if !is_plain || locked.is_hung(now) {
            drop(locked);
            return self.admit_locked::<R>(None);
        }
        locked.list(now);
        drop(locked);
        Ok(Ticket::timed(word, now))
    }

    #[inline]
    fn ticket(&self, word: Word) -> Ticket {
        if word.has(Flags::TIMED) { Ticket::timed(word, self.environment.clock.now()) } else { Ticket::untimed(word) }
    }

    fn reject(&self, rejection: Rejection) -> NotAdmitted {
        self.counters.add(Count::Rejected);
        self.emit(EventType::Rejected, || EventKind::Rejected { retry_after: rejection.retry_after() });
        NotAdmitted::Rejected(rejection)
    }
}
