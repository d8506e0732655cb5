//! Performs a program, and writes down what was done and when.

use std::time::{Duration, SystemTime};

use breaker_box::{CircuitBreaker, Filter, ManualClock, Outcome, Permit, Registry};

use super::fleet::Fleet;
use super::history::{History, Number, Recorded, What};
use super::plan::Nanos;
use super::program::{Action, Program};
use super::terms::{Ending, Look, Order, Rejection, Share};

/// What one thread is to do, and what it has done.
pub(crate) struct Part {
    performer: Performer,
    actions: Vec<Action>,
    done: Vec<Recorded>,
}

impl Part {
    /// Performs everything in turn. `moment` returns increasing numbers; `meet` is called before
    /// each action.
    pub(crate) fn perform(mut self, moment: &impl Fn() -> u64, meet: impl FnMut()) -> Self {
        self.performer.run(&std::mem::take(&mut self.actions), &mut self.done, moment, meet);
        self
    }
}

/// Performs a program on a breaker of its own; `together` performs the parts of several threads at
/// once.
pub(crate) fn perform(
    program: &Program,
    moment: &impl Fn() -> u64,
    together: impl Fn(Vec<Part>) -> Vec<Part>,
) -> History {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().expect("a valid policy");
    let events = registry.events(Filter::all());
    let breaker = registry.register("breaker", program.plan.policy()).expect("a valid policy");
    let origin = events.try_recv().expect("it was registered").at;
    drop(events);
    let fleet = program.joined.then(|| Fleet::of(&registry));
    let part = |number: usize| {
        let (breaker, clock) = (breaker.clone(), clock.clone());
        let performer =
            Performer { breaker, fleet: fleet.clone(), clock, origin, held: Vec::new(), next: number * 1_000 };
        Part { performer, actions: Vec::new(), done: Vec::new() }
    };
    let mut alone = part(0);
    let mut parts: Vec<Part> = Vec::new();
    for round in &program.rounds {
        alone.actions.clone_from(&round.alone);
        alone = alone.perform(moment, || {});
        parts.extend((parts.len()..round.threads.len()).map(|number| part(number + 1)));
        for (part, actions) in parts.iter_mut().zip(&round.threads) {
            part.actions.clone_from(actions);
        }
        // Permits that were taken alone are settled by the threads.
        let threads = parts.len();
        for (place, permit) in std::mem::take(&mut alone.performer.held).into_iter().enumerate() {
            parts[place % threads].performer.held.push(permit);
        }
        parts = together(parts);
    }
    alone.actions = vec![Action::Look, Action::SeeState, Action::SeeAvailable];
    alone = alone.perform(moment, || {});
    let threads = std::iter::once(alone).chain(parts).map(|part| part.done).collect();
    History { plan: program.plan, threads }
}

/// One thread and its breaker.
struct Performer {
    breaker: CircuitBreaker,
    fleet: Option<Fleet>,
    clock: ManualClock,
    /// The clock's origin on the calendar.
    origin: SystemTime,
    /// Permits that are kept, oldest first.
    held: Vec<(Number, Permit)>,
    /// The number of the next permit; no two threads use the same.
    next: Number,
}

impl Performer {
    fn run(&mut self, actions: &[Action], done: &mut Vec<Recorded>, moment: &impl Fn() -> u64, mut meet: impl FnMut()) {
        for action in actions {
            meet();
            match action {
                Action::Ask => self.record(done, moment, Self::ask),
                Action::Settle(_) if self.held.is_empty() => {}
                Action::Settle(ending) => self.record(done, moment, |this| this.settle(*ending)),
                Action::Call(ending) => {
                    let before = self.held.len();
                    self.record(done, moment, Self::ask);
                    if self.held.len() > before {
                        self.held.rotate_right(1);
                        self.record(done, moment, |this| this.settle(*ending));
                    }
                }
                Action::Report { success } => self.record(done, moment, |this| this.report(*success)),
                Action::Give(order) => self.record(done, moment, |this| this.give(*order)),
                Action::Configure(plan) => self.record(done, moment, |this| {
                    this.breaker.configure(plan.policy()).expect("a valid policy");
                    What::Configured(plan.clone())
                }),
                Action::Advance(duration) => self.record(done, moment, |this| {
                    this.clock.advance(*duration);
                    What::Advanced(*duration)
                }),
                Action::SeeState => self.record(done, moment, |this| What::SawState(this.breaker.state())),
                Action::SeeAvailable => {
                    self.record(done, moment, |this| What::SawAvailable(this.breaker.is_available()));
                }
                Action::SeeGeneration => self.in_fleet(done, moment, Fleet::see),
                Action::Adopt { to, compares } => {
                    self.in_fleet(done, moment, |fleet, breaker| fleet.adopt(breaker, *to, *compares));
                }
                Action::OrderSlots(order) => {
                    self.in_fleet(done, moment, |fleet, breaker| fleet.order_slots(breaker, *order));
                }
                Action::Look => self.record(done, moment, |this| What::Looked(Box::new(this.look()))),
            }
        }
    }

