//! A naive breaker, written from the table in DESIGN.md. It knows no thread, no word, no ring: it
//! is slow, and easy to believe.

use std::time::Duration;

use breaker_box::{Reason, State, Totals};

use super::happened::{Cause, EventKind};
use super::outcomes::{Outcomes, Part};
use super::plan::{NEVER, Nanos, Plan, later, nanos};
use super::terms::{Ending, Look, Order, Rejection};

/// What an admitted call carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    generation: u64,
    /// Only under a policy that has a limit for how long calls take is a call timed.
    started: Option<Nanos>,
    /// Which of the probes of its stay it is, if it is one.
    probe: Option<usize>,
}

/// One stay in half-open: all probes that it ever let through, in their order.
#[derive(Clone, Debug, Default)]
struct Probes {
    admitted: Vec<Probe>,
    successes: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    at: Nanos,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It holds a slot.
    Out,
    /// It holds none any more, but its result still counts.
    GaveUp,
    /// It was counted as failed; its own result is late.
    TimedOut,
    Back,
}

impl Probes {
    fn out(&self) -> usize {
        self.admitted.iter().filter(|probe| probe.fate == Fate::Out).count()
    }
}

/// What a call means to the circuit, once it is in the totals.
enum Meaning {
    Nothing,
    Success,
    Failure,
    Trip { open_for: Option<Duration>, reason: Option<Reason> },
}

/// Why a dry run would have opened.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Incident {
    Condition,
    Trip,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    plan: Plan,
    now: Nanos,
    state: State,
    generation: u64,
    openings: u32,
    opened_at: Nanos,
    deadline: Nanos,
    probes: Probes,
    outcomes: Outcomes,
    /// The last failure that was counted while closed, for the debounce.
    last_counted: Option<Nanos>,
    /// The incident of a dry run that was told and is not over.
    said: Option<Incident>,
    totals: Totals,
    last_failure: Option<(Nanos, Option<Reason>)>,
    /// The events since they were last taken.
    events: Vec<EventKind>,
}

