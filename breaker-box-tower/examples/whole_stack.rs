//! The whole stack around a dependency, and what each part of it is worth: a deadline for the whole
//! call, retries within a budget, the circuit breaker, and a timeout for each attempt. It runs on
//! tokio's paused clock, so a minute of outage takes no time. What is claimed is asserted.
//!
//! The guide's page "stacking" says why the parts are in this order.
//!
//! Run it with `cargo run -p breaker-box-tower --all-features --example whole_stack`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use breaker_box::{CircuitBreaker, CircuitOpenError, Clock, Policy, State, Window};
use breaker_box_tower::{BoxError, CircuitBreakerLayer};
use tokio::time::{Instant, Sleep, sleep};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{self, RetryLayer};
use tower::timeout::TimeoutLayer;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, ServiceExt, service_fn};

const DEADLINE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

type Stock = BoxCloneService<u32, u32, BoxError>;

/// All that it takes. The layers that come first are the outer ones.
fn stack(dependency: &Dependency, breaker: &CircuitBreaker, retries: Retries) -> Stock {
    let dependency = dependency.clone();
    ServiceBuilder::new()
        // The caller waits no longer than this, whatever happens below.
        .layer(TimeoutLayer::new(DEADLINE))
        // Each attempt asks the circuit, and an open circuit ends the attempts.
        .layer(RetryLayer::new(retries))
        // It counts each attempt as what it was.
        .layer(CircuitBreakerLayer::new(breaker.clone()))
        // An attempt that hangs becomes an error, which the circuit counts and the retry repeats.
        .layer(TimeoutLayer::new(ATTEMPT_TIMEOUT))
        .service(service_fn(move |item| dependency.clone().answer(item)))
        .boxed_clone()
}

/// Retries of one call; tower clones it for each. The budget is the same for all calls: at most so
/// many retries for each call that succeeds.
#[derive(Clone)]
struct Retries {
    left: u32,
    budget: Arc<TpsBudget>,
}

impl Retries {
    /// Allows `percent` of the successful calls of the last ten seconds, and one more each second.
    fn within(percent: f32) -> Self {
        Self { left: ATTEMPTS - 1, budget: Arc::new(TpsBudget::new(Duration::from_secs(10), 1, percent / 100.0)) }
    }
}

impl retry::Policy<u32, u32, BoxError> for Retries {
    type Future = Sleep;

    fn retry(&mut self, _item: &mut u32, result: &mut Result<u32, BoxError>) -> Option<Sleep> {
        let Err(error) = result else {
            self.budget.deposit();
            return None;
        };
        // It would be rejected again. Do not pay for that, and do not wait.
        if error.is::<CircuitOpenError>() || self.left == 0 || !self.budget.withdraw() {
            return None;
        }
        self.left -= 1;
        // In a service, with back-off and jitter.
        Some(sleep(PAUSE))
    }

    fn clone_request(&mut self, item: &u32) -> Option<u32> {
        // Only calls that may be made twice.
        Some(*item)
    }
}

fn breaker(policy: Policy) -> CircuitBreaker {
    let start = Instant::now();
    let clock = Clock::from_fn(move || start.elapsed());
    CircuitBreaker::with_clock("stock", policy, clock).expect("a valid policy")
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    one_bad_attempt_is_repeated().await;
    a_dependency_that_hangs_is_left_alone_and_comes_back().await;
    a_budget_limits_the_load_of_retries().await;
    a_deadline_ends_the_whole_call().await;
}

async fn one_bad_attempt_is_repeated() {
    let (dependency, breaker) =
        (Dependency::new(|n| if n == 1 { Behaviour::Fails } else { Behaviour::Works }), breaker(Policy::new()));
    let stock = stack(&dependency, &breaker, Retries::within(20.0));
    assert_eq!(stock.oneshot(7).await.unwrap(), 7);
    let totals = breaker.status().totals;
    assert_eq!((dependency.asked(), totals.failures, totals.successes), (2, 1, 1));
    println!("one bad attempt: repeated, and the circuit has seen both");
}

