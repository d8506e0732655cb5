//! This library, through a handle.

use std::thread;
use std::time::Duration;

use breaker_box::{CircuitBreaker, EventType, Filter, Policy, Registry, State, Window};

use super::expiries::{LONG_EXPIRY, SHORT_EXPIRY};
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group,
    HALF_OPEN, HUNG_CALLS, OPEN, OPENING, PERMIT, PROBES, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN,
    REALISTIC_FAIL, REALISTIC_INLINED, REALISTIC_OPEN, SLOW, SUBSCRIBED, Side, TASKS, TIME, TIME_1, TIME_25, TIME_FAIL,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, GuardedFunction, GuardedFuture, Immediately, Ready,
    Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, plain, tasks};

const HANDLE: (Side, &str) = (Side::Ours, "handle");
const TEN_SECONDS: Duration = Duration::from_secs(10);

pub(super) const FIVE: Policy = Policy::consecutive_failures(5).expiry(LONG_EXPIRY);
const MOMENTS: Policy = Policy::consecutive_failures(5).expiry(SHORT_EXPIRY);
pub(super) const HUNDRED: Policy = Policy::failure_rate(0.5, Window::calls(100)).expiry(LONG_EXPIRY);
pub(super) const TEN: Policy = Policy::failure_rate(0.5, Window::time(TEN_SECONDS)).expiry(LONG_EXPIRY);
const SLOW_CALLS: Policy = Policy::slow_call_rate(0.5, Duration::from_secs(2), Window::calls(100)).expiry(LONG_EXPIRY);
const HUNG: Policy = Policy::hung_calls(10, Duration::from_secs(30)).expiry(LONG_EXPIRY);
pub(super) const NEVER: Policy = Policy::consecutive_failures(Policy::MAX_COUNT);
const ONLY_FAILURES: Policy = Policy::failure_rate(1.0, Window::calls(100));
const PROBES_FOR_EVER: Policy =
    Policy::consecutive_failures(5).half_open_max_calls(10).success_threshold(Policy::MAX_COUNT);
const OUT_OF_REACH: Policy = Policy::failure_rate(1.0, Window::time(TEN_SECONDS)).minimum_calls(Policy::MAX_COUNT);

/// How long until an opening of a millisecond is over on the coarse clock, too.
pub(super) const LONGER_THAN_OPEN: Duration = Duration::from_millis(10);

pub(super) fn cases() -> Vec<Case> {
    vec![
        closed::<Succeeds>(CONSECUTIVE, FIVE),
        closed::<Succeeds>(CALLS, HUNDRED),
        closed::<Succeeds>(TIME, TEN),
        closed::<Succeeds>(SLOW, SLOW_CALLS),
        closed::<Succeeds>(HUNG_CALLS, HUNG),
        closed::<FailsEvery<100>>(CALLS_1, HUNDRED),
        closed::<FailsEvery<4>>(CALLS_25, HUNDRED),
        closed::<FailsEvery<100>>(TIME_1, TEN),
        closed::<FailsEvery<4>>(TIME_25, TEN),
        closed::<FailsEvery<1>>(CONSECUTIVE_FAIL, NEVER),
        closed::<SucceedsEvery<10>>(CALLS_FAIL, ONLY_FAILURES),
        closed::<FailsEvery<1>>(TIME_FAIL, OUT_OF_REACH),
        closed::<SucceedsEvery<6>>(OPENING, MOMENTS),
        Case::new(OPEN, HANDLE, format!("{FIVE}"), || calls::<Succeeds>(open())),
        Case::new(HALF_OPEN, HANDLE, format!("{FIVE}"), half_open),
        Case::new(ASYNC, HANDLE, format!("{FIVE}"), || awaited::<Ready>(Handle(new(FIVE)))),
        Case::new(ASYNC_OPEN, HANDLE, format!("{FIVE}"), || awaited::<Ready>(Handle(open()))),
        Case::new(TASKS, HANDLE, format!("{FIVE}"), || tasks::<Ready>(Handle(new(FIVE)))),
        Case::new(PERMIT, HANDLE, format!("{FIVE}, try_acquire and success"), || permits(new(FIVE))),
        Case::new(PROBES, HANDLE, format!("{PROBES_FOR_EVER}"), || calls::<Succeeds>(probed())),
        Case::new(ASYNC_FAIL, HANDLE, format!("{NEVER}"), || awaited::<Immediately<FailsEvery<1>>>(Handle(new(NEVER)))),
        closed::<Charges>(REALISTIC, FIVE),
        closed::<ChargesInlined>(REALISTIC_INLINED, FIVE),
        closed::<Declines>(REALISTIC_FAIL, NEVER),
        Case::new(REALISTIC_OPEN, HANDLE, format!("{FIVE}"), || calls::<Charges>(open())),
        Case::new(REALISTIC_ASYNC, HANDLE, format!("{FIVE}"), || awaited::<ChargesLater>(Handle(new(FIVE)))),
        Case::new(REALISTIC_ASYNC_OPEN, HANDLE, format!("{FIVE}"), || awaited::<ChargesLater>(Handle(open()))),
        subscribed("handle, no subscription", None),
        subscribed("handle, other kinds", Some(|| Filter::all().events([EventType::StateChanged]))),
        subscribed("handle, another circuit", Some(|| Filter::all().identifier("another"))),
    ]
}