/// # What happens to it
impl Model {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            now: 0,
            state: State::Closed,
            generation: 0,
            openings: 0,
            opened_at: 0,
            deadline: 0,
            probes: Probes::default(),
            outcomes: Outcomes::default(),
            last_counted: None,
            said: None,
            totals: Totals::default(),
            last_failure: None,
            events: Vec::new(),
        }
    }

    pub(crate) fn advance(&mut self, duration: Duration) {
        self.now += nanos(duration);
    }

    pub(crate) fn ask(&mut self) -> Result<Ticket, Rejection> {
        self.pass_time();
        let admitted = match self.state {
            State::Closed | State::Disabled | State::MetricsOnly => true,
            State::HalfOpen => self.probes.out() < self.plan.half_open_max_calls as usize,
            State::Open | State::ForcedOpen => false,
            other => unreachable!("the model has no state {other}"),
        };
        if admitted {
            let started = self.plan.slow_after().map(|_| self.now);
            let probe = (self.state == State::HalfOpen).then(|| {
                self.probes.admitted.push(Probe { at: self.now, fate: Fate::Out });
                self.probes.admitted.len() - 1
            });
            return Ok(Ticket { generation: self.generation, started, probe });
        }
        let retry_after = self.retry_after();
        self.totals.rejected += 1;
        self.events.push(EventKind::Rejected { retry_after });
        Err(Rejection { state: self.state, retry_after })
    }

    /// Whether a call inside the body of an admitted one is part of it: that is a probe, and its
    /// stay goes on.
    pub(crate) fn is_part_of(&mut self, outer: Ticket) -> bool {
        self.pass_time();
        outer.probe.is_some() && outer.generation == self.generation
    }

    pub(crate) fn settle(&mut self, ticket: Ticket, ending: Ending) {
        self.pass_time();
        let same_stay = ticket.generation == self.generation;
        let probe = ticket.probe.filter(|_| same_stay).map(|number| &mut self.probes.admitted[number]);
        if !same_stay || probe.as_ref().is_some_and(|probe| probe.fate == Fate::TimedOut) {
            // Who panics over a result leaves none that could be late.
            if ending != Ending::Unclassified {
                self.totals.late += 1;
                self.events.push(EventKind::Late);
            }
            return;
        }
        if let Some(probe) = probe {
            probe.fate = Fate::Back;
        }
        let elapsed = ticket.started.map(|started| Duration::from_nanos(self.now - started));
        let longer = |limit: Option<Duration>| elapsed.filter(|elapsed| limit.is_some_and(|limit| *elapsed > limit));
        let ending = match ending {
            // The text is the library's own.
            Ending::Success if longer(self.plan.fail_slower_than).is_some() => {
                Ending::Failure { because: Some("slow") }
            }
            other => other,
        };
        self.count(ending, longer(self.plan.slow_after()));
    }

    /// A call made elsewhere: as settled, but without a slot, and nobody knows how long it took.
    pub(crate) fn record(&mut self, ending: Ending) {
        self.pass_time();
        self.count(ending, None);
    }

    pub(crate) fn order(&mut self, order: Order, because: Option<&'static str>) {
        self.pass_time();
        let cause = Cause::Manual { reason: because.map(Reason::from) };
        match order {
            Order::Open => self.open(self.now, None, cause),
            Order::OpenFor(duration) => self.open(self.now, Some(duration), cause),
            Order::ForceOpen => {
                self.enter(State::ForcedOpen, cause);
                self.opened_at = self.now;
            }
            Order::Close => self.enter(State::Closed, cause),
            Order::Reset => {
                self.enter(State::Closed, cause);
                self.openings = 0;
                self.outcomes.clear();
                self.last_counted = None;
                self.last_failure = None;
            }
            Order::Disable => self.enter(State::Disabled, cause),
            Order::MetricsOnly => self.enter(State::MetricsOnly, cause),
        }
    }

    pub(crate) fn configure(&mut self, plan: Plan) {
        self.pass_time();
        self.outcomes.reconfigure(&self.plan, &plan, self.now);
        if self.plan.debounce.is_zero() {
            // A debounce that is new knows no failure before it.
            self.last_counted = None;
        }
        self.plan = plan;
        self.said = None;
        self.events.push(EventKind::Configured);
        // A time limit that is shorter now may be over already.
        self.pass_time();
    }

    /// Late expiries take effect.
    pub(crate) fn pass_time(&mut self) {
        if self.state == State::HalfOpen {
            self.pass_time_of_probes();
        }
        if self.state == State::Open && self.now >= self.deadline {
            if self.plan.close_on_expiry {
                self.enter(State::Closed, Cause::Expired);
                self.outcomes.clear();
                self.last_counted = None;
            } else {
                self.enter(State::HalfOpen, Cause::Expired);
            }
        }
    }
}

/// # What follows from it
impl Model {
    /// How long a probe holds its slot.
    fn probe_time(&self) -> Duration {
        match (self.plan.half_open_timeout, self.plan.period(self.openings)) {
            (Some(limit), _) => limit,
            // It was opened for an explicit time, in place of one without end.
            (None, Duration::MAX) => Duration::from_nanos((self.deadline - self.opened_at).max(1)),
            (None, period) => period,
        }
    }

    /// Those that have been out too long, the oldest first.
    fn pass_time_of_probes(&mut self) {
        for number in 0..self.probes.admitted.len() {
            let Probe { at, fate } = self.probes.admitted[number];
            let limit = later(at, self.probe_time());
            if fate != Fate::Out || self.now < limit {
                continue;
            }
            if self.plan.half_open_timeout.is_none() {
                self.probes.admitted[number].fate = Fate::GaveUp;
                continue;
            }
            // Under a policy with a limit nobody is in time who was let through before one whose
            // time is over.
            let earlier = self.probes.admitted.iter_mut().filter(|probe| probe.at <= at && probe.fate == Fate::GaveUp);
            earlier.for_each(|probe| probe.fate = Fate::TimedOut);
            self.probes.admitted[number].fate = Fate::TimedOut;
            self.probes.failures += 1;
            if self.probes.failures >= self.plan.half_open_failure_threshold {
                return self.open(limit, None, Cause::HalfOpenTimeout);
            }
        }
    }

    fn enter(&mut self, state: State, cause: Cause) {
        if self.state != state {
            self.events.push(EventKind::StateChanged { from: self.state, to: state, cause });
        }
        if state.is_open() && !self.state.is_open() {
            self.totals.opened += 1;
        }
        self.state = state;
        self.generation += 1;
        self.probes = Probes::default();
        self.said = None;
    }

