//! What is done to both breakers, and the cases that proptest makes of it.

use std::fmt;
use std::time::Duration;

use super::plan::Plan;
use super::terms::{Agreed, Ending, Order, Slots};

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Asks by a permit or a future, which is held until it is settled.
    Ask {
        by_future: bool,
    },
    /// Settles one of those that are held.
    Settle {
        which: usize,
        ending: Ending,
    },
    /// A whole call, during which time passes.
    Call {
        ending: Ending,
        lasting: Span,
    },
    /// A call that takes its time and then makes another one of the same circuit.
    Nest {
        inner: Ending,
        ending: Ending,
        lasting: Span,
    },
    /// Whole calls, one after the other at one instant.
    CallTimes {
        success: bool,
        times: u32,
    },
    Record {
        success: bool,
    },
    /// Many at once.
    RecordTimes {
        success: bool,
        times: u32,
    },
    Give {
        order: Order,
        because: Option<&'static str>,
    },
    Configure(Box<Plan>),
    Adopt {
        at: At,
        to: Agreed,
        because: Option<&'static str>,
    },
    OrderSlots {
        at: At,
        order: Slots,
    },
    Pass(Span),
    Sweep,
}

/// The generation that a fleet means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Any,
    Present,
    /// That of the last such operation, which may be over.
    Earlier,
}

/// How far the clock moves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span {
    For(Duration),
    /// To where something changes by itself (a deadline, the edge of a window), or a nanosecond off
    /// it.
    ToEdge {
        which: usize,
        offset: i8,
    },
    /// To where one of those that are held becomes slow, or a nanosecond off it.
    ToSlow {
        which: usize,
        offset: i8,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Shrinking leaves steps out by this.
    pub(crate) kept: bool,
    /// Whether both are looked at after it: looking must change nothing, so not every step is
    /// looked at.
    pub(crate) look: bool,
    pub(crate) operation: Operation,
}

/// A breaker and what happens to it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) plan: Plan,
    /// Whether its events have a subscriber.
    pub(crate) watched: bool,
    /// Whether its registry has joined a fleet.
    pub(crate) joined: bool,
    /// Whether its registry notes which circuits are idle: such calls take another path.
    pub(crate) tracked: bool,
    pub(crate) steps: Vec<Step>,
}

impl Case {
    /// A case that was found and is kept: every step is looked at.
    pub(crate) fn of(plan: Plan, operations: impl IntoIterator<Item = Operation>) -> Self {
        let steps = operations.into_iter().map(|operation| Step { kept: true, look: true, operation }).collect();
        Self { plan, watched: true, joined: true, tracked: false, steps }
    }
}

impl fmt::Debug for Case {
    /// Only what is left of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.plan.policy())?;
        writeln!(f, "{:?}", self.plan)?;
        writeln!(f, "watched: {}, joined: {}, tracked: {}", self.watched, self.joined, self.tracked)?;
        for step in self.steps.iter().filter(|step| step.kept) {
            writeln!(f, "  {:?}{}", step.operation, if step.look { "" } else { " (not looked at)" })?;
        }
        Ok(())
    }
}
