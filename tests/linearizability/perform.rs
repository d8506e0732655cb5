//! Runs the part of one thread, and writes down what it does and when.

use std::time::{Duration, SystemTime};

use breaker_box::{CircuitBreaker, ManualClock, Outcome, Permit};

use super::history::{Number, Recorded, What};
use super::plan::Nanos;
use super::program::Action;
use super::terms::{Ending, Look, Order, Rejection};

/// One thread and its breaker.
pub(crate) struct Performer {
    pub(crate) breaker: CircuitBreaker,
    pub(crate) clock: ManualClock,
    /// The clock's origin on the calendar.
    pub(crate) origin: SystemTime,
    /// Permits that are kept, oldest first.
    pub(crate) held: Vec<(Number, Permit)>,
    /// The number of the next permit; no two threads use the same.
    pub(crate) next: Number,
}

impl Performer {
    /// Does everything in turn. `moment` tells ever later numbers.
    /// `meet` is called before each action.
    pub(crate) fn run(
        &mut self,
        actions: &[Action],
        moment: &impl Fn() -> u64,
        mut meet: impl FnMut(),
    ) -> Vec<Recorded> {
        let mut done = Vec::with_capacity(actions.len() * 2);
        for action in actions {
            meet();
            match action {
                Action::Ask => self.record(&mut done, moment, Self::ask),
                Action::Settle(ending) if !self.held.is_empty() => {
                    self.record(&mut done, moment, |this| this.settle(*ending));
                }
                Action::Settle(_) => {}
                Action::Call(ending) => {
                    let before = self.held.len();
                    self.record(&mut done, moment, Self::ask);
                    if self.held.len() > before {
                        self.held.rotate_right(1);
                        self.record(&mut done, moment, |this| this.settle(*ending));
                    }
                }
                Action::Report { success } => self.record(&mut done, moment, |this| this.report(*success)),
                Action::Give(order) => self.record(&mut done, moment, |this| this.give(*order)),
                Action::Configure(plan) => self.record(&mut done, moment, |this| {
                    this.breaker.configure(plan.policy()).expect("a valid policy");
                    What::Configured(plan.clone())
                }),
                Action::Advance(duration) => self.record(&mut done, moment, |this| {
                    this.clock.advance(*duration);
                    What::Advanced(*duration)
                }),
                Action::SeeState => self.record(&mut done, moment, |this| What::SawState(this.breaker.state())),
                Action::SeeAvailable => {
                    self.record(&mut done, moment, |this| What::SawAvailable(this.breaker.is_available()));
                }
                Action::Look => self.record(&mut done, moment, |this| What::Looked(Box::new(this.look()))),
            }
        }
        done
    }

    fn record(&mut self, done: &mut Vec<Recorded>, moment: &impl Fn() -> u64, act: impl FnOnce(&mut Self) -> What) {
        let invoked = moment();
        let what = act(self);
        let returned = moment();
        done.push(Recorded { invoked, returned, what });
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
            // Nobody panics here, and nobody classifies a permit.
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

    pub(crate) fn look(&self) -> Look {
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
            openings: status.openings,
            opened_at: status.opened_at.map(since_origin),
            retry_after: status.retry_after,
            last_failure: status.last_failure.map(|failure| (since_origin(failure.at), failure.reason)),
        }
    }
}
