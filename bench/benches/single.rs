//! Benches of single cases, for work on one path: `cargo bench -p bench -- closed`.

use std::hint::black_box;
use std::time::Duration;

use breaker_box::{CallError, CircuitBreaker, CircuitOpenError, Policy, Registry, Window, circuit_breaker};
use divan::Bencher;
use payments::{ChargeError, Receipt};

fn main() {
    divan::main();
}

const POLICIES: [(&str, Policy); 3] = [
    ("consecutive", Policy::consecutive_failures(5)),
    ("calls", Policy::failure_rate(0.5, Window::calls(100))),
    ("time", Policy::failure_rate(0.5, Window::time(Duration::from_secs(10)))),
];

fn breaker(policy: &str) -> CircuitBreaker {
    let (name, policy) = POLICIES.into_iter().find(|(name, _)| *name == policy).expect("one of the names");
    CircuitBreaker::new(name, policy).expect("a valid policy")
}

fn call(breaker: &CircuitBreaker, fails: bool) -> Result<u64, CallError<()>> {
    breaker.call(|| if black_box(fails) { Err(()) } else { Ok(1) })
}

#[divan::bench(args = ["consecutive", "calls", "time"], threads = [1, 2])]
fn closed_success(bencher: Bencher<'_, '_>, policy: &str) {
    let breaker = breaker(policy);
    bencher.bench(|| call(&breaker, false).is_ok());
}

#[divan::bench(args = ["calls", "time"], threads = [1, 2])]
fn one_in_four_fails(bencher: Bencher<'_, '_>, policy: &str) {
    let breaker = breaker(policy);
    bencher.counter(4_u32).bench(|| (0..4).filter(|turn| call(&breaker, *turn == 0).is_ok()).count());
}

#[divan::bench(threads = [1, 2])]
fn open_rejection(bencher: Bencher<'_, '_>) {
    let breaker = breaker("consecutive");
    breaker.force_open();
    bencher.bench(|| call(&breaker, false).is_ok());
}

#[circuit_breaker(identifier = "single")]
fn annotated() -> Result<u64, CircuitOpenError> {
    Ok(black_box(1))
}

#[divan::bench(threads = [1, 2])]
fn attribute(bencher: Bencher<'_, '_>) {
    bencher.bench(|| annotated().is_ok());
}

#[circuit_breaker(identifier = "single-realistic")]
fn charge(order: u64) -> Result<Receipt, ChargeError> {
    payments::charge(order)
}

#[divan::bench(threads = [1, 2])]
fn realistic(bencher: Bencher<'_, '_>) {
    bencher.bench(|| black_box(&charge(black_box(1))).is_ok());
}

#[divan::bench(args = [10, 10_000])]
fn by_name(bencher: Bencher<'_, '_>, circuits: u32) {
    let registry = Registry::new();
    for number in 0..circuits {
        registry.register(format!("service-{number:08}"), Policy::new()).expect("a new name");
    }
    let name = format!("service-{:08}", circuits / 2);
    bencher.bench(|| registry.call(name.as_str(), || Ok::<_, ()>(black_box(1))).is_ok());
}
