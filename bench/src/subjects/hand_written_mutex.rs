//! The breaker that people write themselves: a mutex around a small state.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::expiries::{LONG_EXPIRY, SHORT_EXPIRY};
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group,
    OPEN, OPENING, PERMIT, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED,
    REALISTIC_OPEN, Side, TASKS, TIME, TIME_1, TIME_25, TIME_FAIL,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, Failure, GuardedFunction, GuardedFuture, Immediately,
    Ready, Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, plain, tasks};

const MUTEX: (Side, &str) = (Side::Peer, "mutex by hand");
const IN_A_ROW: &str = "5 failures in a row";

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<Succeeds, _>(CONSECUTIVE, IN_A_ROW, || InARow::new(5)),
        case::<Succeeds, _>(CALLS, "bits of the last 100 calls, 50 %", || LastCalls::new(50)),
        case::<Succeeds, _>(TIME, "10 buckets of 1 s, 50 %", || LastSeconds::new(0.5)),
        case::<FailsEvery<100>, _>(CALLS_1, "bits of the last 100 calls, 50 %", || LastCalls::new(50)),
        case::<FailsEvery<4>, _>(CALLS_25, "bits of the last 100 calls, 50 %", || LastCalls::new(50)),
        case::<FailsEvery<100>, _>(TIME_1, "10 buckets of 1 s, 50 %", || LastSeconds::new(0.5)),
        case::<FailsEvery<4>, _>(TIME_25, "10 buckets of 1 s, 50 %", || LastSeconds::new(0.5)),
        case::<FailsEvery<1>, _>(CONSECUTIVE_FAIL, "a limit out of reach", || InARow::new(u32::MAX)),
        case::<SucceedsEvery<10>, _>(CALLS_FAIL, "bits of the last 100 calls, 100 %", || LastCalls::new(100)),
        case::<FailsEvery<1>, _>(TIME_FAIL, "10 buckets of 1 s, a limit out of reach", || LastSeconds::new(2.0)),
        Case::new(OPENING, MUTEX, "5 failures in a row, open for 1 ns; every call is a probe then", || {
            calls::<SucceedsEvery<6>, _>(ByHand { open_for: SHORT_EXPIRY, ..ByHand::new(InARow::new(5)) })
        }),
        Case::new(OPEN, MUTEX, IN_A_ROW, || calls::<Succeeds, _>(open())),
        Case::new(ASYNC, MUTEX, IN_A_ROW, || awaited::<Ready>(Shared::new(ByHand::new(InARow::new(5))))),
        Case::new(ASYNC_OPEN, MUTEX, IN_A_ROW, || awaited::<Ready>(Shared::new(open()))),
        Case::new(TASKS, MUTEX, IN_A_ROW, || tasks::<Ready>(Shared::new(ByHand::new(InARow::new(5))))),
        Case::new(PERMIT, MUTEX, IN_A_ROW, || permits(ByHand::new(InARow::new(5)))),
        Case::new(ASYNC_FAIL, MUTEX, "a limit out of reach", || {
            awaited::<Immediately<FailsEvery<1>>>(Shared::new(ByHand::new(InARow::new(u32::MAX))))
        }),
        case::<Charges, _>(REALISTIC, IN_A_ROW, || InARow::new(5)),
        case::<ChargesInlined, _>(REALISTIC_INLINED, IN_A_ROW, || InARow::new(5)),
        case::<Declines, _>(REALISTIC_FAIL, "a limit out of reach", || InARow::new(u32::MAX)),
        Case::new(REALISTIC_OPEN, MUTEX, IN_A_ROW, || calls::<Charges, _>(open())),
        Case::new(REALISTIC_ASYNC, MUTEX, IN_A_ROW, || {
            awaited::<ChargesLater>(Shared::new(ByHand::new(InARow::new(5))))
        }),
        Case::new(REALISTIC_ASYNC_OPEN, MUTEX, IN_A_ROW, || awaited::<ChargesLater>(Shared::new(open()))),
    ]
}

fn case<L: GuardedFunction, C: Condition>(group: &'static Group, configuration: &str, condition: fn() -> C) -> Case {
    Case::new(group, MUTEX, configuration, move || calls::<L, C>(ByHand::new(condition())))
}

