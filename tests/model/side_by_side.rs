//! Steps the real breaker and the model through the same case, and compares what both say.

#[path = "settle.rs"]
mod settle;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use breaker_box::{CallError, CircuitBreaker, CircuitOpenError, EventReceiver, Filter, ManualClock, Registry};

use super::give::give;
use super::happened::EventKind;
use super::in_fleet::Fleet;
use super::model::{Model, Ticket};
use super::operation::{Case, Operation, Span};
use super::plan::{Nanos, later};
use super::terms::{Ending, Look, Rejection, Share};
use settle::{Answer, Held, classify, end, poll, settle};

/// Beyond that the calendar and the times of failures lose their meaning. Single durations go much
/// further.
const END_OF_TIME: Nanos = 250 * 365 * 86_400 * 1_000_000_000;

struct Pair<'a> {
    breaker: &'a CircuitBreaker,
    registry: &'a Registry,
    clock: &'a ManualClock,
    /// The clock's origin on the calendar.
    origin: SystemTime,
    events: Option<EventReceiver>,
    last_sequence: u64,
    model: Model,
    fleet: Option<Fleet>,
    /// All that has happened.
    trace: Vec<EventKind>,
    held: Vec<(Held<'a>, Ticket)>,
}

/// All that happened if both agree from beginning to end, else where they do not.
pub(crate) fn compare(case: &Case) -> Result<Vec<EventKind>, String> {
    let clock = ManualClock::new();
    let mut builder = Registry::builder().clock(clock.clone());
    if case.tracked {
        builder = builder.idle_after(Duration::MAX);
    }
    let registry = builder.build().map_err(|error| error.to_string())?;
    let events = registry.events(Filter::all());
    let breaker = registry.register("model", case.plan.policy()).map_err(|error| error.to_string())?;
    let registered = events.try_recv().map_err(|error| error.to_string())?;
    let mut pair = Pair {
        breaker: &breaker,
        registry: &registry,
        clock: &clock,
        origin: registered.at,
        events: case.watched.then_some(events),
        last_sequence: registered.sequence,
        model: Model::new(&case.plan),
        fleet: if case.joined { Some(Fleet::of(&registry)?) } else { None },
        trace: Vec::new(),
        held: Vec::new(),
    };
    for (number, step) in case.steps.iter().enumerate().filter(|(_, step)| step.kept) {
        let here = |difference: String| format!("step {number}, {:?}: {difference}", step.operation);
        pair.perform(&step.operation).map_err(here)?;
        pair.compare_events().map_err(here)?;
        if let Some(fleet) = &mut pair.fleet {
            fleet.compare(&mut pair.model).map_err(here)?;
        }
        if step.look {
            pair.compare_looks().map_err(here)?;
        }
    }
    Ok(pair.trace)
}

