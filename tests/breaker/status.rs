//! Status: a snapshot, and its one line.

use std::collections::BTreeMap;
use std::time::Duration;

use breaker_box::{CircuitBreaker, Key, ManualClock, Outcome, Policy, State, Window};

use crate::support::{breaker, fail, fail_times, seconds, succeed, succeed_times};

#[test]
fn a_new_breakers_status_is_empty() {
    let (breaker, _) = breaker(Policy::new());
    let status = breaker.status();
    assert_eq!((status.key, status.state, status.failure_count), (Key::new("payment_api"), State::Closed, 0));
    assert_eq!((status.openings, status.opened_at, status.retry_after), (0, None, None));
    assert_eq!((status.last_failure, status.metadata, status.policy), (None, BTreeMap::new(), Policy::new()));
}

#[test]
fn no_rate_is_known_below_the_minimum() {
    let (breaker, _) = breaker(Policy::failure_rate(1.0, Window::calls(10)).minimum_calls(4));
    fail_times(&breaker, 3);
    assert_eq!((breaker.status().window.calls, breaker.status().window.failure_rate), (3, None));
}

#[test]
fn from_the_minimum_on_the_rate_is_known() {
    let (breaker, _) = breaker(Policy::failure_rate(1.0, Window::calls(10)).minimum_calls(4));
    fail_times(&breaker, 3);
    succeed(&breaker);
    assert_eq!(breaker.status().window.failure_rate, Some(0.75));
}

#[test]
fn a_rate_without_its_condition_is_none() {
    let (failures, _) = breaker(Policy::failure_rate(1.0, Window::calls(1)));
    succeed(&failures);
    assert_eq!(failures.status().window.slow_call_rate, None);
    let (slow, _) = breaker(Policy::slow_call_rate(1.0, seconds(1), Window::calls(1)));
    succeed(&slow);
    assert_eq!((slow.status().window.failure_rate, slow.status().window.slow_call_rate), (None, Some(0.0)));
}

#[test]
fn the_window_holds_the_last_calls_exactly() {
    let (breaker, _) = breaker(Policy::failure_rate(1.0, Window::calls(3)));
    fail(&breaker);
    succeed_times(&breaker, 2);
    assert_eq!(breaker.status().window.failures, 1);
    succeed(&breaker);
    assert_eq!((breaker.status().window.calls, breaker.status().window.failures), (3, 0));
}

#[test]
fn the_last_failure_has_its_time_and_reason() {
    let (breaker, clock) = breaker(Policy::new());
    breaker.record_failure("first");
    let first = breaker.status().last_failure.unwrap();
    clock.advance(seconds(5));
    breaker.record_failure("second");
    let second = breaker.status().last_failure.unwrap();
    assert_eq!(second.reason.unwrap(), "second");
    assert_eq!(second.at.duration_since(first.at).unwrap(), seconds(5));
}

#[test]
fn a_failure_without_reason_does_not_show_the_one_before() {
    let (breaker, _) = breaker(Policy::new());
    breaker.record_failure("first");
    breaker.call_with(|| (), |()| Outcome::failure()).unwrap();
    assert_eq!(breaker.status().last_failure.unwrap().reason, None);
}

#[test]
fn failures_stay_in_the_totals_and_the_last_one_is_shown_whatever_policy_comes_next() {
    let (breaker, clock) = breaker(Policy::failure_rate(1.0, Window::calls(100)));
    fail_times(&breaker, 2);
    breaker.record_failure("timed out");
    let known = breaker.status().last_failure;
    assert_eq!(known.clone().unwrap().reason.unwrap(), "timed out");
    let policies = [
        Policy::failure_rate(1.0, Window::time(seconds(10))),
        Policy::failures_within(1_000, seconds(10)),
        Policy::consecutive_failures(1_000),
        Policy::failure_rate(1.0, Window::calls(100)),
    ];
    for (policy, failures) in policies.into_iter().zip(3..) {
        let before = breaker.status().last_failure;
        breaker.configure(policy).unwrap();
        assert_eq!(breaker.status().totals.failures, failures, "{policy}");
        assert_eq!(breaker.status().last_failure, before, "{policy}");
        clock.advance(seconds(1));
        fail(&breaker);
        assert_eq!(breaker.status().totals.failures, failures + 1, "{policy}");
        let last = breaker.status().last_failure.unwrap();
        assert!(last.at > before.unwrap().at && last.reason.is_none(), "{policy}");
    }
    breaker.reset();
    assert_eq!((breaker.status().totals.failures, breaker.status().last_failure), (7, None));
}

