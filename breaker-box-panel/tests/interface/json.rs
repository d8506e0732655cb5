//! The documents for scripts: their content, and that the schema describes it.

use std::time::Duration;

use breaker_box_panel::Panel;
use breaker_core::{Key, Outcome, Policy, Registry, Window};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::{ALICE, Service, controls, document, force_open, registry, until};

/// One definition of the schema.
pub(crate) async fn schema_of(service: &Service, definition: &str) -> Validator {
    let response = service.get("api/v1/schema.json").await;
    assert_eq!(response.headers()["content-type"], "application/schema+json");
    let mut schema: Value = document(response).await;
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = format!("#/$defs/{definition}").into();
    jsonschema::validator_for(&schema).unwrap()
}

pub(crate) fn check(schema: &Validator, document: &Value) {
    let errors: Vec<_> =
        schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

/// Circuits in every state, with everything that a circuit can have.
fn varied() -> Registry {
    let registry = registry();
    // An hour, so that open circuits stay open however long the test takes.
    let policy = Policy::failure_rate(0.5, Window::calls(4))
        .or_slow_call_rate(0.9, Duration::from_secs(9), Window::calls(4))
        .expiry(Duration::from_secs(3_600));
    let make = |key: Key| registry.register(key, policy).unwrap();
    let open = make(Key::new("open").with_scope("shop").with_kind("http"));
    open.set_metadata("owner", "team \"pay\" <b>").unwrap();
    for _ in 0..4 {
        open.record_failure("user 4711 timed out");
    }
    make(Key::new("for_long").with_scope("shop")).open_for(Duration::MAX);
    make(Key::new("forced").with_scope("")).force_open_because("moving house");
    make(Key::new("disabled").with_kind("http")).disable();
    make(Key::new("metrics").with_kind("database")).metrics_only();
    let tripped = make(Key::new("tripped"));
    let trip = |(): &()| Outcome::Trip { open_for: None, reason: Some("user 4712 sent 429".into()) };
    tripped.call_with(|| (), trip).unwrap();
    let half_open = registry.register("half-open", Policy::new().expiry(Duration::from_nanos(1))).unwrap();
    half_open.open();
    let ramp = Policy::new().expiry(Duration::from_nanos(1)).close_on_expiry().ramp_up(Duration::from_secs(3_600));
    registry.register("ramping", ramp.or_hung_calls(9, Duration::from_secs(3_600))).unwrap().open();
    registry
}

pub(crate) fn named<'a>(circuits: &'a Value, identifier: &str) -> &'a Value {
    let list = circuits["circuits"].as_array().unwrap();
    list.iter().find(|circuit| circuit["key"]["identifier"] == identifier).unwrap()
}

#[tokio::test]
async fn real_answers_match_the_schema() {
    let registry = varied();
    let service = Service::start(Panel::builder(&registry).title("shop").controls(controls())).await;
    // Including what happens while the panel runs.
    registry.get("payment_api").unwrap().open_because("a test");
    registry.configure("payment_api", Policy::new()).unwrap();
    registry.register("short", Policy::new()).unwrap();
    registry.unregister("short").unwrap();
    let answer = service.command(ALICE, &force_open("no_such_circuit")).await;
    assert_eq!(answer.status(), 404);
    check(&schema_of(&service, "error").await, &document(answer).await);
    let answer = service.command(ALICE, &force_open("payment_api")).await;
    check(&schema_of(&service, "result").await, &document(answer).await);
    check(&schema_of(&service, "command").await, &force_open("payment_api"));

    until("all that happened is in the timeline", async || {
        let timeline = service.document("api/v1/timeline").await;
        check(&schema_of(&service, "timeline").await, &timeline);
        let has = |kind: &str| timeline["timeline"].as_array().unwrap().iter().any(|entry| entry["type"] == kind);
        (has("state_changed") && has("configured") && has("unregistered")).then_some(())
    })
    .await;

    let circuits = service.document("api/v1/circuits").await;
    check(&schema_of(&service, "circuits").await, &circuits);
    let details = schema_of(&service, "details").await;
    for circuit in circuits["circuits"].as_array().unwrap() {
        let key = &circuit["key"];
        let mut query = format!("identifier={}", key["identifier"].as_str().unwrap());
        for part in ["scope", "kind"] {
            if let Some(value) = key[part].as_str() {
                query.extend(["&", part, "=", value]);
            }
        }
        check(&details, &service.document(&format!("api/v1/circuit?{query}")).await);
    }
}

