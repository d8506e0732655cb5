//! Commands that are refused.

use breaker_box_panel::Panel;
use breaker_core::{Registry, State};
use reqwest::{RequestBuilder, Response};
use serde_json::json;

use crate::json::{check, schema_of};
use crate::support::{ALICE, BOB, CLIENT, Service, controls, document, force_open, registry};

async fn service(registry: &Registry) -> Service {
    Service::start(Panel::builder(registry).controls(controls())).await
}

/// It was refused with this status and message, and nothing was done.
async fn refused(service: &Service, registry: &Registry, response: Response, status: u16, sentence: &str) {
    assert_eq!(response.status(), status, "{sentence}");
    let document = document(response).await;
    check(&schema_of(service, "error").await, &document);
    assert_eq!(document["status"], status);
    let error = document["error"].as_str().unwrap();
    assert!(error.contains(sentence), "{error}");
    assert_eq!(registry.state("payment_api"), State::Closed, "{sentence}");
}

fn body(request: RequestBuilder) -> RequestBuilder {
    request.body(force_open("payment_api").to_string())
}

#[tokio::test]
async fn a_panel_without_controls_accepts_no_commands() {
    let registry = registry();
    let service = Service::start(Panel::builder(&registry)).await;
    for path in ["api/v1/nonces", "api/v1/commands"] {
        let response = body(service.post(path, ALICE)).send().await.unwrap();
        refused(&service, &registry, response, 403, "read-only").await;
    }
}

#[tokio::test]
async fn missing_and_wrong_tokens_do_nothing() {
    let registry = registry();
    let service = service(&registry).await;
    let nonce = service.nonce(ALICE).await;
    for path in ["api/v1/nonces", "api/v1/commands"] {
        let request = CLIENT.post(service.url(path)).header("breaker-nonce", &nonce);
        let response = body(request.header("content-type", "application/json")).send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        refused(&service, &registry, response, 401, "Authorization: Bearer").await;
        for wrong in ["alice-secret-0123456780", "alice-secret-012345678", "x"] {
            let response = body(service.post(path, wrong).header("breaker-nonce", &nonce)).send().await.unwrap();
            refused(&service, &registry, response, 401, "invalid token").await;
        }
        // A token is accepted only in the header.
        let request = CLIENT.post(service.url(&format!("{path}?token={ALICE}"))).header("breaker-nonce", &nonce);
        refused(&service, &registry, body(request).send().await.unwrap(), 401, "Authorization: Bearer").await;
    }
}

#[tokio::test]
async fn a_replayed_command_is_refused() {
    let registry = registry();
    let service = service(&registry).await;
    let nonce = service.nonce(ALICE).await;
    let send = || body(service.post("api/v1/commands", ALICE).header("breaker-nonce", &nonce)).send();
    assert_eq!(send().await.unwrap().status(), 200);
    assert_eq!(registry.state("payment_api"), State::ForcedOpen);
    registry.reset("payment_api").unwrap();
    refused(&service, &registry, send().await.unwrap(), 409, "was used").await;
}

#[tokio::test]
async fn a_nonce_is_required_belongs_to_its_operator_and_is_used_up_by_an_invalid_command() {
    let registry = registry();
    let service = service(&registry).await;
    let send = |nonce: &str| body(service.post("api/v1/commands", ALICE).header("breaker-nonce", nonce)).send();
    let without = body(service.post("api/v1/commands", ALICE)).send().await.unwrap();
    refused(&service, &registry, without, 428, "Breaker-Nonce").await;
    refused(&service, &registry, send("0123456789abcdef").await.unwrap(), 409, "never issued").await;
    let bobs = service.nonce(BOB).await;
    refused(&service, &registry, send(&bobs).await.unwrap(), 409, "never issued").await;
    let nonce = service.nonce(ALICE).await;
    let invalid =
        service.post("api/v1/commands", ALICE).header("breaker-nonce", &nonce).body("{}").send().await.unwrap();
    refused(&service, &registry, invalid, 422, "missing field `key`").await;
    refused(&service, &registry, send(&nonce).await.unwrap(), 409, "was used").await;
}

#[tokio::test]
async fn other_sites_cannot_send_commands_even_with_a_token() {
    let registry = registry();
    let service = service(&registry).await;
    let nonce = service.nonce(ALICE).await;
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for path in ["api/v1/nonces", "api/v1/commands"] {
            let request = service.post(path, ALICE).header("breaker-nonce", &nonce).header(header, value);
            refused(&service, &registry, body(request).send().await.unwrap(), 403, "from other sites").await;
        }
    }
    // A form of another site cannot send this content type or these headers.
    let request = CLIENT.post(service.url("api/v1/commands")).bearer_auth(ALICE).header("breaker-nonce", &nonce);
    let form = body(request.header("content-type", "text/plain")).send().await.unwrap();
    refused(&service, &registry, form, 415, "application/json").await;
    let preflight = CLIENT
        .request(reqwest::Method::OPTIONS, service.url("api/v1/commands"))
        .header("origin", "https://evil.example");
    let answer = preflight.header("access-control-request-method", "POST").send().await.unwrap();
    assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn invalid_commands_are_refused_with_what_is_wrong() {
    let registry = registry();
    let service = service(&registry).await;
    for (command, status, sentence) in [
        (force_open("payment_apj").to_string(), 404, "no circuit payment_apj"),
        ("{".to_owned(), 400, "invalid JSON"),
        ("[]".repeat(3_000), 413, "4096"),
        (
            json!({ "key": { "identifier": "payment_api" }, "action": "explode", "reason": "x" }).to_string(),
            422,
            "force_open",
        ),
        (json!({ "key": { "identifier": "payment_api" }, "action": "open", "reason": "" }).to_string(), 422, "reason"),
    ] {
        let nonce = service.nonce(ALICE).await;
        let request = service.post("api/v1/commands", ALICE).header("breaker-nonce", nonce).body(command);
        refused(&service, &registry, request.send().await.unwrap(), status, sentence).await;
    }
    assert_eq!(registry.len(), 1, "a command creates no circuit");
    assert_eq!(service.get("api/v1/commands").await.status(), 405);
}