    fn record(&mut self, done: &mut Vec<Recorded>, moment: &impl Fn() -> u64, act: impl FnOnce(&mut Self) -> What) {
        let invoked = moment();
        let what = act(self);
        let returned = moment();
        done.push(Recorded { invoked, returned, what });
    }

    fn in_fleet(
        &mut self,
        done: &mut Vec<Recorded>,
        moment: &impl Fn() -> u64,
        act: impl FnOnce(&mut Fleet, &CircuitBreaker) -> What,
    ) {
        self.record(done, moment, |this| {
            let fleet = this.fleet.as_mut().expect("only programs with a fleet have such actions");
            act(fleet, &this.breaker)
        });
    }

    fn ask(&mut self) -> What {
        let number = self.next;
        self.next += 1;
        match self.breaker.try_acquire() {
            Ok(permit) => {
                self.held.push((number, permit));
                What::Asked { number, rejection: None }
            }
            Err(open) => {
                let rejection = Rejection { state: open.state(), retry_after: open.retry_after() };
                What::Asked { number, rejection: Some(rejection) }
            }
        }
    }

    fn settle(&mut self, ending: Ending) -> What {
        let (number, permit) = self.held.remove(0);
        match ending {
            Ending::Success => permit.success(),
            Ending::Failure { because: None } => permit.settle(false),
            Ending::Failure { because: Some(reason) } => permit.failure(reason),
            Ending::Ignore => permit.ignore(),
            Ending::Trip { open_for, because } => {
                permit.settle(Outcome::Trip { open_for, reason: because.map(Into::into) });
            }
            // No call panics here, and permits are not classified.
            Ending::Dropped | Ending::Panicked(_) | Ending::Unclassified => drop(permit),
        }
        What::Settled { number, ending }
    }

    fn report(&self, success: bool) -> What {
        if success {
            self.breaker.record_success();
        } else {
            self.breaker.record_failure("reported");
        }
        What::Reported { success }
    }

    fn give(&self, order: Order) -> What {
        match order {
            Order::Open => self.breaker.open(),
            Order::OpenFor(duration) => self.breaker.open_for(duration),
            Order::ForceOpen => self.breaker.force_open(),
            Order::Close => self.breaker.close(),
            Order::Reset => self.breaker.reset(),
            Order::Disable => self.breaker.disable(),
            Order::MetricsOnly => self.breaker.metrics_only(),
        }
        What::Ordered(order)
    }

    fn look(&self) -> Look {
        let status = self.breaker.status();
        let since_origin = |at: SystemTime| {
            let elapsed = at.duration_since(self.origin).unwrap_or(Duration::ZERO);
            Nanos::try_from(elapsed.as_nanos()).unwrap_or(Nanos::MAX)
        };
        Look {
            state: status.state,
            is_available: false,
            failure_count: status.failure_count.into(),
            window: status.window,
            totals: status.totals,
            in_flight: status.in_flight.map(|in_flight| (in_flight.calls, in_flight.hung)),
            openings: status.openings,
            opened_at: status.opened_at.map(since_origin),
            share: status.admitted_share.map(Share),
            ramp_up_left: status.ramp_up_left,
            retry_after: status.retry_after,
            last_failure: status.last_failure.map(|failure| (since_origin(failure.at), failure.reason)),
        }
    }
}
