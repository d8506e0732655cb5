//! A place in the search: how far every thread has come, what the model is then, and which steps
//! may follow.
//!
//! Operations of one thread keep their order, and one that had returned before another was invoked
//! comes first. Each takes effect in one step, with these exceptions, which are what the breaker
//! allows itself, and nothing more:
//!
//! 1. **Counted a moment later.** A rejection, and a result of a closed circuit that changes no
//!    state (a success, an ignored call, a failure that only lengthens a row), takes effect in a
//!    first step and is added to the totals in a second one, before it returns.
//! 2. **A success is not looked at twice.** A success that would change nothing ends the row of
//!    failures in its first step. In the second one it is counted, whatever has become of the
//!    circuit: it is not judged, it is in the window of the generation that finds it, and it ends
//!    no row any more.
//! 3. **Windows hear of it from the totals**, which others read a moment before what they do takes
//!    effect. So it may be in the window a step later still, but before anything that was invoked
//!    after the success had returned, and that looks into windows.
//! 4. **A look takes a moment.** It sees the state first, then the window. Each of the totals is of
//!    a moment of its own, and what is under way at its end may be in them already.
//!
//! The last failure is only for show and not compared here; its rules are held in
//! `breaker-core/tests/schedules/last_failure.rs`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

use breaker_box::{State, Totals};

use super::history::{History, Number, Recorded, What};
use super::model::{Model, Ticket};
use super::terms::{Ending, Look, Rejection};

#[derive(Clone, Debug)]
pub(crate) struct Node {
    model: Model,
    tickets: BTreeMap<Number, Ticket>,
    /// Operations that are over, for each thread.
    done: Vec<usize>,
    /// What the operation after those still has to do.
    halves: Vec<Half>,
    /// Successes that are in no window yet.
    unheard: Vec<Unheard>,
}

/// What remains of an operation that has begun.
#[derive(Clone, Debug)]
enum Half {
    Nothing,
    /// A success that was looked at but not counted yet.
    Success,
    /// It took effect but is not in the totals yet.
    Totals(Totals),
    /// A look that has seen nothing yet.
    State,
    /// A look that has seen the state, but not the window.
    Window,
    /// A look that waits for the last of its totals.
    LastTotals,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unheard {
    thread: usize,
    returned: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The next step of a thread.
    Of(usize),
    /// The windows take up a success.
    Heard(Unheard),
}

impl Node {
    pub(crate) fn start(history: &History) -> Self {
        let threads = history.threads.len();
        let mut start = Self {
            model: Model::new(&history.plan),
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
}

/// # What may come next
impl Node {
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

    /// Whether the next operation of a thread may take effect now: every operation that returned
    /// before it was invoked has taken effect.
    fn may(&self, thread: usize, history: &History) -> bool {
        let Some(operation) = self.next(thread, history) else { return false };
        let mut others = (0..self.done.len()).filter_map(|other| self.next(other, history));
        let may_wait = |success: &Unheard| success.thread != thread && success.returned >= operation.invoked;
        let asks_windows = matches!(self.halves[thread], Half::Nothing) && self.looks_into_windows(&operation.what);
        others.all(|other| other.returned >= operation.invoked) && (!asks_windows || self.unheard.iter().all(may_wait))
    }

    fn looks_into_windows(&self, what: &What) -> bool {
        match what {
            // An open period that is over may end in a circuit that is closed, or ramps up, with an
            // empty window.
            What::Asked { .. } | What::SawGeneration { .. } | What::OrderedSlots { .. } => {
                !self.model.is_closed() && matches!(self.model.look().state, State::Closed | State::RampingUp)
            }
            What::Settled { number, ending } => match (self.tickets.get(number), ending) {
                (Some(ticket), Ending::Success) => !self.model.takes_success_lightly(*ticket),
                (Some(ticket), Ending::Ignore) => !self.model.may_be_counted_later(*ticket),
                _ => true,
            },
            What::Advanced(_) | What::SawState(_) | What::SawAvailable(_) => false,
            What::Reported { .. } | What::Ordered(_) | What::Adopted { .. } | What::Configured(_) | What::Looked(_) => {
                true
            }
        }
    }
}

/// # What it does
impl Node {
    /// Takes a step; false if the model does something other than what was observed.
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
        self.model.take_changes();
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
            (Half::Totals(added), _) => {
                self.model.set_totals(combined(self.model.totals(), added, |one, other| one + other));
                Some(Half::Nothing)
            }
            (Half::State, What::Looked(seen)) => is_same_state(&self.model.look(), seen).then_some(Half::Window),
            (Half::Window, What::Looked(seen)) => (self.model.look().window == seen.window).then_some(Half::LastTotals),
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
            What::Reported { success: false } => self.model.record(Ending::Failure { because: Some("reported") }),
            What::Ordered(order) => self.model.order(*order, None),
            What::SawGeneration { generation, state, left } => {
                let is_same_generation = self.model.generation() == *generation;
                let look = self.model.look();
                return (is_same_generation && look.state == *state && look.retry_after.or(look.ramp_up_left) == *left)
                    .then_some(Half::Nothing);
            }
            What::Adopted { expected, to, came, generation } => {
                let is_same = self.model.adopt(*expected, *to, None) == *came;
                return (is_same && self.model.generation_now() == *generation).then_some(Half::Nothing);
            }
            What::OrderedSlots { generation, order, done } => {
                return (self.model.order_slots(*generation, *order) == *done).then_some(Half::Nothing);
            }
            What::Configured(plan) => self.model.configure(plan),
            What::Advanced(duration) => self.model.advance(*duration),
            What::SawState(seen) => return (self.model.look().state == *seen).then_some(Half::Nothing),
            What::SawAvailable(seen) => {
                let is_same = self.model.is_undecided() || self.model.look().is_available == *seen;
                return is_same.then_some(Half::Nothing);
            }
            // Begun by `attend_looks`.
            What::Looked(_) => return None,
        }
        Some(Half::Nothing)
    }

