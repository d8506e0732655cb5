//! This library, through the attribute. Circuits of call sites live in the global registry for the
//! whole process.

use std::fmt;
use std::thread;
use std::time::Duration;

use breaker_box::{CircuitOpenError, Registry, circuit_breaker};

use super::expiries::LONG_EXPIRY;
use super::handle::LONGER_THAN_OPEN;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case,
    HALF_OPEN, HUNG_CALLS, KEYED, OPEN, OPENING, PROBES, SLOW, Side, TASKS, TIME, TIME_1, TIME_25, TIME_FAIL,
};
use crate::guarded_function::{
    Broken, FailsEvery, GuardedFunction, GuardedFuture as _, Immediately, Ready, Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, plain, tasks};

const ATTRIBUTE: (Side, &str) = (Side::Ours, "attribute");
const WITH_REASONS: (Side, &str) = (Side::Ours, "attribute, with reasons");

/// The error of the annotated functions.
#[derive(Debug)]
enum Failure {
    Broken(Broken),
    Open(CircuitOpenError),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<CircuitOpenError> for Failure {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(broken) => broken.fmt(f),
            Self::Open(open) => open.fmt(f),
        }
    }
}

/// Annotated functions, each with a load and the attribute's options.
macro_rules! annotated {
    ($($function:ident($identifier:literal, $load:ty, $($option:tt)*);)*) => {
        $(
            #[circuit_breaker(identifier = $identifier, $($option)*)]
            fn $function(turn: u64) -> Result<u64, Failure> {
                Ok(<$load>::call(turn)?)
            }
        )*
    };
}

annotated! {
    consecutive("consecutive", Succeeds, failure_threshold = 5);
    calls("calls", Succeeds, failure_rate = 0.5, window = 100);
    time("time", Succeeds, failure_rate = 0.5, window = "10s");
    slow("slow", Succeeds, slow_call_rate = 0.5, slow_call = "2s", window = 100);
    calls_1("calls-1", FailsEvery<100>, failure_rate = 0.5, window = 100, error_handler = Result::is_ok);
    calls_25("calls-25", FailsEvery<4>, failure_rate = 0.5, window = 100, error_handler = Result::is_ok);
    time_1("time-1", FailsEvery<100>, failure_rate = 0.5, window = "10s", error_handler = Result::is_ok);
    time_25("time-25", FailsEvery<4>, failure_rate = 0.5, window = "10s", error_handler = Result::is_ok);
    consecutive_fail("consecutive-fail", FailsEvery<1>, failure_threshold = 10_000_000, error_handler = Result::is_ok);
    with_reasons("with-reasons", FailsEvery<1>, failure_threshold = 10_000_000);
    calls_fail("calls-fail", SucceedsEvery<10>, failure_rate = 1.0, window = 100, error_handler = Result::is_ok);
    time_fail("time-fail", FailsEvery<1>, failure_rate = 1.0, window = "10s", minimum_calls = 10_000_000, error_handler = Result::is_ok);
    open("open", Succeeds, failure_threshold = 5);
    hung_calls("hung-calls", Succeeds, hung_calls = 10, hung_after = "30s");
    opening("opening", SucceedsEvery<6>, failure_threshold = 5, expiry = "1ns", error_handler = Result::is_ok);
    probes("probes", Succeeds, failure_threshold = 5, half_open_max_calls = 10, success_threshold = 10_000_000);
    half_open("half-open", Succeeds, failure_threshold = 5, half_open_timeout = "1h");
}

#[circuit_breaker(identifier = "async", failure_threshold = 5)]
async fn asynchronous(turn: u64) -> Result<u64, Failure> {
    Ok(Ready::call(turn).await?)
}

#[circuit_breaker(identifier = "async-fail", failure_threshold = 10_000_000, error_handler = Result::is_ok)]
async fn asynchronous_fail(turn: u64) -> Result<u64, Failure> {
    Ok(Immediately::<FailsEvery<1>>::call(turn).await?)
}

#[circuit_breaker(identifier = "async-open", failure_threshold = 5)]
async fn asynchronous_open(turn: u64) -> Result<u64, Failure> {
    Ok(Ready::call(turn).await?)
}

#[circuit_breaker(identifier = "shop:{id}", failure_threshold = 5)]
fn keyed(id: u64, turn: u64) -> Result<u64, Failure> {
    Ok(Succeeds::call(turn)?)
}

