//! What threads did to a breaker, and when.

use std::fmt;
use std::time::Duration;

use breaker_box::State;

use super::plan::Plan;
use super::terms::{Adopted, Agreed, Ending, Look, Order, Rejection, Slots};

/// All that happened to one breaker, by thread, each in the order of that thread.
pub(crate) struct History {
    pub(crate) plan: Plan,
    pub(crate) threads: Vec<Vec<Recorded>>,
}

/// One operation: it took effect somewhere between these two moments.
pub(crate) struct Recorded {
    pub(crate) invoked: u64,
    pub(crate) returned: u64,
    pub(crate) what: What,
}

/// The number of a permit, to tell which admission a settlement belongs to.
pub(crate) type Number = usize;

#[derive(Debug)]
pub(crate) enum What {
    Asked { number: Number, rejection: Option<Rejection> },
    Settled { number: Number, ending: Ending },
    Reported { success: bool },
    Ordered(Order),
    SawGeneration { generation: u64, state: State, left: Option<Duration> },
    Adopted { expected: Option<u64>, to: Agreed, came: Adopted, generation: u64 },
    OrderedSlots { generation: u64, order: Slots, done: bool },
    Configured(Box<Plan>),
    Advanced(Duration),
    SawState(State),
    SawAvailable(bool),
    Looked(Box<Look>),
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.plan)?;
        for (number, thread) in self.threads.iter().enumerate() {
            writeln!(f, "thread {number}")?;
            for Recorded { invoked, returned, what } in thread {
                writeln!(f, "  {invoked}..{returned} {what:?}")?;
            }
        }
        Ok(())
    }
}