    fn ask(&mut self, number: Number, seen: Option<&Rejection>) -> Option<Half> {
        let before = self.model.totals();
        match (self.model.ask(seen.is_none()), seen) {
            (Ok(ticket), None) => {
                self.tickets.insert(number, ticket);
                Some(Half::Nothing)
            }
            (Err(expected), Some(seen)) if expected == *seen => Some(self.count_later(before)),
            _ => None,
        }
    }

    fn settle(&mut self, ticket: Ticket, ending: Ending) -> Half {
        let is_counted_later = match ending {
            Ending::Success if self.model.takes_success_lightly(ticket) => {
                self.model.end_row();
                return Half::Success;
            }
            Ending::Failure { because: None } => self.model.takes_failure_lightly(ticket),
            Ending::Ignore => self.model.may_be_counted_later(ticket),
            _ => false,
        };
        let before = self.model.totals();
        self.model.settle(ticket, ending);
        if is_counted_later { self.count_later(before) } else { Half::Nothing }
    }

    /// Takes back what was added to the totals: it will be seen with the second step only.
    fn count_later(&mut self, before: Totals) -> Half {
        let added = combined(self.model.totals(), before, |after, before| after - before);
        self.model.set_totals(before);
        Half::Totals(added)
    }

    /// Looks begin as early and end as late as they may, for each of their totals is of some moment
    /// between. False if one has seen what was not.
    fn attend_looks(&mut self, history: &History) -> bool {
        let mut attended = false;
        while !attended {
            attended = true;
            for thread in 0..self.done.len() {
                let Some(operation) = self.next(thread, history) else { continue };
                let What::Looked(seen) = &operation.what else { continue };
                let now = counts(self.model.look().totals);
                let both = || counts(seen.totals).into_iter().zip(now);
                match self.halves[thread] {
                    Half::Nothing if self.may(thread, history) => {
                        if both().any(|(seen, now)| seen < now) {
                            return false;
                        }
                        self.halves[thread] = Half::State;
                    }
                    Half::LastTotals => {
                        let others = (0..self.done.len()).filter(|other| *other != thread);
                        let next = others.filter_map(|other| self.next(other, history));
                        let under_way = next.filter(|other| other.invoked < operation.returned).count() as u64;
                        if both().all(|(seen, now)| seen <= now + under_way) {
                            self.halves[thread] = Half::Nothing;
                            self.done[thread] += 1;
                            // Others may have been waiting for it.
                            attended = false;
                        }
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
        && found.share == seen.share
        && found.ramp_up_left == seen.ramp_up_left
        && found.in_flight == seen.in_flight
        && found.openings == seen.openings
        && found.opened_at == seen.opened_at
        && found.retry_after == seen.retry_after
}

/// All counts, each in its place.
fn counts(totals: Totals) -> [u64; 9] {
    let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = totals;
    [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened]
}

fn combined(mut one: Totals, other: Totals, each: impl Fn(u64, u64) -> u64) -> Totals {
    let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = &mut one;
    let all = [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened];
    all.into_iter().zip(counts(other)).for_each(|(one, other)| *one = each(*one, other));
    one
}
