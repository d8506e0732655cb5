//! What all these tests do: run a body in every order, and collect the outcomes.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_core::{CircuitBreaker, ManualClock, Policy, Registry};
use loom::model::Builder;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

/// How often a thread is interrupted where it could have gone on, unless `LOOM_MAX_PREEMPTIONS`
/// says more. Nearly all errors need two such interruptions at the most; each further one
/// multiplies the orders.
const PREEMPTIONS: usize = 3;
/// The same where three threads or more meet, or two that take many steps.
const PREEMPTIONS_OF_MANY_STEPS: usize = 2;

pub(crate) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Runs `body` in every order its threads can take their steps in; all outcomes.
///
/// A test compares this with the whole set of allowed outcomes: so it also notices a protocol that
/// lost one of them, and a test whose threads never meet.
pub(crate) fn outcomes<T: Ord + Debug + Send + 'static>(body: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<T> {
    named(run(&checker(PREEMPTIONS), body))
}

/// The same for three threads or more, or two that take many steps, with fewer interruptions,
/// because there are so many more orders.
pub(crate) fn outcomes_of_many_steps<T: Ord + Debug + Send + 'static>(
    body: impl Fn() -> T + Send + Sync + 'static,
) -> BTreeSet<T> {
    named(run(&checker(PREEMPTIONS_OF_MANY_STEPS), body))
}

/// The outcomes of `body`, each with the number of its orders.
pub(crate) fn first_orders<T: Send + 'static>(orders: usize, body: impl Fn() -> T + Send + Sync + 'static) -> Vec<T> {
    let mut checker = checker(PREEMPTIONS_OF_MANY_STEPS);
    checker.checkpoint_interval = orders;
    checker.max_permutations = Some(orders);
    run(&checker, body)
}

fn checker(preemptions: usize) -> Builder {
    let mut checker = Builder::new();
    checker.preemption_bound = checker.preemption_bound.or(Some(preemptions));
    // Enough for the longest test; the checker complains about those that are longer.
    checker.max_branches = 10_000;
    checker
}

fn run<T: Send + 'static>(checker: &Builder, body: impl Fn() -> T + Send + Sync + 'static) -> Vec<T> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    checker.check(move || {
        let outcome = body();
        sink.lock().expect("the checker runs one thread at a time").push(outcome);
    });
    let mut seen = seen.lock().expect("the checker runs one thread at a time");
    std::mem::take(&mut seen)
}

/// The outcomes once each, printed with the number of orders with `--nocapture`.
fn named<T: Ord + Debug>(all: Vec<T>) -> BTreeSet<T> {
    let orders = all.len();
    let seen = BTreeSet::from_iter(all);
    println!("{}: {orders} orders, {seen:?}", std::thread::current().name().unwrap_or_default());
    seen
}

/// One part of what is done at the same time.
pub(crate) type Work<T> = Box<dyn FnOnce() -> T>;

/// Does all of it at the same time, the last part on this thread; the outcome of each part.
pub(crate) fn together<T: 'static, const N: usize>(works: [Work<T>; N]) -> Vec<T> {
    all_together(works.into())
}

/// The same for any number.
pub(crate) fn all_together<T: 'static>(mut works: Vec<Work<T>>) -> Vec<T> {
    let last = works.pop();
    let threads: Vec<_> = works.into_iter().map(thread::spawn).collect();
    let last = last.map(|work| work());
    let mut results: Vec<T> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    results.extend(last);
    results
}

/// Does both at the same time; the outcome of the second, and whether it raced: false if the first
/// was over when it began.
pub(crate) fn raced<A: 'static, B: 'static>(first: Work<A>, second: Work<B>) -> (bool, B) {
    let over = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&over);
    // AcqRel, both: what the first did is visible to a second that finds it over. Additions,
    // because the checker tries them in every order.
    let first: Work<Option<(bool, B)>> = Box::new(move || {
        first();
        over.fetch_add(1, Ordering::AcqRel);
        None
    });
    let second: Work<Option<(bool, B)>> = Box::new(move || {
        let races = seen.fetch_add(0, Ordering::AcqRel) == 0;
        Some((races, second()))
    });
    together([first, second]).into_iter().flatten().next().expect("the second came to something")
}

/// A breaker on a clock that only the test moves.
pub(crate) fn breaker(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("payment_api", policy, clock.clone()).expect("a valid policy");
    (breaker, clock)
}

/// A breaker whose open period is just over.
pub(crate) fn expired(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker(policy);
    breaker.open_for(seconds(1));
    clock.advance(seconds(1));
    (breaker, clock)
}

/// One call that fails; whether it was admitted.
pub(crate) fn fail(breaker: &CircuitBreaker) -> bool {
    breaker.call_with(|| (), |()| false).is_ok()
}

/// One call that fails for a reason: it takes another path, under the lock.
pub(crate) fn fail_with_reason(breaker: &CircuitBreaker) -> bool {
    breaker.try_acquire().map(|permit| permit.failure("timed out")).is_ok()
}

/// One call that succeeds; whether it was admitted.
pub(crate) fn succeed(breaker: &CircuitBreaker) -> bool {
    breaker.call_with(|| (), |()| true).is_ok()
}

/// The failures in a row, or in the window.
pub(crate) fn failures(breaker: &CircuitBreaker) -> u32 {
    breaker.status().failure_count
}

/// `work` with a handle of its own to the breaker.
pub(crate) fn with<T: 'static>(breaker: &CircuitBreaker, work: impl FnOnce(&CircuitBreaker) -> T + 'static) -> Work<T> {
    let breaker = breaker.clone();
    Box::new(move || work(&breaker))
}

/// A registry on a clock that stands still.
pub(crate) fn registry() -> Registry {
    Registry::builder().clock(ManualClock::new()).build().expect("a valid policy")
}

/// The failures that the circuit of that name has seen, if there is one.
pub(crate) fn failures_of(registry: &Registry, key: &str) -> Option<u64> {
    registry.status(key).ok().map(|status| status.totals.failures)
}
