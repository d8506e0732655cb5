//! `async fn`: when the circuit is asked, what a dropped future counts as, what the future costs.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Mutex;

use breaker_box::{Registry, State, circuit_breaker};

use crate::support::{last_reason, now, poll, registry, registry_with_open, send, status, yield_once};

#[circuit_breaker(identifier = "payment_api", registry = registry)]
async fn pay(registry: &Registry, amount: u32) -> Result<u32, String> {
    yield_once().await;
    if amount == 0 {
        return Err("nothing to pay".to_owned());
    }
    Ok(amount)
}

#[test]
fn a_result_is_counted_when_the_future_is_ready() {
    let registry = registry();
    let mut future = pin!(pay(&registry, 5));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(status(&registry, "payment_api").totals.successes, 0);
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(status(&registry, "payment_api").totals.successes, 1);

    let mut future = pin!(pay(&registry, 0));
    assert!(poll(future.as_mut()).is_pending());
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(last_reason(&registry, "payment_api").as_deref(), Some("nothing to pay"));
    assert_eq!(registry.state("payment_api"), State::Open);
}

#[test]
fn the_circuit_is_asked_at_the_first_poll() {
    let registry = registry();
    let future = pay(&registry, 5);
    assert!(registry.status("payment_api").is_err(), "making the future asked already");
    registry.force_open("payment_api").unwrap_err();
    drop(future);
    assert!(registry.status("payment_api").is_err(), "a future that was never polled left a trace");

    let future = pay(&registry, 5);
    registry.register("payment_api", breaker_box::Policy::new()).unwrap().force_open();
    let message = now(future).unwrap_err();
    assert!(message.contains("payment_api"), "{message}");
}

#[test]
fn an_open_circuit_does_not_run_the_body() {
    #[circuit_breaker(identifier = "touch", registry = registry)]
    async fn touch(registry: &Registry, touched: &Mutex<bool>) -> Option<()> {
        *touched.lock().unwrap() = true;
        Some(())
    }

    let touched = Mutex::new(false);
    assert_eq!(now(touch(&registry_with_open("touch"), &touched)), None);
    assert!(!*touched.lock().unwrap());
    assert_eq!(now(touch(&registry(), &touched)), Some(()));
    assert!(*touched.lock().unwrap());
}

#[test]
fn a_future_dropped_on_the_way_is_cancelled() {
    let registry = registry();
    {
        let mut future = pin!(pay(&registry, 5));
        assert!(poll(future.as_mut()).is_pending());
    }
    let totals = status(&registry, "payment_api").totals;
    assert_eq!((totals.cancelled, totals.failures, totals.successes), (1, 0, 0));
}

#[test]
fn a_cancelled_future_is_a_failure_where_the_policy_says_so() {
    #[circuit_breaker(identifier = "slow", registry = registry, on_cancel = "failure", failure_threshold = 1)]
    async fn slow(registry: &Registry) -> Option<()> {
        yield_once().await;
        Some(())
    }

    let registry = registry();
    {
        let mut future = pin!(slow(&registry));
        assert!(poll(future.as_mut()).is_pending());
    }
    assert_eq!(registry.state("slow"), State::Open);
}

#[test]
fn the_future_is_send_where_the_body_is() {
    let registry = registry();
    let task = std::thread::spawn(move || {
        let mut future = Box::pin(send(pay(&registry, 5)));
        while poll(future.as_mut()).is_pending() {}
    });
    task.join().unwrap();
}

#[test]
fn what_names_the_circuit_may_be_bound_to_its_thread() {
    #[circuit_breaker(
        identifier = Rc::<str>::from(name),
        registry = &*Rc::new(registry.clone()),
        fallback = async |_| { yield_once().await; None },
    )]
    async fn named(registry: &Registry, name: &str) -> Option<()> {
        yield_once().await;
        Some(())
    }

    let registry = registry();
    let mut future = pin!(send(named(&registry, "local")));
    assert!(poll(future.as_mut()).is_pending());
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(status(&registry, "local").totals.successes, 1);
}

#[test]
fn a_body_that_is_not_send_is_fine() {
    #[circuit_breaker(identifier = "local", registry = registry)]
    async fn local(registry: &Registry, counter: Rc<u32>) -> Option<u32> {
        yield_once().await;
        Some(*counter)
    }

    let registry = registry();
    let mut future = pin!(local(&registry, Rc::new(5)));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(poll(future.as_mut()), std::task::Poll::Ready(Some(5)));
}

#[test]
#[expect(clippy::large_types_passed_by_value, reason = "a large argument shows whether it is kept twice")]
fn the_future_is_hardly_larger_than_the_body() {
    async fn bare(block: [u8; 1024]) -> Option<u8> {
        yield_once().await;
        Some(block[0])
    }

    #[circuit_breaker(identifier = "attribute/asynchronous/size")]
    async fn guarded(block: [u8; 1024]) -> Option<u8> {
        yield_once().await;
        Some(block[0])
    }

    let (bare, guarded) = (size_of_val(&bare([0; 1024])), size_of_val(&guarded([0; 1024])));
    assert!(guarded <= bare + 48, "{guarded} bytes, {bare} without the attribute");
}

#[test]
fn a_mutable_argument_may_be_changed() {
    #[circuit_breaker(identifier = "attribute/asynchronous/mutable")]
    async fn double(mut amount: u32) -> Option<u32> {
        amount *= 2;
        Some(amount)
    }

    assert_eq!(now(double(4)), Some(8));
}

/// Each type around a body is a step towards the compiler's recursion limit, which this crate
/// leaves as it is.
#[test]
fn thirteen_functions_await_each_other_in_a_row() {
    macro_rules! row {
        ($name:ident) => {
            async fn $name(depth: u32) -> Option<u32> {
                yield_once().await;
                Some(depth)
            }
        };
        ($name:ident $next:ident $($others:ident)*) => {
            #[circuit_breaker(identifier = "attribute/asynchronous/row")]
            async fn $name(depth: u32) -> Option<u32> {
                $next(depth + 1).await
            }
            row!($next $($others)*);
        };
    }
    row!(a b c d e f g h i j k l m last);

    assert_eq!(crate::support::finish(send(Box::pin(a(0)))), Some(13));
}