pub(super) fn cases() -> Vec<Case> {
    /// The circuits of the site have the name of their group.
    macro_rules! closed {
        ($($group:ident, $subject:expr, $function:ident, $identifier:expr, $configuration:literal;)*) => {
            vec![$(Case::new($group, $subject, $configuration, || {
                renew($identifier);
                plain((), |(), turn| $function(turn).is_ok())
            })),*]
        };
    }
    let mut cases = closed! {
        CONSECUTIVE, ATTRIBUTE, consecutive, CONSECUTIVE.name, "failure_threshold = 5";
        CALLS, ATTRIBUTE, calls, CALLS.name, "failure_rate = 0.5, window = 100";
        TIME, ATTRIBUTE, time, TIME.name, "failure_rate = 0.5, window = \"10s\"";
        SLOW, ATTRIBUTE, slow, SLOW.name, "slow_call_rate = 0.5, slow_call = \"2s\", window = 100";
        CALLS_1, ATTRIBUTE, calls_1, CALLS_1.name, "failure_rate = 0.5, window = 100, error_handler = Result::is_ok";
        CALLS_25, ATTRIBUTE, calls_25, CALLS_25.name, "failure_rate = 0.5, window = 100, error_handler = Result::is_ok";
        TIME_1, ATTRIBUTE, time_1, TIME_1.name, "failure_rate = 0.5, window = \"10s\", error_handler = Result::is_ok";
        TIME_25, ATTRIBUTE, time_25, TIME_25.name, "failure_rate = 0.5, window = \"10s\", error_handler = Result::is_ok";
        CONSECUTIVE_FAIL, ATTRIBUTE, consecutive_fail, CONSECUTIVE_FAIL.name,
            "failure_threshold = 10_000_000, error_handler = Result::is_ok";
        CONSECUTIVE_FAIL, WITH_REASONS, with_reasons, "with-reasons",
            "failure_threshold = 10_000_000; each failure's text is kept";
        HUNG_CALLS, ATTRIBUTE, hung_calls, HUNG_CALLS.name, "hung_calls = 10, hung_after = \"30s\"";
        OPENING, ATTRIBUTE, opening, OPENING.name,
            "failure_threshold = 5, expiry = \"1ns\", error_handler = Result::is_ok";
        CALLS_FAIL, ATTRIBUTE, calls_fail, CALLS_FAIL.name,
            "failure_rate = 1.0, window = 100, error_handler = Result::is_ok";
        TIME_FAIL, ATTRIBUTE, time_fail, TIME_FAIL.name,
            "failure_rate = 1.0, window = \"10s\", minimum_calls = 10_000_000, error_handler = Result::is_ok";
    };
    cases.push(Case::new(OPEN, ATTRIBUTE, "failure_threshold = 5", || {
        drop(open(0));
        opened(OPEN.name, LONG_EXPIRY);
        plain((), |(), turn| open(turn).is_ok())
    }));
    cases.push(Case::new(HALF_OPEN, ATTRIBUTE, "failure_threshold = 5, half_open_timeout = \"1h\"", half_open_case));
    cases.push(Case::new(PROBES, ATTRIBUTE, "half_open_max_calls = 10, success_threshold = 10_000_000", || {
        renew(PROBES.name);
        drop(probes(1));
        opened(PROBES.name, Duration::from_millis(1));
        thread::sleep(LONGER_THAN_OPEN);
        plain((), |(), turn| probes(turn).is_ok())
    }));
    cases.push(Case::new(KEYED, ATTRIBUTE, "identifier = \"shop:{id}\", failure_threshold = 5", || {
        plain((), |(), turn| keyed(turn % 1_000, turn).is_ok())
    }));
    cases.push(Case::new(ASYNC, ATTRIBUTE, "failure_threshold = 5", || awaited::<Ready>(Closed)));
    cases.push(Case::new(TASKS, ATTRIBUTE, "failure_threshold = 5", || tasks::<Ready>(Closed)));
    cases.push(Case::new(
        ASYNC_FAIL,
        ATTRIBUTE,
        "failure_threshold = 10_000_000, error_handler = Result::is_ok",
        || {
            renew(ASYNC_FAIL.name);
            awaited::<Immediately<FailsEvery<1>>>(Failing)
        },
    ));
    cases.push(Case::new(ASYNC_OPEN, ATTRIBUTE, "failure_threshold = 5", || {
        awaited::<Ready>(Open).run(&mut 0, 1);
        opened(ASYNC_OPEN.name, LONG_EXPIRY);
        awaited::<Ready>(Open)
    }));
    cases
}

/// Forgets what earlier rounds did to a circuit.
pub(super) fn renew(identifier: &str) {
    // The first time there is none yet.
    let _ = Registry::global().reset(identifier);
}

pub(super) fn opened(identifier: &str, duration: Duration) {
    Registry::global().open_for(identifier, duration).expect("a circuit that was called");
}

fn half_open_case() -> Box<dyn Run> {
    renew(HALF_OPEN.name);
    drop(half_open(0));
    opened(HALF_OPEN.name, Duration::from_millis(1));
    thread::sleep(LONGER_THAN_OPEN);
    let probe = Registry::global().get(HALF_OPEN.name).map(|breaker| breaker.try_acquire().expect("the probe"));
    plain(probe, |_, turn| half_open(turn).is_ok())
}

#[derive(Clone)]
struct Closed;

impl AsyncSubject<Ready> for Closed {
    async fn make_call(&mut self, turn: u64) -> bool {
        asynchronous(turn).await.is_ok()
    }
}

#[derive(Clone)]
struct Failing;

impl AsyncSubject<Immediately<FailsEvery<1>>> for Failing {
    async fn make_call(&mut self, turn: u64) -> bool {
        asynchronous_fail(turn).await.is_ok()
    }
}

#[derive(Clone)]
struct Open;

impl AsyncSubject<Ready> for Open {
    async fn make_call(&mut self, turn: u64) -> bool {
        asynchronous_open(turn).await.is_ok()
    }
}
