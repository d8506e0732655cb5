//! The function alone: the limit.

use crate::case::{
    ASYNC, ASYNC_FAIL, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group, HUNG_CALLS,
    PERMIT, REALISTIC, REALISTIC_ASYNC, REALISTIC_FAIL, REALISTIC_INLINED, SLOW, SUBSCRIBED, Side, TASKS, TIME, TIME_1,
    TIME_25, TIME_FAIL,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, GuardedFunction, GuardedFuture, Immediately, Ready,
    Succeeds, SucceedsEvery,
};
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
        case::<Succeeds>(PERMIT),
        Case::new(ASYNC_FAIL, BARE, "the future alone", || awaited::<Immediately<FailsEvery<1>>>(Bare)),
        case::<Charges>(REALISTIC),
        case::<ChargesInlined>(REALISTIC_INLINED),
        case::<Declines>(REALISTIC_FAIL),
        Case::new(ASYNC, BARE, "the future alone", || awaited::<Ready>(Bare)),
        Case::new(TASKS, BARE, "the future alone", || tasks::<Ready>(Bare)),
        Case::new(REALISTIC_ASYNC, BARE, "the future alone", || awaited::<ChargesLater>(Bare)),
    ]
}

fn case<L: GuardedFunction>(group: &'static Group) -> Case {
    Case::new(group, BARE, "the function alone", || plain((), |(), turn| L::consume(L::call(turn))))
}

#[derive(Clone)]
struct Bare;

impl<F: GuardedFuture> AsyncSubject<F> for Bare {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(F::call(turn).await)
    }
}
