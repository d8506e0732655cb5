//! What a rejected caller gets.

use std::convert::Infallible;
use std::error::Error;
use std::io;

use breaker_box::{CallError, CircuitBreaker, CircuitOpenError, Key, ManualClock, Policy, State};

use crate::support::{breaker, fail, half_open, seconds};

fn rejected() -> CircuitOpenError {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    fail(&breaker);
    clock.advance(seconds(10));
    breaker.try_acquire().unwrap_err()
}

#[test]
fn an_open_error_is_at_most_24_bytes() {
    assert!(size_of::<CircuitOpenError>() <= 24);
}

#[test]
fn it_names_circuit_state_and_wait() {
    let open = rejected();
    assert_eq!((open.identifier(), open.key()), ("payment_api", &Key::new("payment_api")));
    assert_eq!((open.state(), open.retry_after()), (State::Open, Some(seconds(20))));
}

#[test]
fn its_status_is_as_of_now() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    fail(&breaker);
    let open = breaker.try_acquire().unwrap_err();
    clock.advance(seconds(25));
    assert_eq!((open.status().retry_after, open.retry_after()), (Some(seconds(5)), Some(seconds(30))));
    clock.advance(seconds(5));
    assert_eq!((open.status().state, open.state()), (State::HalfOpen, State::Open));
}

#[test]
fn it_outlives_its_breaker() {
    let open = rejected();
    assert_eq!(open.status().totals.rejected, 1);
}

#[test]
fn it_displays_on_one_line() {
    let key = Key::new("pay\nment");
    let breaker = CircuitBreaker::with_clock(key, Policy::new(), ManualClock::new()).unwrap();
    breaker.open();
    let line = breaker.try_acquire().unwrap_err().to_string();
    assert!(!line.contains(char::is_control), "{line:?}");
}

#[test]
fn it_displays_name_state_and_wait() {
    let text = rejected().to_string();
    assert!(text.contains("payment_api") && text.contains("open") && text.contains("20s"), "{text}");
}

#[test]
fn it_displays_no_wait_where_none_is_known() {
    let (forced, _) = breaker(Policy::new());
    forced.force_open();
    let text = forced.try_acquire().unwrap_err().to_string();
    assert!(text.contains("forced open") && !text.contains("retry after"), "{text}");
    let (half_open, _) = half_open(Policy::new());
    let _probe = half_open.try_acquire().unwrap();
    let text = half_open.try_acquire().unwrap_err().to_string();
    assert!(text.contains("half-open") && !text.contains("retry after"), "{text}");
}

#[test]
fn it_converts_into_an_io_error_that_holds_it() {
    let error: io::Error = rejected().into();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<CircuitOpenError>());
    assert_eq!(inner.map(CircuitOpenError::identifier), Some("payment_api"));
}

#[test]
fn it_converts_into_a_boxed_error() {
    let error: Box<dyn Error + Send + Sync> = rejected().into();
    assert!(error.downcast_ref::<CircuitOpenError>().is_some());
}

#[test]
fn it_converts_into_a_string() {
    let open = rejected();
    let text = open.to_string();
    assert_eq!(String::from(open), text);
}

#[test]
fn it_goes_through_the_question_mark() {
    fn boxed(breaker: &CircuitBreaker) -> Result<(), Box<dyn Error + Send + Sync>> {
        breaker.try_acquire()?.success();
        Ok(())
    }
    fn input_output(breaker: &CircuitBreaker) -> io::Result<()> {
        breaker.try_acquire()?.success();
        Ok(())
    }
    fn text(breaker: &CircuitBreaker) -> Result<(), String> {
        breaker.try_acquire()?.success();
        Ok(())
    }
    let (breaker, _) = breaker(Policy::new());
    breaker.open();
    assert!(boxed(&breaker).is_err() && input_output(&breaker).is_err() && text(&breaker).is_err());
}

#[test]
fn it_is_an_error_that_can_be_sent_and_shared() {
    fn check<T: Error + Send + Sync + 'static>() {}
    check::<CircuitOpenError>();
    check::<CallError<io::Error>>();
    check::<breaker_box::PolicyError>();
    check::<breaker_box::RegisterError>();
    check::<breaker_box::NotFoundError>();
    check::<breaker_box::ConfigureError>();
}

#[test]
fn a_call_error_displays_what_it_holds() {
    let failed: CallError<io::Error> = CallError::Failed(io::Error::other("declined"));
    assert_eq!(failed.to_string(), "declined");
    let open = rejected();
    assert_eq!(CallError::<io::Error>::Open(open.clone()).to_string(), open.to_string());
}

#[test]
fn a_call_returns_its_own_error() {
    let (breaker, _) = breaker(Policy::new());
    assert!(matches!(breaker.call(|| Err::<(), _>(42)), Err(CallError::Failed(42))));
}

#[test]
fn a_call_that_cannot_fail_leaves_only_the_open_error() {
    let (breaker, _) = breaker(Policy::new());
    breaker.open();
    let error = breaker.call(|| Ok::<_, Infallible>(())).unwrap_err();
    assert_eq!(CircuitOpenError::from(error).identifier(), "payment_api");
}
