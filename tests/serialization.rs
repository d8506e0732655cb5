//! Policies, statuses and events through serde: what is written, and that it is read back equal.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use breaker_box::{
    Cancellation, CircuitBreaker, Event, EventType, Filter, Key, LastFailure, ManualClock, Outcome, Policy, Reason,
    Registry, State, Status, Totals, Window, WindowStatus,
};
use happened::{Cause, EventKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};

#[path = "support/happened.rs"]
mod happened;

const SECOND: Duration = Duration::from_secs(1);

/// Writes a value as JSON and reads it back, in both ways that `serde_json` has.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = to_string(value).unwrap();
    let read: T = from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(&read, value, "{text}");
    assert_eq!(&from_value::<T>(to_value(value).unwrap()).unwrap(), value, "{text}");
    assert!(!text.contains('\n'), "one line: {text}");
}

/// The value is written as `json`, and read back equal.
fn is_written_as<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &Value) {
    assert_eq!(&to_value(value).unwrap(), json);
    round_trip(value);
}

/// The JSON is read as the expected value, and written as it was.
fn is_read_as<T: Serialize + DeserializeOwned + PartialEq + PartialEq<E> + Debug, E: Debug>(
    json: &Value,
    expected: &E,
) {
    let read: T = from_value(json.clone()).unwrap();
    assert_eq!(&read, expected);
    is_written_as(&read, json);
}

fn every_cause() -> Vec<(Cause, Value)> {
    let drill = || Some(Reason::from("drill"));
    vec![
        (Cause::ConsecutiveFailures, json!({ "type": "consecutive_failures" })),
        (Cause::FailuresWithin, json!({ "type": "failures_within" })),
        (Cause::FailureRate, json!({ "type": "failure_rate" })),
        (Cause::SlowCallRate, json!({ "type": "slow_call_rate" })),
        (Cause::HungCalls, json!({ "type": "hung_calls" })),
        (Cause::Tripped { reason: None }, json!({ "type": "tripped", "reason": null })),
        (Cause::Tripped { reason: drill() }, json!({ "type": "tripped", "reason": "drill" })),
        (Cause::ProbeFailed, json!({ "type": "probe_failed" })),
        (Cause::ProbesSucceeded, json!({ "type": "probes_succeeded" })),
        (Cause::Expired, json!({ "type": "expired" })),
        (Cause::HalfOpenTimeout, json!({ "type": "half_open_timeout" })),
        (Cause::RampedUp, json!({ "type": "ramped_up" })),
        (Cause::Manual { reason: drill() }, json!({ "type": "manual", "reason": "drill" })),
        (Cause::Remote { reason: drill() }, json!({ "type": "remote", "reason": "drill" })),
    ]
}

fn every_kind() -> Vec<(EventKind, Value)> {
    let mut kinds = vec![
        (EventKind::Registered, json!({ "type": "registered" })),
        (EventKind::Unregistered, json!({ "type": "unregistered" })),
        (EventKind::Evicted, json!({ "type": "evicted" })),
        (EventKind::Configured, json!({ "type": "configured" })),
        (EventKind::Success, json!({ "type": "success" })),
        (EventKind::Failure { reason: None }, json!({ "type": "failure", "reason": null })),
        (EventKind::Failure { reason: Some("\"no\n".into()) }, json!({ "type": "failure", "reason": "\"no\n" })),
        (EventKind::SlowCall { elapsed: SECOND * 2 }, json!({ "type": "slow_call", "elapsed": 2.0 })),
        (EventKind::Ignored, json!({ "type": "ignored" })),
        (EventKind::Cancelled, json!({ "type": "cancelled" })),
        (EventKind::Panicked { message: "oh".into() }, json!({ "type": "panicked", "message": "oh" })),
        (EventKind::Late, json!({ "type": "late" })),
        (EventKind::Rejected { retry_after: None }, json!({ "type": "rejected", "retry_after": null })),
        (EventKind::Rejected { retry_after: Some(SECOND / 2) }, json!({ "type": "rejected", "retry_after": 0.5 })),
        (EventKind::Debounced, json!({ "type": "debounced" })),
        (EventKind::Diverted { wire: 3 }, json!({ "type": "diverted", "wire": 3 })),
        (EventKind::Dropped, json!({ "type": "dropped" })),
        (EventKind::Unguarded, json!({ "type": "unguarded" })),
    ];
    for (cause, cause_json) in every_cause() {
        let kind = EventKind::StateChanged { from: State::Closed, to: State::HalfOpen, cause: cause.clone() };
        kinds
            .push((kind, json!({ "type": "state_changed", "from": "closed", "to": "half_open", "cause": cause_json })));
        kinds.push((EventKind::WouldOpen { cause }, json!({ "type": "would_open", "cause": cause_json })));
    }
    kinds
}

