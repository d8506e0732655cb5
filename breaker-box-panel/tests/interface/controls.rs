//! Commands that are carried out, by whom and why.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::{Next, from_extractor, from_fn};
use breaker_box_panel::{Controls, Operator, Panel};
use breaker_core::{Cause, EventKind, EventType, Filter, State};
use serde_json::{Value, json};

use crate::support::{ALICE, BOB, CLIENT, Service, controls, document, force_open, listen, registry, until};

/// The timeline, as soon as it has that many entries.
async fn entries(service: &Service, count: usize) -> Vec<Value> {
    until("the timeline has all entries", async || {
        let timeline = service.document("api/v1/timeline").await["timeline"].as_array().unwrap().clone();
        (timeline.len() >= count).then_some(timeline)
    })
    .await
}

#[tokio::test]
async fn each_command_changes_the_circuit_and_is_an_event_with_operator_and_reason() {
    let registry = registry();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    let changes = Filter::all().events([EventType::StateChanged]);
    let _subscription = registry.subscribe(changes, move |event| {
        if let EventKind::StateChanged { to, cause: Cause::Manual { reason, .. }, .. } = &event.kind {
            hearing.lock().unwrap().push((*to, reason.as_ref().unwrap().to_string()));
        }
    });
    let service = Service::start(Panel::builder(&registry).controls(controls())).await;
    let commands = [
        ("open", State::Open),
        ("close", State::Closed),
        ("open_for", State::Open),
        ("force_open", State::ForcedOpen),
        ("disable", State::Disabled),
        ("metrics_only", State::MetricsOnly),
        ("reset", State::Closed),
    ];
    for (number, (action, state)) in commands.into_iter().enumerate() {
        let mut command =
            json!({ "key": { "identifier": "payment_api" }, "action": action, "reason": format!(" reason {number} ") });
        if action == "open_for" {
            command["seconds"] = 3_600.into();
        }
        let response = service.command(ALICE, &command).await;
        assert_eq!(response.status(), 200, "{action}");
        let done = document(response).await;
        assert_eq!((&done["operator"], &done["circuit"]["state"]), (&json!("alice"), &json!(state.as_str())));
        assert_eq!(registry.state("payment_api"), state);
        if action == "open_for" {
            let wait = registry.status("payment_api").unwrap().retry_after.unwrap();
            assert!(wait > Duration::from_secs(3_500) && wait <= Duration::from_secs(3_600), "{wait:?}");
        }
    }
    let wanted: Vec<_> =
        (0..).zip(commands).map(|(number, (_, state))| (state, format!("alice: reason {number}"))).collect();
    assert_eq!(*heard.lock().unwrap(), wanted);

    let timeline = entries(&service, commands.len()).await;
    assert_eq!(timeline.len(), commands.len(), "a command and its state change are one entry");
    for (entry, (number, (action, state))) in timeline.iter().rev().zip((0..).zip(commands)) {
        assert_eq!((&entry["type"], &entry["action"]), (&json!("state_changed"), &json!(action)));
        assert_eq!(entry["to"], state.as_str());
        assert_eq!(entry["cause"], json!({ "cause": "manual", "reason": format!("alice: reason {number}") }));
    }
}

#[tokio::test]
async fn a_command_that_changes_no_state_is_in_the_timeline_too() {
    let registry = registry();
    let service = Service::start(Panel::builder(&registry).controls(controls())).await;
    let reset = json!({ "key": { "identifier": "payment_api" }, "action": "reset", "reason": "just to be sure" });
    assert_eq!(service.command(BOB, &reset).await.status(), 200);
    assert_eq!(service.command(BOB, &force_open("payment_api")).await.status(), 200);
    assert_eq!(service.command(ALICE, &force_open("payment_api")).await.status(), 200);
    let timeline = entries(&service, 3).await;
    let shown: Vec<_> =
        timeline.iter().rev().map(|entry| (&entry["type"], &entry["action"], &entry["cause"]["reason"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("command_applied"), &json!("reset"), &json!("bob: just to be sure")),
            (&json!("state_changed"), &json!("force_open"), &json!("bob: the gateway is being replaced")),
            (&json!("command_applied"), &json!("force_open"), &json!("alice: the gateway is being replaced")),
        ]
    );
    let details = service.document("api/v1/circuit?identifier=payment_api").await;
    assert_eq!(details["timeline"].as_array().unwrap().len(), 3);
}

/// Authenticates by a cookie, as many services do.
struct Admin;

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let cookie = parts.headers.get("cookie").ok_or(StatusCode::UNAUTHORIZED)?;
        if cookie == "session=carol" {
            parts.extensions.insert(Operator::new("carol"));
        }
        Ok(Self)
    }
}

#[tokio::test]
async fn a_layer_or_extractor_of_the_service_decides_who_sends_commands() {
    let layer = from_fn(async |mut request: Request, next: Next| {
        if request.headers().get("cookie").is_some_and(|cookie| cookie == "session=carol") {
            request.extensions_mut().insert(Operator::new("carol"));
        }
        next.run(request).await
    });
    let registry = registry();
    let panel = Panel::builder(&registry).controls(Controls::guarded()).build().unwrap();
    let by_layer: Router = panel.router::<()>().layer(layer);
    let by_extractor: Router = panel.router::<()>().layer(from_extractor::<Admin>());
    let root = listen(Router::new().nest_service("/layer", by_layer).nest_service("/extractor", by_extractor)).await;
    for path in ["layer", "extractor"] {
        registry.reset("payment_api").unwrap();
        let post = |to: &str, cookie: &'static str| {
            let request = CLIENT.post(format!("{root}/{path}/api/v1/{to}")).header("cookie", cookie);
            request.header("content-type", "application/json")
        };
        let stranger = post("nonces", "session=mallory").send().await.unwrap();
        assert_eq!(stranger.status(), 403, "{path}");
        let foreign = post("nonces", "session=carol").header("sec-fetch-site", "cross-site").send().await.unwrap();
        assert_eq!(foreign.status(), 403, "browsers send the cookie for other sites too");
        let nonce = document(post("nonces", "session=carol").send().await.unwrap()).await;
        let command = post("commands", "session=carol").header("breaker-nonce", nonce["nonce"].as_str().unwrap());
        let done = command.body(force_open("payment_api").to_string()).send().await.unwrap();
        assert_eq!(document(done).await["operator"], "carol");
        assert_eq!(registry.state("payment_api"), State::ForcedOpen, "{path}");
    }
}