async fn a_dependency_that_hangs_is_left_alone_and_comes_back() {
    // It hangs for the first five attempts.
    let dependency = Dependency::new(|n| if n <= 5 { Behaviour::Hangs } else { Behaviour::Works });
    let breaker = breaker(Policy::consecutive_failures(5));
    let stock = stack(&dependency, &breaker, Retries::within(20.0));

    let start = Instant::now();
    assert!(stock.clone().oneshot(7).await.unwrap_err().is::<Elapsed>());
    assert_eq!(start.elapsed(), 3 * ATTEMPT_TIMEOUT + 2 * PAUSE, "three attempts");
    assert_eq!(breaker.status().totals.failures, 3, "without a timeout inside, the circuit would know nothing");

    // The second attempt opens the circuit, which ends the attempts.
    let start = Instant::now();
    assert!(stock.clone().oneshot(7).await.unwrap_err().is::<CircuitOpenError>());
    assert_eq!((breaker.state(), start.elapsed()), (State::Open, 2 * (ATTEMPT_TIMEOUT + PAUSE)));

    let start = Instant::now();
    for _ in 0..1_000 {
        assert!(stock.clone().oneshot(7).await.unwrap_err().is::<CircuitOpenError>());
    }
    assert_eq!((start.elapsed(), dependency.asked()), (Duration::ZERO, 5));
    println!("a dependency that hangs: five attempts, then a thousand calls are refused at once");

    sleep(Duration::from_secs(30)).await;
    assert_eq!(stock.oneshot(7).await.unwrap(), 7);
    assert_eq!((breaker.state(), dependency.asked()), (State::Closed, 6), "the probe was one attempt");
    println!("half a minute later, one attempt closes the circuit");
}

/// A third of all attempts fails: too few to open, and enough for retries to add to the load of a
/// dependency that has too much of it already.
async fn a_budget_limits_the_load_of_retries() {
    const CALLS: u32 = 1_000;

    let load = async |retries| {
        let dependency = Dependency::new(|n| if n % 3 == 0 { Behaviour::Fails } else { Behaviour::Works });
        let breaker = breaker(Policy::failure_rate(0.5, Window::calls(100)));
        let stock = stack(&dependency, &breaker, retries);
        for item in 0..CALLS {
            let _ = stock.clone().oneshot(item).await;
        }
        assert_eq!(breaker.state(), State::Closed);
        dependency.asked()
    };
    let (with, without) = (load(Retries::within(10.0)).await, load(Retries::within(100_000.0)).await);
    println!("a third fails: {CALLS} calls are {with} attempts with a budget of 10 %, {without} without");
    assert!((1_050..=1_150).contains(&with), "{with}");
    assert!(without > 1_400, "{without}");
}

async fn a_deadline_ends_the_whole_call() {
    // Each attempt fails just before its timeout, so no attempt is too long by itself.
    let dependency = Dependency::new(|_| Behaviour::FailsAfter(Duration::from_millis(1_900)));
    let breaker = breaker(Policy::consecutive_failures(100));
    let retries = Retries { left: 99, ..Retries::within(100_000.0) };
    let stock = stack(&dependency, &breaker, retries);
    let start = Instant::now();
    assert!(stock.oneshot(7).await.unwrap_err().is::<Elapsed>());
    assert_eq!(start.elapsed(), DEADLINE);
    // The attempt that the deadline has dropped says nothing: it ran for less than its own time.
    let totals = breaker.status().totals;
    assert_eq!((dependency.asked(), totals.failures, totals.cancelled), (6, 5, 1));
    println!("the deadline: the caller has waited for {} seconds, and no longer", DEADLINE.as_secs());
}

/// What the dependency does with an attempt.
#[derive(Clone, Copy)]
enum Behaviour {
    Works,
    Fails,
    FailsAfter(Duration),
    Hangs,
}

#[derive(Clone)]
struct Dependency {
    /// By the number of the attempt, from 1.
    behaviour: fn(u32) -> Behaviour,
    asked: Arc<AtomicU32>,
}

impl Dependency {
    fn new(behaviour: fn(u32) -> Behaviour) -> Self {
        Self { behaviour, asked: Arc::default() }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    async fn answer(self, item: u32) -> Result<u32, BoxError> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        match (self.behaviour)(number) {
            Behaviour::Works => Ok(item),
            Behaviour::Fails => Err("down".into()),
            Behaviour::FailsAfter(time) => {
                sleep(time).await;
                Err("down".into())
            }
            Behaviour::Hangs => std::future::pending().await,
        }
    }
}
