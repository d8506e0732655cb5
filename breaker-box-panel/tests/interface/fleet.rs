//! What the panel shows of a fleet that the service has joined, and whom commands reach.

use std::time::Duration;

use breaker_box_panel::Panel;
use breaker_core::{Policy, Registry, State};
use serde_json::{Value, json};

use crate::feed::Page;
use crate::json::{check, named, schema_of};
use crate::peer::{Fleet, OWN};
use crate::support::{ALICE, Service, controls, document, force_open, registry, until};

/// `payment_api`, which is shared, and `local`, which is not.
fn circuits() -> Registry {
    let registry = registry();
    registry.register("local", Policy::new()).unwrap();
    registry
}

/// The service, sampled often.
async fn start(registry: &Registry) -> Service {
    Service::start(Panel::builder(registry).controls(controls()).interval(Duration::from_millis(100))).await
}

#[tokio::test]
async fn the_documents_have_the_fleet_and_which_circuits_it_shares() {
    let registry = circuits();
    let fleet = Fleet::join(&registry);
    fleet.set(|status| {
        (status.shared_circuits, status.pending, status.adopted, status.published) = (7, 1, 20, 30);
    });
    let service = start(&registry).await;
    let circuits = service.document("api/v1/circuits").await;
    check(&schema_of(&service, "circuits").await, &circuits);
    let shown = json!({
        "connected": true, "since": null, "instance": OWN, "instances": 3, "shared_circuits": 7,
        "pending": 1, "adopted": 20, "published": 30, "errors": 0, "last_error": null,
    });
    assert_eq!(circuits["fleet"], shown);
    assert_eq!(named(&circuits, "payment_api")["shared"], true);
    assert_eq!(named(&circuits, "local")["shared"], false);

    fleet.lose("connection refused");
    let circuits = until("it is not connected", async || {
        let circuits = service.document("api/v1/circuits").await;
        (circuits["fleet"]["connected"] == false).then_some(circuits)
    })
    .await;
    check(&schema_of(&service, "circuits").await, &circuits);
    assert_eq!(circuits["fleet"]["last_error"], "connection refused");
    assert!(circuits["fleet"]["since"].is_string(), "the panel saw it");

    drop(fleet);
    until("the service has left", async || {
        let circuits = service.document("api/v1/circuits").await;
        (circuits["fleet"].is_null() && named(&circuits, "payment_api")["shared"] == false).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_service_without_a_fleet_says_so_and_sends_nothing_about_one() {
    let registry = circuits();
    let service = start(&registry).await;
    assert_eq!(service.document("api/v1/circuits").await["fleet"], Value::Null);
    let mut page = Page::open(&service).await;
    let (_, snapshot) = page.next().await.unwrap();
    check(&schema_of(&service, "snapshot").await, &snapshot);
    assert_eq!(snapshot["fleet"], Value::Null);
    assert!(snapshot["circuits"].as_array().unwrap().iter().all(|row| row.get("shared").is_none()));
    for _ in 0..3 {
        let (_, delta) = page.next().await.unwrap();
        assert!(delta.get("fleet").is_none() && delta["circuits"].as_array().unwrap().is_empty(), "{delta}");
    }
}

#[tokio::test]
async fn a_page_learns_of_the_fleet_when_it_changes_and_not_again() {
    let registry = circuits();
    let service = start(&registry).await;
    let delta = schema_of(&service, "delta").await;
    let mut page = Page::open(&service).await;
    page.next().await.unwrap();
    let fleet = Fleet::join(&registry);
    let joined = page.delta_of_fleet().await;
    check(&delta, &joined);
    assert_eq!((&joined["fleet"]["instance"], &joined["fleet"]["since"]), (&json!(OWN), &Value::Null));
    for _ in 0..3 {
        let (_, next) = page.next().await.unwrap();
        assert!(next.get("fleet").is_none(), "{next}");
    }
    fleet.lose("the store does not answer");
    let lost = page.delta_of_fleet().await;
    check(&delta, &lost);
    assert_eq!(lost["fleet"]["connected"], false);
    drop(fleet);
    assert_eq!(page.delta_of_fleet().await["fleet"], Value::Null);
}

#[tokio::test]
async fn a_new_page_has_the_fleet_and_the_shared_circuits_at_once() {
    let registry = circuits();
    let _fleet = Fleet::join(&registry);
    let service = start(&registry).await;
    let (_, snapshot) = Page::open(&service).await.next().await.unwrap();
    check(&schema_of(&service, "snapshot").await, &snapshot);
    assert_eq!((&snapshot["fleet"]["connected"], &snapshot["fleet"]["instances"]), (&json!(true), &json!(3)));
    for (name, shared) in [("payment_api", json!(true)), ("local", Value::Null)] {
        let rows = snapshot["circuits"].as_array().unwrap();
        assert_eq!(rows.iter().find(|row| row["key"]["identifier"] == name).unwrap()["shared"], shared);
    }
}

#[tokio::test]
async fn a_change_from_elsewhere_has_its_instance_and_its_cause() {
    let registry = circuits();
    let fleet = Fleet::join(&registry);
    let service = start(&registry).await;
    let mut page = Page::open(&service).await;
    page.next().await.unwrap();
    fleet.open("payment_api", "web-2-bbbb", "failure_rate", Some("timed out"));
    let delta = page.delta_with("timeline").await;
    check(&schema_of(&service, "delta").await, &delta);
    let cause = json!({
        "cause": "remote", "reason": "timed out", "origin": { "instance": "web-2-bbbb", "cause": "failure_rate" },
    });
    assert_eq!(delta["timeline"][0]["cause"], cause);
    assert_eq!(delta["circuits"][0]["onset"][1], json!(["remote", "timed out", "web-2-bbbb", "failure_rate"]));
    let details = service.document("api/v1/circuit?identifier=payment_api").await;
    check(&schema_of(&service, "details").await, &details);
    assert_eq!((&details["circuit"]["cause"], &details["circuit"]["outage"]["cause"]), (&cause, &cause));
    assert_eq!(details["timeline"][0]["cause"], cause);
}

#[tokio::test]
async fn what_is_adopted_right_after_joining_has_its_instance_too() {
    let registry = circuits();
    // The next sample comes long after this test should be over.
    let service = Service::start(Panel::builder(&registry).interval(Duration::from_secs(60))).await;
    let mut page = Page::open(&service).await;
    page.next().await.unwrap();
    let fleet = Fleet::join(&registry);
    fleet.open("payment_api", "web-2-bbbb", "failure_rate", None);
    let delta = page.delta_with("timeline").await;
    assert_eq!(delta["timeline"][0]["cause"]["origin"]["instance"], "web-2-bbbb");
}

#[tokio::test]
async fn a_circuit_that_another_instance_opened_before_the_panel_began_has_that_cause_too() {
    let registry = circuits();
    let fleet = Fleet::join(&registry);
    fleet.open("payment_api", "web-2-bbbb", "tripped", None);
    // This one is of our own making, and the panel was not there.
    registry.register("own", Policy::new()).unwrap().force_open();
    fleet.publish("own", OWN, "manual");
    let service = start(&registry).await;
    let circuits = service.document("api/v1/circuits").await;
    let origin = json!({ "instance": "web-2-bbbb", "cause": "tripped" });
    assert_eq!(named(&circuits, "payment_api")["cause"]["origin"], origin);
    assert_eq!(named(&circuits, "own")["cause"], Value::Null);
}

#[tokio::test]
async fn hidden_reasons_of_failures_are_hidden_wherever_the_calls_failed() {
    let registry = circuits();
    let fleet = Fleet::join(&registry);
    let panel = Panel::builder(&registry).hide_failure_reasons().interval(Duration::from_millis(100));
    let service = Service::start(panel).await;
    service.document("api/v1/circuits").await;
    fleet.open("payment_api", "web-2-bbbb", "tripped", Some("user 4711 sent 429"));
    fleet.open("local", "web-2-bbbb", "manual", Some("alice: moving house"));
    let timeline = until("both are in the timeline", async || {
        let timeline = service.document("api/v1/timeline").await;
        (timeline["timeline"].as_array().unwrap().len() == 2).then(|| timeline.to_string())
    })
    .await;
    assert!(timeline.contains("alice: moving house") && !timeline.contains("4711"), "{timeline}");
}

#[tokio::test]
async fn a_command_acts_everywhere_unless_it_is_for_this_instance_only() {
    let registry = circuits();
    let fleet = Fleet::join(&registry);
    let service = start(&registry).await;
    service.document("api/v1/circuits").await;
    let mut here = force_open("payment_api");
    here["only_here"] = true.into();
    check(&schema_of(&service, "command").await, &here);
    assert_eq!(service.command(ALICE, &here).await.status(), 200);
    let reset = json!({ "key": { "identifier": "payment_api" }, "action": "reset", "reason": "done" });
    assert_eq!(service.command(ALICE, &reset).await.status(), 200);
    until("the peer has both", async || {
        (fleet.heard() == [(State::ForcedOpen, true), (State::Closed, false)]).then_some(())
    })
    .await;
    let timeline = until("both are in the timeline", async || {
        let timeline = service.document("api/v1/timeline").await;
        let entries = timeline["timeline"].as_array().unwrap();
        (entries.len() == 2 && entries.iter().all(|entry| entry.get("action").is_some())).then_some(timeline)
    })
    .await;
    check(&schema_of(&service, "timeline").await, &timeline);
    assert_eq!((&timeline["timeline"][1]["only_here"], timeline["timeline"][0].get("only_here")), (&json!(true), None));
    // Without a fleet there is only this instance.
    drop(fleet);
    assert_eq!(document(service.command(ALICE, &here).await).await["circuit"]["state"], "forced_open");
}

#[tokio::test]
async fn a_peer_that_panics_or_has_endless_texts_does_no_harm() {
    let registry = circuits();
    registry.register("panics", Policy::new()).unwrap();
    let fleet = Fleet::join(&registry);
    fleet.lose(&"é".repeat(10_000));
    let service = start(&registry).await;
    fleet.open("payment_api", &"x".repeat(10_000), &"y".repeat(10_000), None);
    let circuits = until("it is open", async || {
        let circuits = service.document("api/v1/circuits").await;
        (named(&circuits, "payment_api")["state"] == "open").then_some(circuits)
    })
    .await;
    check(&schema_of(&service, "circuits").await, &circuits);
    assert_eq!(circuits["fleet"]["last_error"], "é".repeat(128));
    assert_eq!(named(&circuits, "payment_api")["cause"]["origin"]["instance"], "x".repeat(128));
    assert_eq!(named(&circuits, "panics")["shared"], false);
}