#[test]
fn every_kind_of_event_and_every_cause_is_read_back() {
    for (cause, json) in every_cause() {
        is_read_as::<breaker_box::Cause, _>(&json, &cause);
    }
    for (kind, json) in every_kind() {
        is_read_as::<breaker_box::EventKind, _>(&json, &kind);
        let kind: breaker_box::EventKind = from_value(json.clone()).unwrap();
        is_written_as(&kind.event_type(), &json["type"]);
    }
}

#[test]
fn every_outcome_is_read_back() {
    is_written_as(&Outcome::Success, &json!({ "type": "success" }));
    is_written_as(&Outcome::failure(), &json!({ "type": "failure", "reason": null }));
    is_written_as(&Outcome::failure_because("timed out"), &json!({ "type": "failure", "reason": "timed out" }));
    is_written_as(&Outcome::Ignore, &json!({ "type": "ignore" }));
    is_written_as(&Outcome::trip(), &json!({ "type": "trip", "open_for": null, "reason": null }));
    is_written_as(&Outcome::trip_for(SECOND * 30), &json!({ "type": "trip", "open_for": 30.0, "reason": null }));
    let unknown = from_value::<Outcome>(json!({ "type": "explode" })).unwrap_err().to_string();
    assert!(unknown.contains("`explode`") && unknown.contains("`trip`"), "{unknown}");
}

#[test]
fn states_and_cancellations_are_their_machine_names() {
    let states = [
        (State::Closed, "closed"),
        (State::Open, "open"),
        (State::HalfOpen, "half_open"),
        (State::ForcedOpen, "forced_open"),
        (State::Disabled, "disabled"),
        (State::MetricsOnly, "metrics_only"),
        (State::RampingUp, "ramping_up"),
    ];
    for (state, name) in states {
        is_written_as(&state, &name.into());
        assert_eq!(name.parse(), Ok(state));
    }
    is_written_as(&Cancellation::Ignore, &"ignore".into());
    is_written_as(&Cancellation::Failure, &"failure".into());
    is_written_as(&Cancellation::Slow, &"slow".into());
    let unknown = from_value::<State>("half-open".into()).unwrap_err();
    assert_eq!(unknown.to_string(), "expected the name of a state, not \"half-open\"");
}

#[test]
fn windows_are_numbers_or_durations() {
    is_written_as(&Window::calls(100), &100.into());
    is_written_as(&Window::time(SECOND * 90), &"1m 30s".into());
    for invalid in [json!(0), json!(-1), json!("0s"), json!("soon"), json!([]), json!({}), Value::Null] {
        let error = from_value::<Window>(invalid.clone()).unwrap_err().to_string();
        assert!(error.starts_with("a window") || error.contains("nests"), "{invalid}: {error}");
    }
}

