//! Orders that are not carried out, and secrets that nobody sees.

use breaker_box_panel::Panel;
use breaker_core::{Registry, State};
use reqwest::{RequestBuilder, Response};
use serde_json::json;

use crate::json::{check, schema_of};
use crate::support::{ALICE, BOB, CLIENT, Service, controls, document, force_open, registry};

async fn service(registry: &Registry) -> Service {
    Service::start(Panel::builder(registry).controls(controls())).await
}

/// Refused with that status and a sentence, and nothing was done.
async fn refused(service: &Service, registry: &Registry, response: Response, status: u16, sentence: &str) {
    assert_eq!(response.status(), status, "{sentence}");
    let document = document(response).await;
    check(&schema_of(service, "refusal").await, &document);
    assert_eq!(document["status"], status);
    let error = document["error"].as_str().unwrap();
    assert!(error.contains(sentence), "{error}");
    assert_eq!(registry.state("payment_api"), State::Closed, "{sentence}");
}

fn body(request: RequestBuilder) -> RequestBuilder {
    request.body(force_open("payment_api").to_string())
}

#[tokio::test]
async fn a_panel_without_controls_takes_no_orders() {
    let registry = registry();
    let service = Service::start(Panel::builder(&registry)).await;
    for path in ["api/v1/tickets", "api/v1/orders"] {
        let response = body(service.post(path, ALICE)).send().await.unwrap();
        refused(&service, &registry, response, 403, "read-only").await;
    }
}

#[tokio::test]
async fn missing_and_wrong_tokens_do_nothing() {
    let registry = registry();
    let service = service(&registry).await;
    let ticket = service.ticket(ALICE).await;
    for path in ["api/v1/tickets", "api/v1/orders"] {
        let request = CLIENT.post(service.url(path)).header("breaker-ticket", &ticket);
        let response = body(request.header("content-type", "application/json")).send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        refused(&service, &registry, response, 401, "Authorization: Bearer").await;
        for wrong in ["alice-secret-0123456780", "alice-secret-012345678", "x"] {
            let response = body(service.post(path, wrong).header("breaker-ticket", &ticket)).send().await.unwrap();
            refused(&service, &registry, response, 401, "not one of this panel's").await;
        }
        // A token belongs into a header and nowhere else.
        let request = CLIENT.post(service.url(&format!("{path}?token={ALICE}"))).header("breaker-ticket", &ticket);
        refused(&service, &registry, body(request).send().await.unwrap(), 401, "Authorization: Bearer").await;
    }
}

#[tokio::test]
async fn an_order_that_is_sent_again_is_refused() {
    let registry = registry();
    let service = service(&registry).await;
    let ticket = service.ticket(ALICE).await;
    let send = || body(service.post("api/v1/orders", ALICE).header("breaker-ticket", &ticket)).send();
    assert_eq!(send().await.unwrap().status(), 200);
    assert_eq!(registry.state("payment_api"), State::ForcedOpen);
    registry.reset("payment_api").unwrap();
    refused(&service, &registry, send().await.unwrap(), 409, "was used").await;
}

#[tokio::test]
async fn a_ticket_is_needed_and_has_to_be_ones_own_and_is_used_up_by_a_senseless_order() {
    let registry = registry();
    let service = service(&registry).await;
    let send = |ticket: &str| body(service.post("api/v1/orders", ALICE).header("breaker-ticket", ticket)).send();
    let without = body(service.post("api/v1/orders", ALICE)).send().await.unwrap();
    refused(&service, &registry, without, 428, "Breaker-Ticket").await;
    refused(&service, &registry, send("0123456789abcdef").await.unwrap(), 409, "never given").await;
    let bobs = service.ticket(BOB).await;
    refused(&service, &registry, send(&bobs).await.unwrap(), 409, "never given").await;
    let ticket = service.ticket(ALICE).await;
    let senseless =
        service.post("api/v1/orders", ALICE).header("breaker-ticket", &ticket).body("{}").send().await.unwrap();
    refused(&service, &registry, senseless, 422, "missing field `key`").await;
    refused(&service, &registry, send(&ticket).await.unwrap(), 409, "was used").await;
}

#[tokio::test]
async fn other_sites_give_no_orders_not_even_with_a_token() {
    let registry = registry();
    let service = service(&registry).await;
    let ticket = service.ticket(ALICE).await;
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for path in ["api/v1/tickets", "api/v1/orders"] {
            let request = service.post(path, ALICE).header("breaker-ticket", &ticket).header(header, value);
            refused(&service, &registry, body(request).send().await.unwrap(), 403, "not for another site").await;
        }
    }
    // A form of another site cannot send this type, nor any of the headers.
    let request = CLIENT.post(service.url("api/v1/orders")).bearer_auth(ALICE).header("breaker-ticket", &ticket);
    let form = body(request.header("content-type", "text/plain")).send().await.unwrap();
    refused(&service, &registry, form, 415, "application/json").await;
    let preflight =
        CLIENT.request(reqwest::Method::OPTIONS, service.url("api/v1/orders")).header("origin", "https://evil.example");
    let answer = preflight.header("access-control-request-method", "POST").send().await.unwrap();
    assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn orders_that_make_no_sense_say_why() {
    let registry = registry();
    let service = service(&registry).await;
    for (order, status, sentence) in [
        (force_open("payment_apj").to_string(), 404, "no circuit payment_apj"),
        ("{".to_owned(), 400, "no JSON"),
        ("[]".repeat(3_000), 413, "4096"),
        (
            json!({ "key": { "identifier": "payment_api" }, "action": "explode", "reason": "x" }).to_string(),
            422,
            "force_open",
        ),
        (json!({ "key": { "identifier": "payment_api" }, "action": "open", "reason": "" }).to_string(), 422, "reason"),
    ] {
        let ticket = service.ticket(ALICE).await;
        let request = service.post("api/v1/orders", ALICE).header("breaker-ticket", ticket).body(order);
        refused(&service, &registry, request.send().await.unwrap(), status, sentence).await;
    }
    assert_eq!(registry.len(), 1, "an order makes no circuit");
    assert_eq!(service.get("api/v1/orders").await.status(), 405);
}
