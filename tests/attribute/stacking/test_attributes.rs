//! `#[test]`, `#[tokio::test]` and `#[should_panic]` on the annotated function itself.

use breaker_box::{CircuitOpenError, Outcome, Registry, circuit_breaker};
use tokio::runtime::Handle;

// A panic of a handler goes on, so these assertions are the tests'.

fn judged_in_a_runtime(_: &Result<(), CircuitOpenError>) -> Outcome {
    assert!(Handle::try_current().is_ok(), "the breaker is around the runtime");
    Outcome::Success
}

fn judged_outside(_: &Result<(), CircuitOpenError>) -> Outcome {
    assert!(Handle::try_current().is_err(), "the breaker is inside the runtime");
    Outcome::Success
}

/// | `#[tokio::test]` above | the breaker is around the runtime: handler and fallback run outside of it |
#[tokio::test]
#[circuit_breaker(identifier = "attribute/stacking/tokio_above", error_handler = judged_outside)]
async fn a_runtime_above_is_inside() -> Result<(), CircuitOpenError> {
    tokio::task::yield_now().await;
    Handle::current();
    Ok(())
}

/// | `#[tokio::test]` below | the breaker is inside the runtime, as for any `async fn` |
#[circuit_breaker(identifier = "attribute/stacking/tokio_below", error_handler = judged_in_a_runtime)]
#[tokio::test]
async fn a_runtime_below_is_outside() -> Result<(), CircuitOpenError> {
    tokio::task::yield_now().await;
    Handle::current();
    Ok(())
}

/// | `#[test]` above or below | the body of the test is guarded |
#[test]
#[circuit_breaker(identifier = "attribute/stacking/test_above")]
fn a_test_above_is_guarded() -> Result<(), CircuitOpenError> {
    assert!(Registry::global().get("attribute/stacking/test_above").is_some(), "no circuit was asked");
    Ok(())
}

#[circuit_breaker(identifier = "attribute/stacking/test_below")]
#[test]
fn a_test_below_is_guarded() -> Result<(), CircuitOpenError> {
    assert!(Registry::global().get("attribute/stacking/test_below").is_some(), "no circuit was asked");
    Ok(())
}

/// | `#[should_panic]` above or below | the panic is counted and continues, with its message |
#[test]
#[should_panic(expected = "as announced")]
#[circuit_breaker(identifier = "attribute/stacking/should_panic", fallback = |_| ())]
fn a_panic_goes_on() {
    panic!("as announced");
}

#[circuit_breaker(identifier = "attribute/stacking/should_panic", fallback = |_| ())]
#[test]
#[should_panic(expected = "as announced")]
fn a_panic_goes_on_below() {
    panic!("as announced");
}
