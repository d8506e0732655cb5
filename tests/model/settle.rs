//! Calls of the real breaker that are in flight, and how they end.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use breaker_box::{CircuitOpenError, Outcome, Permit};

use super::super::model::{Model, Ticket};
use super::super::terms::Ending;

/// What the library says of a permit that is lost in a panic, where there is no message to be had.
const LOST_IN_PANIC: &str = "a panic while a permit was held";

pub(super) type Answer = Rc<Cell<Option<Ending>>>;

/// A call that was admitted and is not settled yet.
pub(super) enum Held<'a> {
    Permit(Permit),
    /// It waits for its answer.
    Future {
        future: Pin<Box<dyn Future<Output = Result<Ending, CircuitOpenError>> + 'a>>,
        answer: Answer,
    },
}
/// Settles a call in both.
pub(super) fn settle(held: Held<'_>, ending: Ending, model: &mut Model, ticket: Ticket) {
    let mut ending = ending;
    match held {
        Held::Future { future, .. } if ending == Ending::Dropped => drop(future),
        Held::Future { mut future, answer } => {
            answer.set(Some(ending));
            // It returns what the case says, or panics if the case says so.
            drop(catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()).is_ready())));
        }
        Held::Permit(permit) => match ending {
            Ending::Success => permit.success(),
            Ending::Failure { because: Some(reason) } => permit.failure(reason),
            Ending::Ignore => permit.ignore(),
            // Permits are not classified.
            Ending::Dropped | Ending::Unclassified => {
                ending = Ending::Dropped;
                drop(permit);
            }
            Ending::Panicked(message) => {
                ending = Ending::Panicked(LOST_IN_PANIC);
                let lose = || {
                    let _lost = permit;
                    resume_unwind(Box::new(message))
                };
                let Err::<(), _>(_) = catch_unwind(AssertUnwindSafe(lose)) else { return };
            }
            Ending::Failure { because: None } | Ending::Trip { .. } => permit.settle(classify(&ending)),
        },
    }
    model.settle(ticket, ending);
}

/// What a body does at its end.
pub(super) fn end(ending: Ending) -> Ending {
    if let Ending::Panicked(message) = ending {
        resume_unwind(Box::new(message));
    }
    ending
}

/// What an ending is as an outcome.
pub(super) fn classify(ending: &Ending) -> Outcome {
    match *ending {
        Ending::Success => Outcome::Success,
        Ending::Failure { because } => Outcome::Failure(because.map(Into::into)),
        Ending::Trip { open_for, because } => Outcome::Trip { open_for, reason: because.map(Into::into) },
        Ending::Unclassified => resume_unwind(Box::new("cannot say")),
        Ending::Ignore | Ending::Dropped | Ending::Panicked(_) => Outcome::Ignore,
    }
}

pub(super) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
