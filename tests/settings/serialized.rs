//! Policies, snapshots and settings in formats of other people.

use std::time::{Duration, SystemTime};

use breaker_box::{Cancellation, CircuitBreaker, Key, LastFailure, ManualClock, Outcome, Policy, Settings, Window};
use serde_json::{Value, json};

use crate::{every_option, seconds};

#[test]
fn a_policy_survives_the_way_through_json() {
    let policies = [
        Policy::new(),
        every_option(),
        Policy::failures_within(3, Duration::MAX).expiry(Duration::MAX),
        Policy::failure_rate(0.1, Window::time(seconds(90))).minimum_calls(1),
        Policy::slow_call_rate(1.0, Duration::from_nanos(1_000_000_007), Window::calls(9)),
        Policy::new().expiry(Duration::new(u64::MAX, 0)),
        Policy::hung_calls(3, Duration::MAX).ramp_up(seconds(90)),
        Policy::new().ramp_up(Duration::MAX).ramp_up_from(1.0 / 3.0),
        Policy::new().fail_slower_than(seconds(2)).on_cancel(Cancellation::Slow),
    ];
    for policy in policies {
        let text = serde_json::to_string(&policy).unwrap();
        let read: Policy = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(read, policy, "{text}");
    }
}

#[test]
fn a_policy_is_written_under_the_names_of_its_options() {
    let policy = Policy::failure_rate(0.5, Window::calls(100)).progressive_expiry(seconds(5), 2.0, seconds(300));
    // Without a rate, a minimum of calls has no effect; nor has the beginning of a ramp-up without one.
    assert_eq!(
        serde_json::to_value(Policy::new().minimum_calls(5).ramp_up_from(0.5)).unwrap(),
        serde_json::to_value(Policy::new()).unwrap()
    );
    assert_eq!(
        serde_json::to_value(policy).unwrap(),
        json!({
            "failure_rate": 0.5, "window": 100, "expiry": "5s", "backoff_factor": 2.0, "max_expiry": "5m", "jitter": 0.0,
            "half_open_max_calls": 1, "success_threshold": 1, "half_open_failure_threshold": 1, "close_on_expiry": false,
            "max_trip": "1h", "on_cancel": "ignore",
        })
    );
    let written = serde_json::to_value(Policy::hung_calls(3, seconds(45)).ramp_up(seconds(60))).unwrap();
    assert_eq!((&written["hung_calls"], &written["hung_after"]), (&json!(3), &json!("45s")));
    assert_eq!((&written["ramp_up"], &written["ramp_up_from"]), (&json!("1m"), &json!(0.1)));
    assert_eq!(written["failure_threshold"], Value::Null);
}

#[test]
fn a_policy_that_cannot_be_meant_is_not_read() {
    let read = |text| serde_json::from_str::<Policy>(text).unwrap_err().to_string();
    assert_eq!(read(r#"{ "failures": 5 }"#), "`failures` requires `within`, such as `\"60s\"`");
    assert_eq!(read(r#"{ "ramp_up_from": 0.5 }"#), "`ramp_up_from` requires `ramp_up`, such as `\"30s\"`");
    assert_eq!(
        read(r#"{ "on_cancel": "slow" }"#),
        "`on_cancel` is `slow`, which requires `slow_call` or `fail_slower_than`, such as `\"2s\"`"
    );
    let two = read(r#"{ "expirey": "5s", "jitter": 5 }"#);
    assert!(
        two.contains("`expirey` is not an option; did you mean `expiry`?; `jitter` must be between 0 and 1"),
        "{two}"
    );
}

#[test]
fn a_status_is_written_for_dashboards() {
    let clock = ManualClock::new();
    let key = Key::new("payment_api").with_scope("payments");
    let breaker = CircuitBreaker::with_clock(key, Policy::consecutive_failures(1), clock.clone()).unwrap();
    breaker.set_metadata("team", "checkout").unwrap();
    breaker.record_failure("timed out");
    clock.advance(Duration::from_millis(500));
    let status = serde_json::to_value(breaker.status()).unwrap();
    assert_eq!(status["key"], json!({ "kind": null, "scope": "payments", "identifier": "payment_api" }));
    assert_eq!(status["state"], "open");
    assert_eq!(status["retry_after"], 29.5);
    assert_eq!(status["totals"]["failures"], 1);
    assert_eq!(status["window"]["failure_rate"], Value::Null);
    assert_eq!(status["last_failure"]["reason"], "timed out");
    let at = status["last_failure"]["at"].as_str().unwrap();
    assert!(at.starts_with("20") && at.ends_with('Z') && at.len() >= "2026-01-31T23:59:59.123Z".len(), "{at}");
    assert_eq!(status["metadata"], json!({ "team": "checkout" }));
    assert_eq!(status["policy"]["failure_threshold"], 1);
    assert_eq!(status["openings"], 1);
}

#[test]
fn settings_can_be_a_part_of_a_larger_configuration() {
    let settings: Settings =
        serde_json::from_value(json!({ "circuits": { "a": { "failure_threshold": 2 } } })).unwrap();
    assert_eq!(settings.policy("a"), Some(Policy::consecutive_failures(2)));
    let wrong = serde_json::from_value::<Settings>(json!({ "circuits": { "a": { "expiry": 2 } } })).unwrap_err();
    assert_eq!(wrong.to_string(), "`circuits.a.expiry` takes a duration, not 2: write `\"30s\"`");
}

/// `serde_json` hands out such maps in place of numbers if any crate of the program enables its
/// feature `arbitrary_precision`.
#[test]
fn numbers_of_arbitrary_precision_are_read() {
    let number = |digits: &str| json!({ "$serde_json::private::Number": digits });
    let policy: Policy =
        serde_json::from_value(json!({ "failure_threshold": number("5"), "jitter": number("0.25") })).unwrap();
    assert_eq!(policy, Policy::consecutive_failures(5).jitter(0.25));
    assert_eq!(serde_json::from_value::<Window>(number("100")).unwrap(), Window::calls(100));
    let outcome = |digits| serde_json::from_value::<Outcome>(json!({ "type": "trip", "open_for": number(digits) }));
    assert_eq!(outcome("30").unwrap(), Outcome::trip_for(seconds(30)));
    assert_eq!(outcome("0.5").unwrap(), Outcome::trip_for(Duration::from_millis(500)));
    let failure = |digits| serde_json::from_value::<LastFailure>(json!({ "at": number(digits) }));
    assert_eq!(failure("-1").unwrap().at, SystemTime::UNIX_EPOCH - seconds(1));
    for invalid in ["-1", "1e300", "nan", "", "five", "99999999999999999999999999999999999999999"] {
        assert!(outcome(invalid).is_err(), "{invalid}");
        assert!(
            serde_json::from_value::<Policy>(json!({ "failure_threshold": number(invalid) })).is_err(),
            "{invalid}"
        );
    }
    assert!(serde_json::from_value::<Outcome>(json!({ "type": "trip", "open_for": { "seconds": 30 } })).is_err());
}