pub(super) fn new(policy: Policy) -> CircuitBreaker {
    CircuitBreaker::new("bench", policy).expect("a valid policy")
}

fn closed<L: GuardedFunction>(group: &'static Group, policy: Policy) -> Case {
    Case::new(group, HANDLE, format!("{policy}"), move || calls::<L>(new(policy)))
}

pub(super) fn calls<L: GuardedFunction>(breaker: CircuitBreaker) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| L::consume(breaker.call(|| L::call(turn))))
}

pub(super) fn open() -> CircuitBreaker {
    let breaker = new(FIVE);
    breaker.open();
    breaker
}

pub(super) fn permits(breaker: CircuitBreaker) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| {
        let Ok(permit) = breaker.try_acquire() else { return false };
        let result = Succeeds::call(turn);
        match &result {
            Ok(_) => permit.success(),
            Err(_) => permit.failure("broken"),
        }
        result.is_ok()
    })
}

/// Half-open, with room for probes.
fn probed() -> CircuitBreaker {
    let breaker = new(PROBES_FOR_EVER);
    breaker.open_for(Duration::from_millis(1));
    thread::sleep(LONGER_THAN_OPEN);
    breaker.call(|| Succeeds::call(1)).expect("a probe");
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker
}

/// With its one probe in flight for as long as it is measured.
fn half_open() -> Box<dyn Run> {
    let breaker = new(FIVE);
    breaker.open_for(Duration::from_millis(1));
    thread::sleep(LONGER_THAN_OPEN);
    let probe = breaker.try_acquire().expect("the probe");
    plain((breaker, probe), |(breaker, _), turn| breaker.call(|| Succeeds::call(turn)).is_ok())
}

fn subscribed(subject: &'static str, filter: Option<fn() -> Filter>) -> Case {
    Case::new(SUBSCRIBED, (Side::Ours, subject), format!("{FIVE}"), move || {
        let registry = Registry::new();
        let subscription = filter.map(|filter| registry.subscribe(filter(), |_| ()));
        let breaker = registry.register("bench", FIVE).expect("a new name");
        plain((breaker, subscription), |(breaker, _), turn| breaker.call(|| Succeeds::call(turn)).is_ok())
    })
}

#[derive(Clone)]
struct Handle(CircuitBreaker);

impl<F: GuardedFuture> AsyncSubject<F> for Handle {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.0.call_async(F::call(turn)).await)
    }
}
