//! A naive breaker, written from the table in DESIGN.md. It has no threads, no packed word and no
//! ring buffer: it is slow, but easy to verify by reading.

#[path = "halves.rs"]
mod halves;
#[path = "hung.rs"]
mod hung;
#[path = "ramp.rs"]
mod ramp;
#[path = "rules.rs"]
mod rules;
#[path = "shared.rs"]
mod shared;

use std::time::Duration;

use breaker_box::{Reason, State, Totals};

use super::happened::{Cause, EventKind};
use super::outcomes::Outcomes;
use super::plan::{NEVER, Nanos, Plan, later, nanos};
use super::terms::{Change, Ending, Look, Order, Rejection, Share};
use hung::Flight;
use ramp::{Belongs, Ramp};
use shared::Held;

/// What an admitted call carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    generation: u64,
    /// A call is timed only under a policy that limits how long calls may take, or be in flight.
    started: Option<Nanos>,
    /// Which of the probes of its stay it is, if it is one.
    probe: Option<usize>,
    /// Among the calls in flight, where they are known.
    flight: Option<Flight>,
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
    ramp: Ramp,
    /// When the policy in force was given, if it is not the first.
    configured_at: Nanos,
    /// In the order of their admission.
    in_flight: Vec<Flight>,
    outcomes: Outcomes,
    /// The last failure that was counted while closed, for the debounce.
    last_counted: Option<Nanos>,
    /// The incident of a dry run that was reported and is not over.
    said: Option<Incident>,
    totals: Totals,
    last_failure: Option<(Nanos, Option<Reason>)>,
    /// While a fleet holds the slots of probes.
    held: Option<Held>,
    /// The events since they were last taken.
    events: Vec<EventKind>,
    /// The same for what a fleet hears.
    changes: Vec<Change>,
    times_wanted: u32,
}

/// # What happens to it
impl Model {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            plan: *plan,
            now: 0,
            state: State::Closed,
            generation: 0,
            openings: 0,
            opened_at: 0,
            deadline: 0,
            probes: Probes::default(),
            ramp: Ramp::default(),
            configured_at: 0,
            in_flight: Vec::new(),
            outcomes: Outcomes::default(),
            last_counted: None,
            said: None,
            totals: Totals::default(),
            last_failure: None,
            held: None,
            events: Vec::new(),
            changes: Vec::new(),
            times_wanted: 0,
        }
    }

    pub(crate) fn advance(&mut self, duration: Duration) {
        self.now += nanos(duration);
    }

    /// `real` is whether the breaker admitted the call: where rounding decides, it may do either.
    pub(crate) fn ask(&mut self, real: bool) -> Result<Ticket, Rejection> {
        self.pass_time();
        let admitted = match self.state {
            State::Closed | State::Disabled | State::MetricsOnly => true,
            State::HalfOpen => self.probes.out() < self.slots(),
            State::RampingUp => self.ask_ramp(real),
            State::Open | State::ForcedOpen => false,
            other => unreachable!("the model has no state {other}"),
        };
        if admitted {
            let is_timed = self.plan.slow_after().is_some() || self.plan.hung_calls.is_some();
            let started = is_timed.then_some(self.now);
            let probe = (self.state == State::HalfOpen).then(|| {
                self.probes.admitted.push(Probe { at: self.now, fate: Fate::Out });
                self.probes.admitted.len() - 1
            });
            let flight = self.take_off();
            return Ok(Ticket { generation: self.generation, started, probe, flight });
        }
        if self.state == State::HalfOpen {
            self.want();
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
        self.land(ticket.flight);
        let same_stay = ticket.generation == self.generation;
        let probe = ticket.probe.filter(|_| same_stay).map(|number| &mut self.probes.admitted[number]);
        if !same_stay || probe.as_ref().is_some_and(|probe| probe.fate == Fate::TimedOut) {
            // A classifier that panics leaves no result that could be late.
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

    /// A call made elsewhere: like a settled one, but without a slot or a known duration.
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
                self.openings = 0;
                self.enter(State::Closed, cause);
                self.outcomes.clear();
                self.last_counted = None;
                self.last_failure = None;
            }
            Order::Disable => self.enter(State::Disabled, cause),
            Order::MetricsOnly => self.enter(State::MetricsOnly, cause),
        }
    }

    pub(crate) fn configure(&mut self, plan: &Plan) {
        self.pass_time();
        self.outcomes.reconfigure(&self.plan, plan, self.now);
        if self.plan.debounce.is_zero() {
            // A debounce that is new knows no failure before it.
            self.last_counted = None;
        }
        self.plan = *plan;
        self.configured_at = self.now;
        self.said = None;
        self.events.push(EventKind::Configured);
        // A limit that is shorter now may be over already.
        self.pass_time();
    }

    /// All that time has done since somebody looked last takes effect, in its order.
    pub(crate) fn pass_time(&mut self) {
        while self.pass_next() {}
        self.say_hung();
    }

    /// The next of it, if there is any.
    fn pass_next(&mut self) -> bool {
        let generation = self.generation;
        let hung = self.opens_for_hung();
        if self.state == State::HalfOpen {
            self.pass_time_of_probes(self.now.min(hung));
        }
        self.lapse();
        let ramp_ends = self.ramp_ends();
        if self.generation != generation {
            // The time of a probe was over.
        } else if hung <= self.now && hung <= ramp_ends {
            self.open(hung, None, Cause::HungCalls);
        } else if ramp_ends <= self.now {
            self.openings = 0;
            self.enter(State::Closed, Cause::RampedUp);
        } else if self.state == State::Open && self.now >= self.deadline {
            self.expire();
        }
        self.generation != generation
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
        // An opening without end has no known time.
        let known = self.state == State::Open && self.deadline < NEVER;
        known.then(|| Duration::from_nanos(self.deadline - self.now))
    }

    /// The circuit as a call would find it now.
    pub(crate) fn look(&self) -> Look {
        let mut found = self.clone();
        found.pass_time();
        let is_available = found.clone().ask(false).is_ok();
        Look {
            state: found.state,
            is_available,
            failure_count: found.outcomes.failure_count(&found.plan, found.now),
            window: found.outcomes.window(&found.plan, found.now),
            totals: found.totals,
            in_flight: found.count_in_flight(),
            openings: found.openings,
            opened_at: matches!(found.state, State::Open | State::HalfOpen | State::ForcedOpen)
                .then_some(found.opened_at),
            share: (found.state == State::RampingUp).then(|| Share(found.share())),
            ramp_up_left: found.ramp_up_left(),
            retry_after: found.retry_after(),
            last_failure: found.last_failure.clone(),
        }
    }

    /// Whether rounding decides if a call is admitted now.
    pub(crate) fn is_undecided(&self) -> bool {
        let mut found = self.clone();
        found.pass_time();
        found.state == State::RampingUp && found.belongs_to_share().1 == Belongs::Either
    }

    /// The instants ahead at which something changes by itself.
    pub(crate) fn edges(&self) -> Vec<Nanos> {
        let mut edges = vec![self.deadline, self.lapses_at(), self.ramp_ends()];
        edges.extend(self.hung_at());
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
