//! A panic in the body is a failure with its message, and continues with its original payload.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use breaker_box::{Registry, State, circuit_breaker};

use crate::support::{last_reason, now, registry, status, yield_once};

#[derive(Debug, PartialEq)]
struct Payload(u32);

#[circuit_breaker(identifier = "panics", registry = registry)]
fn fail(registry: &Registry, how: u32) -> Option<()> {
    match how {
        0 => panic!("a text"),
        1 => panic!("text number {how}"),
        _ => panic_any(Payload(how)),
    }
}

#[test]
fn each_payload_goes_on_and_each_text_is_the_reason() {
    let caught = |how| {
        let registry = registry();
        let payload = catch_unwind(AssertUnwindSafe(|| fail(&registry, how))).unwrap_err();
        let totals = status(&registry, "panics").totals;
        assert_eq!((totals.panicked, totals.failures, totals.successes), (1, 1, 0));
        assert_eq!(registry.state("panics"), State::Open);
        (payload, last_reason(&registry, "panics"))
    };

    let (payload, reason) = caught(0);
    assert_eq!(payload.downcast_ref(), Some(&"a text"));
    assert!(reason.unwrap().contains("a text"));

    let (payload, reason) = caught(1);
    assert_eq!(payload.downcast_ref(), Some(&"text number 1".to_owned()));
    assert!(reason.unwrap().contains("text number 1"));

    let (payload, _) = caught(2);
    assert_eq!(payload.downcast_ref(), Some(&Payload(2)));
}

#[test]
fn a_panic_between_two_polls_is_counted() {
    #[circuit_breaker(identifier = "later", registry = registry)]
    async fn later(registry: &Registry) -> Option<()> {
        yield_once().await;
        panic!("later")
    }

    let registry = registry();
    let mut future = Box::pin(later(&registry));
    assert!(crate::support::poll(future.as_mut()).is_pending());
    let payload = catch_unwind(AssertUnwindSafe(|| now(future))).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"later"));
    let totals = status(&registry, "later").totals;
    assert_eq!((totals.panicked, totals.failures, totals.cancelled), (1, 1, 0));
}

#[test]
fn a_panic_while_the_future_is_made_is_counted() {
    #[circuit_breaker(identifier = "made", registry = registry)]
    fn made(registry: &Registry, fails: bool) -> impl Future<Output = Option<()>> {
        assert!(!fails, "made");
        async { Some(()) }
    }

    let registry = registry();
    catch_unwind(AssertUnwindSafe(|| drop(made(&registry, true)))).unwrap_err();
    let totals = status(&registry, "made").totals;
    assert_eq!((totals.panicked, totals.failures, totals.cancelled), (1, 1, 0));
    assert_eq!(last_reason(&registry, "made").as_deref(), Some("made"));
    assert_eq!(now(made(&registry, true)), None, "it is open, so the body does not run");
}