impl Pair<'_> {
    fn perform(&mut self, operation: &Operation) -> Result<(), String> {
        match operation {
            Operation::Ask { by_future: false } => self.ask_for_permit(),
            Operation::Ask { by_future: true } => self.ask_by_future(),
            Operation::Settle { which, ending } => {
                if !self.held.is_empty() {
                    let (held, ticket) = self.held.remove(which % self.held.len());
                    settle(held, *ending, &mut self.model, ticket);
                }
                Ok(())
            }
            Operation::Call { ending, lasting } => self.call(*ending, *lasting, None),
            Operation::Nest { inner, ending, lasting } => self.call(*ending, *lasting, Some(*inner)),
            Operation::CallTimes { success, times } => {
                let ending = if *success { Ending::Success } else { Ending::Failure { because: None } };
                for _ in 0..*times {
                    self.call(ending, Span::For(Duration::ZERO), None)?;
                    self.compare_events()?;
                }
                Ok(())
            }
            Operation::Record { success } => {
                self.record(*success);
                Ok(())
            }
            Operation::RecordTimes { success, times } => {
                for _ in 0..*times {
                    self.record(*success);
                    self.compare_events()?;
                }
                Ok(())
            }
            Operation::Give { order, because } => {
                give(self.breaker, *order, *because);
                self.model.order(*order, *because);
                Ok(())
            }
            Operation::Configure(plan) => {
                self.breaker.configure(plan.policy()).map_err(|error| error.to_string())?;
                self.model.configure(plan);
                Ok(())
            }
            Operation::Pass(span) => {
                let duration = self.length_of(*span);
                self.clock.advance(duration);
                self.model.advance(duration);
                Ok(())
            }
            Operation::Adopt { at, to, because } => match &mut self.fleet {
                Some(fleet) => fleet.adopt(self.breaker, &mut self.model, (*at, *to, *because)),
                None => Ok(()),
            },
            Operation::OrderSlots { at, order } => match &mut self.fleet {
                Some(fleet) => fleet.order_slots(self.breaker, &mut self.model, *at, *order),
                None => Ok(()),
            },
            Operation::Sweep => {
                self.registry.sweep();
                self.model.pass_time();
                Ok(())
            }
        }
    }

    fn ask_for_permit(&mut self) -> Result<(), String> {
        let real = self.breaker.try_acquire();
        let ticket = self.model.ask(real.is_ok());
        agree(real.as_ref().err(), ticket.as_ref().err())?;
        if let (Ok(permit), Ok(ticket)) = (real, ticket) {
            self.held.push((Held::Permit(permit), ticket));
        }
        Ok(())
    }

    fn ask_by_future(&mut self) -> Result<(), String> {
        let answer = Answer::default();
        let source = Rc::clone(&answer);
        let body = std::future::poll_fn(move |_| match source.get() {
            None => Poll::Pending,
            Some(Ending::Panicked(message)) => resume_unwind(Box::new(message)),
            Some(ending) => Poll::Ready(ending),
        });
        let mut future = Box::pin(self.breaker.call_async_with(body, classify));
        let real = match poll(future.as_mut()) {
            Poll::Ready(Err(open)) => Some(open),
            Poll::Ready(Ok(_)) => return Err("a future that waits was ready".to_owned()),
            Poll::Pending => None,
        };
        let ticket = self.model.ask(real.is_none());
        agree(real.as_ref(), ticket.as_ref().err())?;
        if let Ok(ticket) = ticket {
            self.held.push((Held::Future { future, answer }, ticket));
        }
        Ok(())
    }

    fn call(&mut self, ending: Ending, lasting: Span, inner: Option<Ending>) -> Result<(), String> {
        let duration = self.length_of(lasting);
        let (clock, breaker) = (self.clock, self.breaker);
        // A call that is not awaited cannot be dropped halfway.
        let awaited = |ending| if ending == Ending::Dropped { Ending::Ignore } else { ending };
        let (ending, inner) = (awaited(ending), inner.map(awaited));
        let mut turned_away = None;
        let mut pass = || {
            clock.advance(duration);
            if let Some(inner) = inner {
                // A panic inside is caught by the body.
                let call = || breaker.call_with(|| end(inner), classify).err();
                turned_away = catch_unwind(AssertUnwindSafe(call)).ok().flatten();
            }
        };
        let called = catch_unwind(AssertUnwindSafe(|| match ending {
            Ending::Success | Ending::Failure { because: None } => {
                let called = breaker.call(|| {
                    pass();
                    if ending == Ending::Success { Ok(()) } else { Err(()) }
                });
                match called {
                    Err(CallError::Open(open)) => Some(open),
                    _ => None,
                }
            }
            _ => {
                let body = || {
                    pass();
                    end(ending)
                };
                breaker.call_with(body, classify).err()
            }
        }));
        let real = called.as_ref().ok().and_then(Option::as_ref);
        let ticket = self.model.ask(real.is_none());
        agree(real, ticket.as_ref().err())?;
        if let Ok(ticket) = ticket {
            self.model.advance(duration);
            if let Some(inner) = inner {
                self.follow_inside(ticket, inner, turned_away.as_ref())?;
            }
            self.model.settle(ticket, ending);
        }
        Ok(())
    }

    /// The model's part of a call inside another.
    fn follow_inside(&mut self, outer: Ticket, ending: Ending, real: Option<&CircuitOpenError>) -> Result<(), String> {
        if self.model.is_part_of(outer) {
            return agree(real, None);
        }
        let ticket = self.model.ask(real.is_none());
        agree(real, ticket.as_ref().err())?;
        if let Ok(ticket) = ticket {
            self.model.settle(ticket, ending);
        }
        Ok(())
    }

    fn record(&mut self, success: bool) {
        if success {
            self.breaker.record_success();
            self.model.record(Ending::Success);
        } else {
            self.breaker.record_failure("recorded");
            self.model.record(Ending::Failure { because: Some("recorded") });
        }
    }

    fn length_of(&self, span: Span) -> Duration {
        let now = self.model.now();
        let instant = match span {
            Span::For(duration) => later(now, duration),
            Span::ToEdge { which, offset } => {
                let edges = self.model.edges();
                if edges.is_empty() { now } else { edges[which % edges.len()].saturating_add_signed(offset.into()) }
            }
            Span::ToSlow { which, offset } => {
                let edges: Vec<Nanos> =
                    self.held.iter().flat_map(|(_, ticket)| self.model.slow_edges(*ticket)).collect();
                if edges.is_empty() { now } else { edges[which % edges.len()].saturating_add_signed(offset.into()) }
            }
        };
        if instant > END_OF_TIME { Duration::ZERO } else { Duration::from_nanos(instant.saturating_sub(now)) }
    }

    fn compare_events(&mut self) -> Result<(), String> {
        let expected = self.model.take_events();
        self.trace.extend_from_slice(&expected);
        let Some(receiver) = &self.events else { return Ok(()) };
        let mut seen = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            if event.sequence <= self.last_sequence {
                return Err(format!("event {} came after {}", event.sequence, self.last_sequence));
            }
            self.last_sequence = event.sequence;
            seen.push(event.kind.into());
        }
        // The design gives the order of a circuit's moves; that of what is counted at the same
        // moment is free.
        let (seen_moves, mut seen_counts): (Vec<_>, Vec<_>) = seen.into_iter().partition(is_move);
        let (moves, counts): (Vec<_>, Vec<_>) = expected.into_iter().partition(is_move);
        if seen_moves != moves {
            return Err(format!("events {seen_moves:?}, model {moves:?}"));
        }
        let all_seen = format!("{seen_counts:?}");
        for kind in &counts {
            match seen_counts.iter().position(|seen| seen == kind) {
                Some(place) => drop(seen_counts.swap_remove(place)),
                None => return Err(format!("events {all_seen}, model {counts:?}")),
            }
        }
        if seen_counts.is_empty() { Ok(()) } else { Err(format!("events {all_seen}, model {counts:?}")) }
    }

    fn compare_looks(&self) -> Result<(), String> {
        let (state, is_available) = (self.breaker.state(), self.breaker.is_available());
        let status = self.breaker.status();
        if state != status.state {
            return Err(format!("state() is {state}, status() {status}"));
        }
        let since_origin = |at: SystemTime| {
            let elapsed = at.duration_since(self.origin).unwrap_or_default();
            Nanos::try_from(elapsed.as_nanos()).unwrap_or(Nanos::MAX)
        };
        let real = Look {
            state,
            is_available,
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
        };
        let mut expected = self.model.look();
        if self.model.is_undecided() {
            expected.is_available = is_available;
        }
        if real == expected { Ok(()) } else { Err(format!("\n real {real:?}\nmodel {expected:?}")) }
    }
}

/// Whether both admitted the call, or rejected it with the same answer.
fn agree(real: Option<&CircuitOpenError>, model: Option<&Rejection>) -> Result<(), String> {
    let real = real.map(|open| Rejection { state: open.state(), retry_after: open.retry_after() });
    if real.as_ref() == model { Ok(()) } else { Err(format!("rejection {real:?}, model {model:?}")) }
}

fn is_move(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::StateChanged { .. } | EventKind::WouldOpen { .. } | EventKind::Rejected { .. } | EventKind::Late
    )
}