#[tokio::test]
async fn the_schema_rejects_wrong_documents() {
    let service = Service::start(Panel::builder(&varied())).await;
    let schema = schema_of(&service, "circuits").await;
    let right = service.document("api/v1/circuits").await;
    for (pointer, wrong) in [
        ("/circuits/0/state", json!("ajar")),
        ("/circuits/0/totals/failures", json!(-1)),
        ("/circuits/0/window/failure_rate", json!(1.5)),
        ("/circuits/0/key/identifier", json!(null)),
        ("/at", json!(1_700_000_000)),
    ] {
        let mut document = right.clone();
        *document.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.is_valid(&document), "{pointer}");
    }
}

#[tokio::test]
async fn a_document_shows_the_status_of_a_circuit() {
    let service = Service::start(Panel::builder(&varied())).await;
    let circuits = service.document("api/v1/circuits").await;
    assert_eq!((&circuits["title"], &circuits["total"]), (&json!("Circuits"), &json!(9)));
    let open = named(&circuits, "open");
    assert_eq!(open["key"], json!({ "kind": "http", "scope": "shop", "identifier": "open" }));
    assert_eq!((&open["state"], &open["openings"], &open["failure_count"]), (&json!("open"), &json!(1), &json!(4)));
    assert_eq!(open["window"]["failure_rate"], 1.0);
    assert_eq!((&open["totals"]["failures"], &open["totals"]["opened"]), (&json!(4), &json!(1)));
    assert_eq!(open["last_failure"]["reason"], "user 4711 timed out");
    assert_eq!(open["metadata"], json!({ "owner": "team \"pay\" <b>" }));
    assert!(open["policy"].as_str().unwrap().starts_with("opens at 50 % failures in the last 4 calls"));
    let wait = open["retry_after"].as_f64().unwrap();
    assert!(wait > 0.0 && wait <= 3_600.0, "{wait}");
    assert_eq!(named(&circuits, "forced")["retry_after"], Value::Null);
    for (identifier, state) in
        [("disabled", "disabled"), ("metrics", "metrics_only"), ("half-open", "half_open"), ("payment_api", "closed")]
    {
        assert_eq!(named(&circuits, identifier)["state"], state);
    }
    let ramping = named(&circuits, "ramping");
    assert_eq!((&ramping["state"], &ramping["in_flight"]), (&json!("ramping_up"), &json!({ "calls": 0, "hung": 0 })));
    let share = ramping["admitted_share"].as_f64().unwrap();
    assert!((0.1..0.2).contains(&share), "{share}");
    assert!(ramping["ramp_up_left"].as_f64().unwrap() > 3_500.0);
    assert_eq!(
        (&open["admitted_share"], &open["ramp_up_left"], &open["in_flight"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn circuits_are_filtered_by_name_scope_kind_and_state_combined() {
    let service = Service::start(Panel::builder(&varied())).await;
    for (query, wanted) in [
        ("name=OPEN", vec!["half-open", "open"]),
        ("scope=shop", vec!["for_long", "open"]),
        ("scope=", vec!["forced"]),
        ("kind=http", vec!["disabled", "open"]),
        ("state=forced_open", vec!["forced"]),
        ("scope=shop&kind=http&state=open&name=pe", vec!["open"]),
        ("name=open&state=closed", vec![]),
    ] {
        let circuits = service.document(&format!("api/v1/circuits?{query}")).await;
        let names = circuits["circuits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|circuit| circuit["key"]["identifier"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), wanted, "{query}");
    }
    let refused = service.get("api/v1/circuits?status=open").await;
    assert_eq!(refused.status(), 422);
    assert!(document(refused).await["error"].as_str().unwrap().contains("`name`, `scope`, `kind` and `state`"));
}

#[tokio::test]
async fn keys_are_distinct_whatever_characters_they_have() {
    let registry = Registry::new();
    let keys = [
        Key::new("a/b?c=d&e#f %00"),
        Key::new("<img src=x onerror=alert(1)>"),
        Key::new("é\u{202e}\n"),
        Key::new("x").with_scope(""),
        Key::new("x"),
        Key::new("x").with_kind(""),
    ];
    for (failures, key) in keys.iter().enumerate() {
        let circuit = registry.register(key, Policy::consecutive_failures(9)).unwrap();
        (0..failures).for_each(|_| circuit.record_failure("x"));
    }
    let service = Service::start(Panel::builder(&registry)).await;
    for (failures, key) in keys.iter().enumerate() {
        let mut url = reqwest::Url::parse(&service.url("api/v1/circuit")).unwrap();
        url.query_pairs_mut().append_pair("identifier", key.identifier());
        for (name, part) in [("scope", &key.scope()), ("kind", &key.kind())] {
            if let Some(part) = part {
                url.query_pairs_mut().append_pair(name, part);
            }
        }
        let details =
            document(reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap()).await;
        assert_eq!(details["circuit"]["totals"]["failures"], failures, "{key:?}");
        assert_eq!(details["circuit"]["key"]["identifier"], *key.identifier());
    }
}

#[tokio::test]
async fn the_calls_of_a_circuit_are_in_its_history() {
    let registry = registry();
    let service = Service::start(Panel::builder(&registry).interval(Duration::from_millis(100))).await;
    service.document("api/v1/circuits").await;
    for _ in 0..2 {
        registry.call("payment_api", || Ok::<_, ()>(())).unwrap();
    }
    for _ in 0..4 {
        let _ = registry.call("payment_api", || Err::<(), _>("timed out"));
    }
    let details = until("all calls are in the history", async || {
        let details = service.document("api/v1/circuit?identifier=payment_api").await;
        let sum = |name: &str| {
            let points = details["history"]["minutes"]["points"].as_array().unwrap();
            points.iter().map(|point| point[name].as_u64().unwrap()).sum::<u64>()
        };
        ((sum("successes"), sum("failures"), sum("rejected")) == (2, 3, 1)).then_some(details)
    })
    .await;
    let states: Vec<_> =
        details["history"]["hour"]["points"].as_array().unwrap().iter().map(|point| &point["state"]).collect();
    assert!(states.contains(&&json!("open")));
    assert_eq!(details["timeline"][0]["cause"], json!({ "cause": "consecutive_failures", "reason": null }));
    assert_eq!(details["circuit"]["outage"]["cause"]["cause"], "consecutive_failures");
}

#[tokio::test]
async fn reasons_of_failures_can_be_hidden_and_those_of_commands_stay() {
    let registry = varied();
    let service = Service::start(Panel::builder(&registry).hide_failure_reasons().controls(controls())).await;
    let tripped = registry.get("tripped").unwrap();
    tripped.reset();
    let trip = |(): &()| Outcome::Trip { open_for: None, reason: Some("user 4713 sent 429".into()) };
    tripped.call_with(|| (), trip).unwrap();
    let done = document(service.command(ALICE, &force_open("tripped")).await).await;
    let timeline = until("both are in the timeline", async || {
        let timeline = service.document("api/v1/timeline").await.to_string();
        (timeline.contains("\"tripped\"") && timeline.contains("alice: the gateway is being replaced"))
            .then_some(timeline)
    })
    .await;
    let circuits = service.document("api/v1/circuits").await.to_string();
    let details = service.document("api/v1/circuit?identifier=open&scope=shop&kind=http").await.to_string();
    for text in [timeline, circuits, details, done.to_string()] {
        assert!(!text.contains("user 47"), "{text}");
    }
}