fn calls<L: GuardedFunction, C: Condition>(breaker: ByHand<C>) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| L::consume(breaker.call(|| L::call(turn))))
}

fn permits(breaker: ByHand<InARow>) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| {
        if breaker.rejects() {
            return false;
        }
        let result = Succeeds::call(turn);
        breaker.settle(result.is_err());
        result.is_ok()
    })
}

fn open() -> ByHand<InARow> {
    let breaker = ByHand::new(InARow::new(5));
    breaker.state().open_until = Some(Instant::now() + LONG_EXPIRY);
    breaker
}

#[derive(Clone)]
struct Shared(Arc<ByHand<InARow>>);

impl Shared {
    fn new(breaker: ByHand<InARow>) -> Self {
        Self(Arc::new(breaker))
    }
}

impl<F: GuardedFuture> AsyncSubject<F> for Shared {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.0.call_async(F::call(turn)).await)
    }
}

/// When it opens.
trait Condition: Send + 'static {
    /// Counts a result; returns whether the breaker opens.
    fn opens(&mut self, failed: bool) -> bool;
}

struct State<C> {
    condition: C,
    open_until: Option<Instant>,
}

struct ByHand<C> {
    state: Mutex<State<C>>,
    open_for: Duration,
}

impl<C: Condition> ByHand<C> {
    fn new(condition: C) -> Self {
        Self { state: Mutex::new(State { condition, open_until: None }), open_for: Duration::from_secs(30) }
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T, E: Failure>(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if self.rejects() {
            return Err(E::rejected());
        }
        let result = body();
        self.settle(result.is_err());
        result
    }

    async fn call_async<T, E: Failure>(&self, body: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if self.rejects() {
            return Err(E::rejected());
        }
        let result = body.await;
        self.settle(result.is_err());
        result
    }

    fn rejects(&self) -> bool {
        let open_until = self.state().open_until;
        open_until.is_some_and(|until| Instant::now() < until)
    }

    fn settle(&self, failed: bool) {
        let mut state = self.state();
        if state.condition.opens(failed) {
            state.open_until = Some(Instant::now() + self.open_for);
        }
    }
}

struct InARow {
    limit: u32,
    failures: u32,
}

impl InARow {
    fn new(limit: u32) -> Self {
        Self { limit, failures: 0 }
    }
}

impl Condition for InARow {
    fn opens(&mut self, failed: bool) -> bool {
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        self.failures >= self.limit
    }
}

struct LastCalls {
    limit: u32,
    failures: u32,
    calls: usize,
    next: usize,
    failed: [bool; 100],
}

impl LastCalls {
    fn new(limit: u32) -> Self {
        Self { limit, failures: 0, calls: 0, next: 0, failed: [false; 100] }
    }
}

impl Condition for LastCalls {
    fn opens(&mut self, failed: bool) -> bool {
        let oldest = std::mem::replace(&mut self.failed[self.next], failed);
        self.failures = self.failures + u32::from(failed) - u32::from(oldest);
        self.next = (self.next + 1) % self.failed.len();
        self.calls = (self.calls + 1).min(self.failed.len());
        self.calls == self.failed.len() && self.failures >= self.limit
    }
}

struct LastSeconds {
    limit: f64,
    began: Instant,
    second: u64,
    buckets: [(u32, u32); 10],
}

impl LastSeconds {
    fn new(limit: f64) -> Self {
        Self { limit, began: Instant::now(), second: 0, buckets: [(0, 0); 10] }
    }
}

impl Condition for LastSeconds {
    fn opens(&mut self, failed: bool) -> bool {
        let second = self.began.elapsed().as_secs();
        while self.second < second {
            self.second += 1;
            self.buckets[(self.second % 10) as usize] = (0, 0);
        }
        let bucket = &mut self.buckets[(second % 10) as usize];
        bucket.0 += 1;
        bucket.1 += u32::from(failed);
        if !failed {
            return false;
        }
        let (calls, failures) =
            self.buckets.iter().fold((0, 0), |(calls, failures), bucket| (calls + bucket.0, failures + bucket.1));
        calls >= 20 && f64::from(failures) >= self.limit * f64::from(calls)
    }
}
