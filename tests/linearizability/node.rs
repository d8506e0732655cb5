//! A place in the search: how far every thread has come, what the model is then, and which steps may follow.
//!
//! Operations of one thread keep their order, and one that had returned before another was invoked comes first. Each takes effect in
//! one step, with these exceptions, which are what the breaker allows itself, and nothing more:
//!
//! 1. **Counted a moment later.** A rejection, and a result of a closed circuit that changes no state (a success, an ignored call,
//!    a failure that only lengthens a row), takes effect in a first step and is added to the totals in a second one, before it
//!    returns. The time of such a failure is noted then too.
//! 2. **A success is not looked at twice.** A success that would change nothing ends the row of failures in its first step. In the
//!    second one it is counted, whatever has become of the circuit: it is not judged, it is in the window of the generation that
//!    finds it, and it ends no row any more.
//! 3. **Windows hear of it from the totals**, which others read a moment before what they do takes effect. So it may be in the window
//!    a step later still, but before anything that was invoked after the success had returned, and that looks into windows.
//! 4. **A look takes a moment.** It sees the state first, then the window and the last failure; and each of the totals at a moment of
//!    its own.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

use breaker_box::{Reason, TotalCounts};

use super::history::{History, Number, Recorded, What};
use super::model::{Model, Ticket};
use super::plan::Nanos;
use super::terms::{Ending, Look, Rejection};

#[derive(Clone, Debug)]
pub(crate) struct Node {
    model: Model,
    tickets: BTreeMap<Number, Ticket>,
    /// Operations that are over, for each thread.
    done: Vec<usize>,
    /// What the operation after those still has to do.
    halves: Vec<Half>,
    /// Successes that no window has heard of.
    unheard: Vec<Unheard>,
}

/// What is left of an operation that has begun.
#[derive(Clone, Debug)]
enum Half {
    Nothing,
    /// A success that was looked at, but is not counted.
    Success,
    /// It took effect, but is not in the totals, nor noted as the last failure.
    Totals {
        added: TotalCounts,
        failed: Option<(Nanos, Option<Reason>)>,
    },
    /// A look that has seen nothing yet.
    State,
    /// A look that has seen the state, but not the window nor the last failure.
    Window,
    /// A look that waits for the last of its totals.
    LastTotals,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Unheard {
    thread: usize,
    returned: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The next step of a thread.
    Of(usize),
    /// The windows hear of a success.
    Heard(Unheard),
}

impl Node {
    pub(crate) fn start(history: &History) -> Self {
        let threads = history.threads.len();
        let mut start = Self {
            model: Model::new(history.plan),
            tickets: BTreeMap::new(),
            done: vec![0; threads],
            halves: vec![Half::Nothing; threads],
            unheard: Vec::new(),
        };
        start.attend_looks(history);
        start
    }

    pub(crate) fn is_over(&self, history: &History) -> bool {
        (0..self.done.len()).all(|thread| self.next(thread, history).is_none())
    }

    pub(crate) fn explained(&self) -> usize {
        self.done.iter().sum()
    }

    /// What comes next in each thread, and what the model has to say to it.
    pub(crate) fn left(&self, history: &History) -> Vec<String> {
        let of = |thread| Some(format!("thread {thread}: {:?}", self.next(thread, history)?.what));
        let mut left: Vec<String> = (0..self.done.len()).filter_map(of).collect();
        left.push(format!("the model: {:?}", self.model.look()));
        left
    }

    /// The same for the same place.
    pub(crate) fn fingerprint(&self) -> u64 {
        struct Hashed(DefaultHasher);
        impl fmt::Write for Hashed {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.write(text.as_bytes());
                Ok(())
            }
        }
        let mut hashed = Hashed(DefaultHasher::new());
        // Writing into a hasher never fails.
        let _ = write!(hashed, "{self:?}");
        hashed.0.finish()
    }