#[test]
fn a_success_keeps_the_last_failure() {
    let (breaker, _) = breaker(Policy::new());
    breaker.record_failure("first");
    succeed(&breaker);
    assert!(breaker.status().last_failure.is_some());
}

#[test]
fn the_failure_that_opens_is_the_last_failure() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    breaker.record_failure("the one");
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "the one");
}

#[test]
fn reasons_are_cut_at_256_bytes_between_characters() {
    let (breaker, _) = breaker(Policy::new());
    breaker.record_failure(format!("a{}", "é".repeat(500)));
    let reason = breaker.status().last_failure.unwrap().reason.unwrap();
    assert_eq!(reason.len(), 255);
}

#[test]
fn metadata_is_kept_and_replaced_by_name() {
    let (breaker, _) = breaker(Policy::new());
    breaker.set_metadata("team", "payments").unwrap();
    breaker.set_metadata("team", "billing").unwrap();
    breaker.set_metadata(String::from("tier"), "1").unwrap();
    let expected = BTreeMap::from([("team".to_owned(), "billing".to_owned()), ("tier".to_owned(), "1".to_owned())]);
    assert_eq!((breaker.metadata(), breaker.status().metadata), (expected.clone(), expected));
}

#[test]
fn an_expired_open_circuit_reads_as_half_open_in_the_status_too() {
    let (breaker, clock) = breaker(Policy::new());
    breaker.open();
    clock.advance(seconds(30));
    let status = breaker.status();
    assert_eq!((status.state, status.retry_after, status.openings), (State::HalfOpen, None, 1));
    assert!(status.opened_at.is_some());
}

#[test]
fn with_close_on_expiry_an_expired_circuit_reads_as_closed_and_empty() {
    let (breaker, clock) = breaker(Policy::failure_rate(0.5, Window::calls(2)).close_on_expiry());
    fail_times(&breaker, 2);
    clock.advance(seconds(30));
    let status = breaker.status();
    assert_eq!((status.state, status.failure_count, status.window.calls), (State::Closed, 0, 0));
    assert_eq!((status.opened_at, status.retry_after), (None, None));
}

#[test]
fn reading_the_status_changes_nothing() {
    let (breaker, clock) = breaker(Policy::new());
    breaker.open();
    clock.advance(seconds(30));
    assert_eq!(breaker.status(), breaker.status());
}

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

#[test]
fn it_displays_on_one_line_in_every_state() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    let orders: [fn(&CircuitBreaker); 6] = [
        |breaker| breaker.close(),
        |breaker| breaker.open(),
        |breaker| breaker.force_open(),
        |breaker| breaker.disable(),
        |breaker| breaker.metrics_only(),
        |breaker| breaker.open_for(Duration::ZERO),
    ];
    for order in orders {
        order(&breaker);
        let status = breaker.status();
        let line = status.to_string();
        assert!(is_one_line(&line), "{line:?}");
        assert!(line.contains("payment_api") && line.contains(&status.state.to_string()), "{line:?}");
    }
}

#[test]
fn it_displays_control_characters_escaped() {
    let key = Key::new("pay\nment\r\u{1b}[31m").with_scope("a\tb\u{85}").with_kind("c\u{7f}\0");
    let breaker = CircuitBreaker::with_clock(key, Policy::new(), ManualClock::new()).unwrap();
    breaker.set_metadata("a\nname", "a\nvalue").unwrap();
    breaker.record_failure("line one\nline two\u{1b}[0m");
    let line = breaker.status().to_string();
    assert!(is_one_line(&line), "{line:?}");
    assert!(line.contains("pay\\nment"), "{line:?}");
}

#[test]
fn any_key_will_do_outside_a_registry() {
    let breaker = CircuitBreaker::new("", Policy::new()).unwrap();
    assert_eq!(breaker.status().key.identifier(), "");
}