    fn open(&mut self, at: Nanos, open_for: Option<Duration>, cause: Cause) {
        self.enter(State::Open, cause);
        self.openings += 1;
        self.opened_at = at;
        self.deadline = later(at, open_for.unwrap_or_else(|| self.plan.period(self.openings)));
    }

    fn count(&mut self, ending: Ending, slow: Option<Duration>) {
        if self.state == State::Disabled {
            return;
        }
        if self.said == Some(Incident::Condition) && self.outcomes.opens(&self.plan, self.now).is_none() {
            // Time has emptied the windows.
            self.said = None;
        }
        let meaning = self.add_to_totals(ending, slow);
        match self.state {
            State::Closed | State::MetricsOnly => self.count_closed(meaning, slow.is_some()),
            State::HalfOpen => self.count_probe(meaning, slow.is_some()),
            State::Open | State::ForcedOpen | State::Disabled => {}
            other => unreachable!("the model has no state {other}"),
        }
    }

    fn add_to_totals(&mut self, ending: Ending, slow: Option<Duration>) -> Meaning {
        let (meaning, reason) = match ending {
            Ending::Unclassified => return Meaning::Nothing,
            Ending::Ignore => {
                self.totals.ignored += 1;
                self.events.push(EventKind::Ignored);
                return Meaning::Nothing;
            }
            Ending::Success => {
                self.totals.successes += 1;
                self.events.push(EventKind::Success);
                self.note_slow(slow);
                return Meaning::Success;
            }
            Ending::Dropped => {
                self.totals.cancelled += 1;
                self.events.push(EventKind::Cancelled);
                if !self.plan.cancel_is_failure {
                    return Meaning::Nothing;
                }
                // The text is the library's own.
                (Meaning::Failure, Some(Reason::from("cancelled")))
            }
            Ending::Panicked(message) => {
                self.totals.panicked += 1;
                self.events.push(EventKind::Panicked { message: message.into() });
                (Meaning::Failure, Some(message.into()))
            }
            Ending::Failure { because } => (Meaning::Failure, because.map(Reason::from)),
            Ending::Trip { open_for, because } => {
                let reason = because.map(Reason::from);
                (Meaning::Trip { open_for, reason: reason.clone() }, reason)
            }
        };
        self.totals.failures += 1;
        self.events.push(EventKind::Failure { reason: reason.clone() });
        self.last_failure = Some((self.now, reason));
        self.note_slow(slow);
        meaning
    }

    fn note_slow(&mut self, slow: Option<Duration>) {
        if let Some(elapsed) = slow {
            self.totals.slow += 1;
            self.events.push(EventKind::SlowCall { elapsed });
        }
    }

    fn count_closed(&mut self, meaning: Meaning, slow: bool) {
        let slow = slow && self.plan.slow_call_rate.is_some();
        let too_close = self.last_counted.is_some_and(|last| self.now - last < nanos(self.plan.debounce));
        match meaning {
            Meaning::Nothing => return,
            Meaning::Failure if too_close => {
                self.events.push(EventKind::Debounced);
                self.outcomes.add_to_rates(self.now, slow);
            }
            Meaning::Failure | Meaning::Trip { .. } => {
                self.outcomes.add(self.now, true, slow);
                self.last_counted = Some(self.now);
            }
            Meaning::Success => {
                self.outcomes.add(self.now, false, slow);
                if self.state == State::Closed {
                    // Where no probe has shown a recovery, the first success does.
                    self.openings = 0;
                }
            }
        }
        let (incident, cause, open_for) = match meaning {
            Meaning::Trip { open_for, reason } => {
                (Incident::Trip, Some(Cause::Tripped { reason }), self.plan.trip_period(open_for))
            }
            _ => (Incident::Condition, self.outcomes.opens(&self.plan, self.now), None),
        };
        let said = self.said.take();
        let Some(cause) = cause else { return };
        if self.state == State::Closed {
            self.open(self.now, open_for, cause);
            return;
        }
        self.said = Some(incident);
        if said.is_none() {
            self.events.push(EventKind::WouldOpen { cause });
        }
    }

    fn count_probe(&mut self, meaning: Meaning, slow: bool) {
        match meaning {
            Meaning::Nothing => {}
            Meaning::Trip { open_for, reason } => {
                self.open(self.now, self.plan.trip_period(open_for), Cause::Tripped { reason });
            }
            Meaning::Success if !slow => {
                self.probes.successes += 1;
                if self.probes.successes >= self.plan.success_threshold {
                    self.enter(State::Closed, Cause::ProbesSucceeded);
                    self.openings = 0;
                    self.outcomes.clear();
                }
            }
            Meaning::Success | Meaning::Failure => {
                self.probes.failures += 1;
                if self.probes.failures >= self.plan.half_open_failure_threshold {
                    self.open(self.now, None, Cause::ProbeFailed);
                }
            }
        }
    }
}

