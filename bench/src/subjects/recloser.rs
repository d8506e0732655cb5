//! recloser 1.4. It has no time window and does not count in a row; a ring of 5 at 100 % is the
//! nearest to that.

use std::thread;
use std::time::Duration;

use recloser::{AsyncRecloser, Recloser};

use super::expiries::{LONG_EXPIRY, SHORT_EXPIRY};
use super::handle::LONGER_THAN_OPEN;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group,
    OPEN, OPENING, PROBES, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED,
    REALISTIC_OPEN, Side, TASKS,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, GuardedFunction, GuardedFuture, Immediately, Ready,
    Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, plain, tasks};

const RECLOSER: (Side, &str) = (Side::Peer, "recloser");

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<Succeeds>(CONSECUTIVE, 5, 1.0),
        case::<Succeeds>(CALLS, 100, 0.5),
        case::<FailsEvery<100>>(CALLS_1, 100, 0.5),
        case::<FailsEvery<4>>(CALLS_25, 100, 0.5),
        // Above 100 %, so that it does not open.
        case::<FailsEvery<1>>(CONSECUTIVE_FAIL, 5, 1.5),
        case::<SucceedsEvery<10>>(CALLS_FAIL, 100, 1.0),
        Case::new(OPENING, RECLOSER, "error_rate(1.0), closed_len(5), half_open_len(1), open_wait(1 ns)", || {
            let custom = Recloser::custom().error_rate(1.0).closed_len(5).half_open_len(1);
            calls::<SucceedsEvery<6>>(custom.open_wait(SHORT_EXPIRY).build())
        }),
        Case::new(OPEN, RECLOSER, configuration(5, 1.0), || calls::<Succeeds>(open())),
        Case::new(ASYNC, RECLOSER, configuration(5, 1.0), || awaited::<Ready>(AsyncRecloser::from(new(5, 1.0)))),
        Case::new(ASYNC_OPEN, RECLOSER, configuration(5, 1.0), || awaited::<Ready>(AsyncRecloser::from(open()))),
        Case::new(TASKS, RECLOSER, configuration(5, 1.0), || tasks::<Ready>(AsyncRecloser::from(new(5, 1.0)))),
        Case::new(PROBES, RECLOSER, "half_open_len(10_000_000)", || calls::<Succeeds>(probed())),
        Case::new(ASYNC_FAIL, RECLOSER, configuration(5, 1.5), || {
            awaited::<Immediately<FailsEvery<1>>>(AsyncRecloser::from(new(5, 1.5)))
        }),
        case::<Charges>(REALISTIC, 5, 1.0),
        case::<ChargesInlined>(REALISTIC_INLINED, 5, 1.0),
        case::<Declines>(REALISTIC_FAIL, 5, 1.5),
        Case::new(REALISTIC_OPEN, RECLOSER, configuration(5, 1.0), || calls::<Charges>(open())),
        Case::new(REALISTIC_ASYNC, RECLOSER, configuration(5, 1.0), || {
            awaited::<ChargesLater>(AsyncRecloser::from(new(5, 1.0)))
        }),
        Case::new(REALISTIC_ASYNC_OPEN, RECLOSER, configuration(5, 1.0), || {
            awaited::<ChargesLater>(AsyncRecloser::from(open()))
        }),
    ]
}

fn configuration(length: usize, rate: f32) -> String {
    format!("error_rate({rate:.1}), closed_len({length}), open_wait(1 h)")
}

fn case<L: GuardedFunction>(group: &'static Group, length: usize, rate: f32) -> Case {
    Case::new(group, RECLOSER, configuration(length, rate), move || calls::<L>(new(length, rate)))
}

pub(super) fn new(length: usize, rate: f32) -> Recloser {
    Recloser::custom().error_rate(rate).closed_len(length).open_wait(LONG_EXPIRY).build()
}

fn calls<L: GuardedFunction>(breaker: Recloser) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| L::consume(breaker.call(|| L::call(turn))))
}

/// Opens it by failures: it cannot be opened by hand.
fn fail(breaker: &Recloser) {
    for turn in 0..10 {
        let _ = breaker.call(|| FailsEvery::<1>::call(turn));
    }
}

/// Half-open, until a ring is full of probes.
fn probed() -> Recloser {
    let custom = Recloser::custom().error_rate(1.0).closed_len(5).half_open_len(10_000_000);
    let breaker = custom.open_wait(Duration::from_millis(1)).build();
    fail(&breaker);
    thread::sleep(LONGER_THAN_OPEN);
    assert!(breaker.call(|| Succeeds::call(0)).is_ok(), "recloser is half-open");
    breaker
}

pub(super) fn open() -> Recloser {
    let breaker = new(5, 1.0);
    fail(&breaker);
    assert!(breaker.call(|| Succeeds::call(0)).is_err(), "recloser is open");
    breaker
}

impl<F: GuardedFuture> AsyncSubject<F> for AsyncRecloser {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.call(F::call(turn)).await)
    }
}