#[test]
fn keys_are_maps_and_may_be_texts() {
    let key = Key::new("payment_api").with_scope("payments").with_kind("http");
    is_written_as(&key, &json!({ "kind": "http", "scope": "payments", "identifier": "payment_api" }));
    is_written_as(&Key::new("a/b"), &json!({ "kind": null, "scope": null, "identifier": "a/b" }));
    assert_eq!(from_str::<Key>(r#""payment_api""#).unwrap(), Key::new("payment_api"));
    assert_eq!(from_value::<Key>(json!({ "identifier": "a", "colour": [1, { "x": null }] })).unwrap(), Key::new("a"));
    let error = from_value::<Key>(json!({ "scope": "payments" })).unwrap_err();
    assert_eq!(error.to_string(), "missing field `identifier`");
    let error = from_str::<Key>(r#"{ "identifier": "a", "identifier": "b" }"#).unwrap_err();
    assert!(error.to_string().starts_with("duplicate field `identifier`"), "{error}");
}

#[test]
fn an_option_that_is_given_twice_is_refused() {
    let error = from_str::<Policy>(r#"{ "failure_threshold": 5, "failure_threshold": 1 }"#).unwrap_err();
    assert!(error.to_string().starts_with("`failure_threshold` is given twice; remove one of the two"), "{error}");
}

#[test]
fn a_rate_outside_of_0_to_1_is_refused() {
    for rate in [-0.1, 1.1, 1e308] {
        let error = from_value::<WindowStatus>(json!({ "calls": 1, "slow_call_rate": rate })).unwrap_err();
        assert_eq!(error.to_string(), "a rate must be between 0 and 1");
    }
    assert_eq!(from_value::<WindowStatus>(json!({ "failure_rate": 1 })).unwrap().failure_rate, Some(1.0));
}

#[test]
fn a_long_reason_is_cut_when_it_is_read() {
    let read: Reason = from_value("x".repeat(1_000).into()).unwrap();
    assert_eq!(read.len(), Reason::MAX_LEN);
}

#[test]
fn durations_of_any_length_are_exact() {
    let nanosecond = Duration::from_nanos(1);
    let durations = [
        Duration::ZERO,
        nanosecond,
        Duration::from_nanos(999_999_999),
        Duration::new((1 << 20) - 1, 999_999_999),
        Duration::new(1 << 20, 1),
        Duration::new(1 << 53, 0),
        Duration::new(u64::MAX, 0),
        Duration::new(u64::MAX, 999_999_998),
        Duration::MAX,
    ];
    for duration in durations {
        round_trip(&Outcome::trip_for(duration));
    }
    for nanos in (1..2_000_000_000_u64).step_by(7_654_321) {
        round_trip(&Outcome::trip_for(Duration::from_nanos(nanos * 1_000 + nanos % 1_000)));
    }
    let elapsed = |json: Value| from_value::<breaker_box::EventKind>(json!({ "type": "slow_call", "elapsed": json }));
    assert_eq!(elapsed(json!("1m 30s")).unwrap(), EventKind::SlowCall { elapsed: SECOND * 90 });
    assert_eq!(elapsed(json!(3)).unwrap(), EventKind::SlowCall { elapsed: SECOND * 3 });
    for invalid in [json!(-1), json!(-0.5), json!(1e300), json!("soon"), json!(true), json!([]), Value::Null] {
        assert!(elapsed(invalid.clone()).is_err(), "{invalid}");
    }
}

#[test]
fn instants_are_written_with_the_digits_they_need() {
    let failure = |at: Value| from_value::<LastFailure>(json!({ "at": at }));
    let texts = [
        "1970-01-01T00:00:00.000Z",
        "2026-01-31T23:59:59.123Z",
        "2026-01-31T23:59:59.123456Z",
        "2026-01-31T23:59:59.123456789Z",
        "9999-12-31T23:59:59.999Z",
    ];
    for text in texts {
        let read = failure(text.into()).unwrap();
        is_written_as(&read, &json!({ "at": text, "reason": null }));
    }
    for seconds in [-1.5, 253_402_300_800.0] {
        let read = failure(seconds.into()).unwrap();
        is_written_as(&read, &json!({ "at": seconds, "reason": null }));
    }
    assert_eq!(failure(json!(-1)).unwrap().at, SystemTime::UNIX_EPOCH - SECOND);
    for invalid in [json!("yesterday"), json!("2026-02-30T00:00:00Z"), json!(u64::MAX), json!(-1e300), json!({})] {
        assert!(failure(invalid.clone()).is_err(), "{invalid}");
    }
}

/// A circuit that has seen much, on a clock.
fn busy() -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let key = Key::new("payment_api").with_scope("payments");
    let policy = Policy::failure_rate(0.99, Window::calls(20)).minimum_calls(2).or_slow_call_rate(
        0.9,
        SECOND,
        Window::calls(20),
    );
    let breaker = CircuitBreaker::with_clock(key, policy, clock.clone()).unwrap();
    breaker.set_metadata("team", "checkout \"north\"").unwrap();
    breaker.record_success();
    for _ in 0..12 {
        breaker.record_failure("timed out");
    }
    (breaker, clock)
}

#[test]
fn a_status_is_read_back_equal() {
    let (breaker, clock) = busy();
    // The quotient 12/13 has more digits than `serde_json` reads exactly.
    assert_eq!(breaker.status().window.failure_rate, Some(12.0 / 13.0));
    round_trip(&breaker.status());
    breaker.open_for(Duration::new(3 << 20, 123_456_789));
    clock.advance(Duration::from_nanos(1_234_567));
    round_trip(&breaker.status());
    breaker.open();
    clock.advance(Duration::from_nanos(1_234_567));
    round_trip(&breaker.status());
    breaker.force_open();
    round_trip(&breaker.status());
    round_trip(&CircuitBreaker::new("new", Policy::new()).unwrap().status());
}

#[test]
fn the_calls_in_flight_are_read_back_equal() {
    let breaker = CircuitBreaker::new("search", Policy::hung_calls(9, Duration::MAX)).unwrap();
    let _call = breaker.try_acquire().unwrap();
    is_written_as(&breaker.status().in_flight.unwrap(), &json!({ "calls": 1, "hung": 0 }));
    round_trip(&breaker.status());
}

#[test]
fn every_quotient_of_a_window_is_read_back_equal() {
    let clock = ManualClock::new();
    let breaker =
        CircuitBreaker::with_clock("quotients", Policy::failure_rate(1.0, Window::calls(97)).minimum_calls(1), clock)
            .unwrap();
    breaker.record_success();
    for _ in 0..96 {
        breaker.record_failure("");
        round_trip(&breaker.status().window);
    }
}

#[test]
fn a_status_without_what_later_versions_add_is_read() {
    let status: Status = from_value(json!({
        "key": "payment_api", "state": "metrics_only", "policy": { "failure_threshold": 3 },
        "totals": { "successes": 7 }, "weather": { "rain": true },
    }))
    .unwrap();
    assert_eq!((status.key, status.state), (Key::new("payment_api"), State::MetricsOnly));
    assert_eq!((status.totals.successes, status.totals.opened), (7, 0));
    assert_eq!((status.window, status.retry_after), (WindowStatus::default(), None));
    assert_eq!(status.in_flight, None);
    assert_eq!(status.policy, Policy::consecutive_failures(3));
    let error = from_value::<Status>(json!({ "key": "payment_api" })).unwrap_err();
    assert_eq!(error.to_string(), "missing field `state`");
}

#[test]
fn a_stream_of_events_is_shipped_as_json_lines() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let events = registry.events(Filter::all());
    let breaker =
        registry.register(Key::new("payment_api").with_kind("http"), Policy::consecutive_failures(2)).unwrap();
    breaker.record_success();
    breaker.record_failure("timed out");
    clock.advance(Duration::from_nanos(1_234_567_891));
    breaker.record_failure("timed out");
    assert!(breaker.try_acquire().is_err());
    breaker.reset_because("drill");
    registry.unregister(breaker.key()).unwrap();

    let sent: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let lines: Vec<String> = sent.iter().map(|event| to_string(event).unwrap()).collect();
    let received: Vec<Event> = lines.iter().map(|line| from_str(line).unwrap()).collect();
    assert_eq!(received, sent);
    assert!(
        received.iter().any(|event| matches!(event.kind, breaker_box::EventKind::StateChanged { to: State::Open, .. }))
    );
    assert!(received.iter().all(|event| event.key == Key::new("payment_api").with_kind("http")));
}

#[test]
fn hostile_input_is_refused_and_never_panics() {
    let (breaker, _) = busy();
    let deep = "[".repeat(100_000);
    assert!(from_str::<Status>(&deep).is_err() && from_str::<breaker_box::EventKind>(&deep).is_err());
    let event = json!({ "key": "a", "at": 0, "sequence": 1, "kind": every_kind()[20].1 });
    assert!(from_value::<Event>(event.clone()).is_ok());
    attack::<Status>(&to_value(breaker.status()).unwrap());
    attack::<Event>(&event);
    attack::<Totals>(&to_value(breaker.status().totals).unwrap());
    attack::<Outcome>(&to_value(Outcome::trip_for(SECOND)).unwrap());
    for (_, json) in every_kind() {
        attack::<breaker_box::EventKind>(&json);
        attack::<EventType>(&json["type"]);
    }
}

/// Reads the document with every value in it replaced by what does not belong there.
fn attack<T: DeserializeOwned>(document: &Value) {
    let hostile = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("\u{0}\u{10ffff}".repeat(1_000)),
        json!([[[]]]),
        json!({ "type": {} }),
    ];
    let mut pointers = vec![String::new()];
    collect(document, "", &mut pointers);
    for pointer in pointers {
        for value in &hostile {
            let mut attacked = document.clone();
            *attacked.pointer_mut(&pointer).unwrap() = value.clone();
            let _ = from_str::<T>(&attacked.to_string());
            let _ = from_value::<T>(attacked);
        }
    }
}

/// Every place in the document.
fn collect(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let inner_pointer = format!("{pointer}/{name}");
        collect(inner, &inner_pointer, pointers);
        pointers.push(inner_pointer);
    }
}

#[test]
fn the_types_can_be_parts_of_a_larger_message() {
    #[derive(Debug, PartialEq)]
    struct Report(Vec<(Key, State)>);

    impl<'de> Deserialize<'de> for Report {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Vec::deserialize(deserializer).map(Self)
        }
    }

    let report: Report = from_str(r#"[["a", "open"], [{ "identifier": "b", "scope": null }, "closed"]]"#).unwrap();
    assert_eq!(report, Report(vec![(Key::new("a"), State::Open), (Key::new("b"), State::Closed)]));
}