/// # In two halves
///
/// Where threads meet, some results take effect first and are counted a moment later. The tests of
/// linearizability step through these halves; see there for which results that are.
#[allow(dead_code, reason = "not every test binary has threads")]
impl Model {
    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether the ticket is of this stay, and the circuit is closed.
    pub(crate) fn is_closed_for(&self, ticket: Ticket) -> bool {
        self.state == State::Closed && ticket.generation == self.generation
    }

    /// Whether a success now would only end a row of failures and be counted.
    pub(crate) fn takes_success_lightly(&self, ticket: Ticket) -> bool {
        let mut after = self.clone();
        after.settle(ticket, Ending::Success);
        self.is_closed_for(ticket)
            && after.state == State::Closed
            && after.openings == self.openings
            && after.totals.slow == self.totals.slow
    }

    /// The first half of such a success.
    pub(crate) fn end_row(&mut self) {
        self.outcomes.add_part(self.now, Part::Row);
    }

    /// The second half: whatever has become of the circuit, the success is in the totals.
    pub(crate) fn count_success(&mut self) {
        self.totals.successes += 1;
    }

    /// And in the window that is there when it hears of it.
    pub(crate) fn hear_of_success(&mut self) {
        self.outcomes.add_part(self.now, Part::Window);
    }

    /// Whether a failure now would only lengthen a row and be counted.
    pub(crate) fn takes_failure_lightly(&self, ticket: Ticket) -> bool {
        let mut after = self.clone();
        after.settle(ticket, Ending::Failure { because: None });
        let only_rows = !self.plan.has_rate() && self.plan.failures_within.is_none() && self.plan.debounce.is_zero();
        self.is_closed_for(ticket) && only_rows && after.state == State::Closed
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    /// Puts the totals to what they are not yet, or are now.
    pub(crate) fn set_totals(&mut self, totals: Totals) {
        self.totals = totals;
    }
}

/// # Looking at it
impl Model {
    pub(crate) fn now(&self) -> Nanos {
        self.now
    }

    pub(crate) fn take_events(&mut self) -> Vec<EventKind> {
        std::mem::take(&mut self.events)
    }

    fn retry_after(&self) -> Option<Duration> {
        // Of an opening without end no time is known.
        let known = self.state == State::Open && self.deadline < NEVER;
        known.then(|| Duration::from_nanos(self.deadline - self.now))
    }

    /// The circuit as a call would find it now.
    pub(crate) fn look(&self) -> Look {
        let mut found = self.clone();
        found.pass_time();
        let is_available = found.clone().ask().is_ok();
        Look {
            state: found.state,
            is_available,
            failure_count: found.outcomes.failure_count(&found.plan, found.now),
            window: found.outcomes.window(&found.plan, found.now),
            totals: found.totals,
            openings: found.openings,
            opened_at: matches!(found.state, State::Open | State::HalfOpen | State::ForcedOpen)
                .then_some(found.opened_at),
            retry_after: found.retry_after(),
            last_failure: found.last_failure.clone(),
        }
    }

    /// The instants ahead at which something changes by itself.
    pub(crate) fn edges(&self) -> Vec<Nanos> {
        let mut edges = vec![self.deadline];
        let out = self.probes.admitted.iter().filter(|probe| probe.fate == Fate::Out);
        edges.extend(out.map(|probe| later(probe.at, self.probe_time())));
        if let Some(last) = self.last_counted {
            edges.push(later(last, self.plan.debounce));
        }
        edges.retain(|edge| *edge > self.now && *edge < NEVER);
        edges.extend(self.outcomes.edges(&self.plan, self.now));
        edges
    }

    /// The instants beyond which a call is slow, or a failure for that.
    pub(crate) fn slow_edges(&self, ticket: Ticket) -> Vec<Nanos> {
        let Some(started) = ticket.started else { return Vec::new() };
        let limits = self.plan.slow_after().into_iter().chain(self.plan.fail_slower_than);
        limits.map(|limit| later(started, limit)).collect()
    }
}