    fn next<'a>(&self, thread: usize, history: &'a History) -> Option<&'a Recorded> {
        history.threads[thread].get(self.done[thread])
    }

    /// All steps that may come next, the most likely one first.
    pub(crate) fn steps(&self, history: &History) -> Vec<Step> {
        let mut steps: Vec<Step> = self.unheard.iter().copied().map(Step::Heard).collect();
        let mut threads: Vec<(u64, usize)> = (0..self.done.len())
            .filter(|thread| self.may(*thread, history) && !matches!(self.halves[*thread], Half::LastTotals))
            .filter_map(|thread| Some((self.next(thread, history)?.returned, thread)))
            .collect();
        threads.sort_unstable();
        steps.extend(threads.into_iter().map(|(_, thread)| Step::Of(thread)));
        steps
    }

    /// Whether the next operation of a thread may take effect now: nothing is left that returned before it was invoked.
    fn may(&self, thread: usize, history: &History) -> bool {
        let Some(operation) = self.next(thread, history) else { return false };
        let mut others = (0..self.done.len()).filter_map(|other| self.next(other, history));
        others.all(|other| other.returned >= operation.invoked)
            && (!self.looks_into_windows(&operation.what)
                || self.unheard.iter().all(|success| success.thread != thread && success.returned >= operation.invoked))
    }

    fn looks_into_windows(&self, what: &What) -> bool {
        match what {
            What::Asked { .. } => !self.model.is_closed(),
            What::Settled { number, ending } => match (self.tickets.get(number), ending) {
                (Some(ticket), Ending::Success) => !self.model.takes_success_lightly(*ticket),
                (Some(ticket), Ending::Ignore) => !self.model.is_closed_for(*ticket),
                _ => true,
            },
            What::Advanced(_) | What::SawState(_) | What::SawAvailable(_) => false,
            What::Reported { .. } | What::Ordered(_) | What::Configured(_) | What::Looked(_) => true,
        }
    }

    /// Takes a step; false if the model does otherwise than was seen.
    pub(crate) fn take(&mut self, step: Step, history: &History) -> bool {
        match step {
            Step::Heard(success) => {
                let place = self.unheard.iter().position(|other| *other == success);
                place.map(|place| self.unheard.remove(place));
                self.model.hear_of_success();
            }
            Step::Of(thread) => {
                let Some(operation) = self.next(thread, history) else { return false };
                let half = std::mem::replace(&mut self.halves[thread], Half::Nothing);
                let Some(rest) = self.take_half(half, thread, operation) else { return false };
                if matches!(rest, Half::Nothing) {
                    self.done[thread] += 1;
                }
                self.halves[thread] = rest;
            }
        }
        // Their order is compared elsewhere.
        self.model.take_events();
        self.attend_looks(history)
    }

    /// What is left of an operation after its next step; `None` if the model does otherwise.
    fn take_half(&mut self, half: Half, thread: usize, operation: &Recorded) -> Option<Half> {
        match (half, &operation.what) {
            (Half::Success, _) => {
                self.model.count_success();
                self.unheard.push(Unheard { thread, returned: operation.returned });
                Some(Half::Nothing)
            }
            (Half::Totals { added, failed }, _) => {
                self.model.set_totals(sum(self.model.totals(), added));
                if failed.is_some() {
                    self.model.set_last_failure(failed);
                }
                Some(Half::Nothing)
            }
            (Half::State, What::Looked(seen)) => is_same_state(&self.model.look(), seen).then_some(Half::Window),
            (Half::Window, What::Looked(seen)) => {
                let found = self.model.look();
                let is_as_seen = found.window == seen.window && found.last_failure == seen.last_failure;
                is_as_seen.then_some(Half::LastTotals)
            }
            (Half::Nothing, what) => self.begin(what),
            _ => None,
        }
    }

    fn begin(&mut self, what: &What) -> Option<Half> {
        match what {
            What::Asked { number, rejection } => return self.ask(*number, rejection.as_ref()),
            What::Settled { number, ending } => {
                let ticket = self.tickets.remove(number)?;
                return Some(self.settle(ticket, *ending));
            }
            What::Reported { success: true } => self.model.record(Ending::Success),
            What::Reported { success: false } => {
                self.model.record(Ending::Failure { because: Some("reported") });
            }
            What::Ordered(order) => self.model.order(*order, None),
            What::Configured(plan) => self.model.configure(**plan),
            What::Advanced(duration) => self.model.advance(*duration),
            What::SawState(seen) => return (self.model.look().state == *seen).then_some(Half::Nothing),
            What::SawAvailable(seen) => return (self.model.look().is_available == *seen).then_some(Half::Nothing),
            // Begun by `attend_looks`.
            What::Looked(_) => return None,
        }
        Some(Half::Nothing)
    }

    fn ask(&mut self, number: Number, seen: Option<&Rejection>) -> Option<Half> {
        let before = self.model.totals();
        match (self.model.ask(), seen) {
            (Ok(ticket), None) => {
                self.tickets.insert(number, ticket);
                Some(Half::Nothing)
            }
            (Err(expected), Some(seen)) if expected == *seen => Some(self.count_later(before, None)),
            _ => None,
        }
    }

    fn settle(&mut self, ticket: Ticket, ending: Ending) -> Half {
        let (before, failed_before) = (self.model.totals(), self.model.last_failure());
        match ending {
            Ending::Success if self.model.takes_success_lightly(ticket) => {
                self.model.end_row();
                Half::Success
            }
            Ending::Failure { because: None } if self.model.takes_failure_lightly(ticket) => {
                self.model.settle(ticket, ending);
                let failed = self.model.last_failure();
                self.model.set_last_failure(failed_before);
                self.count_later(before, failed)
            }
            Ending::Ignore if self.model.is_closed_for(ticket) => {
                self.model.settle(ticket, ending);
                self.count_later(before, None)
            }
            _ => {
                self.model.settle(ticket, ending);
                Half::Nothing
            }
        }
    }

    /// Takes back what was added to the totals: it will be seen with the second step only.
    fn count_later(&mut self, before: TotalCounts, failed: Option<(Nanos, Option<Reason>)>) -> Half {
        let added = difference(self.model.totals(), before);
        self.model.set_totals(before);
        Half::Totals { added, failed }
    }

    /// Looks begin as early and end as late as they may, for each of their totals is of some moment between. False if one has seen
    /// what was not.
    fn attend_looks(&mut self, history: &History) -> bool {
        let mut attended = false;
        while !attended {
            attended = true;
            for thread in 0..self.done.len() {
                let Some(Recorded { what: What::Looked(seen), .. }) = self.next(thread, history) else { continue };
                let now = self.model.totals();
                match self.halves[thread] {
                    Half::Nothing if self.may(thread, history) => {
                        if !is_within(now, seen.totals) {
                            return false;
                        }
                        self.halves[thread] = Half::State;
                    }
                    Half::LastTotals if is_within(seen.totals, now) => {
                        self.halves[thread] = Half::Nothing;
                        self.done[thread] += 1;
                        // Others may have waited for it.
                        attended = false;
                    }
                    _ => {}
                }
            }
        }
        true
    }
}

fn is_same_state(found: &Look, seen: &Look) -> bool {
    found.state == seen.state
        && found.failure_count == seen.failure_count
        && found.openings == seen.openings
        && found.opened_at == seen.opened_at
        && found.retry_after == seen.retry_after
}

/// All counts, each in its place.
fn counts(totals: TotalCounts) -> [u64; 9] {
    let TotalCounts { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = totals;
    [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened]
}

/// Whether no count of the first is above that of the second.
fn is_within(low: TotalCounts, high: TotalCounts) -> bool {
    counts(low).iter().zip(counts(high)).all(|(low, high)| *low <= high)
}

fn sum(mut one: TotalCounts, other: TotalCounts) -> TotalCounts {
    combine(&mut one, other, |one, other| *one += other);
    one
}

fn difference(mut one: TotalCounts, other: TotalCounts) -> TotalCounts {
    combine(&mut one, other, |one, other| *one -= other);
    one
}

fn combine(totals: &mut TotalCounts, other: TotalCounts, each: impl Fn(&mut u64, u64)) {
    let TotalCounts { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = totals;
    let all = [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened];
    all.into_iter().zip(counts(other)).for_each(|(one, other)| each(one, other));
}
