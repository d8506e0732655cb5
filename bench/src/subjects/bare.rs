//! The function alone: the limit.

use crate::case::{
    ASYNC, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group, HUNG_CALLS, SLOW,
    SUBSCRIBED, Side, TASKS, TIME, TIME_1, TIME_25, TIME_FAIL,
};
use crate::guarded_function::{Broken, FailsEvery, GuardedFunction, Succeeds, SucceedsEvery};
use crate::run::{AsyncSubject, awaited, plain, tasks};

const BARE: (Side, &str) = (Side::Limit, "bare");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<Succeeds>(CONSECUTIVE),
        case::<Succeeds>(CALLS),
        case::<Succeeds>(TIME),
        case::<Succeeds>(SLOW),
        case::<Succeeds>(HUNG_CALLS),
        case::<Succeeds>(SUBSCRIBED),
        case::<FailsEvery<100>>(CALLS_1),
        case::<FailsEvery<100>>(TIME_1),
        case::<FailsEvery<4>>(CALLS_25),
        case::<FailsEvery<4>>(TIME_25),
        case::<FailsEvery<1>>(CONSECUTIVE_FAIL),
        case::<SucceedsEvery<10>>(CALLS_FAIL),
        case::<FailsEvery<1>>(TIME_FAIL),
        Case::new(ASYNC, BARE, "the future alone", || awaited(Bare)),
        Case::new(TASKS, BARE, "the future alone", || tasks(Bare)),
    ]
}

fn case<L: GuardedFunction>(group: &'static Group) -> Case {
    Case::new(group, BARE, "the function alone", || plain((), |(), turn| L::call::<Broken>(turn).is_ok()))
}

/// The asynchronous function that all asynchronous subjects guard.
pub(super) async fn ready(turn: u64) -> Result<u64, Broken> {
    Succeeds::call(turn)
}

#[derive(Clone)]
struct Bare;

impl AsyncSubject for Bare {
    async fn make_call(&mut self, turn: u64) -> bool {
        ready(turn).await.is_ok()
    }
}
