//! The routes: which address is answered with what.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use breaker_core::Key;
use serde_json::{Value, json};

use crate::app_state::AppState;
use crate::client::Client;
use crate::control::command::{Command, KeyParts, MAX_BODY};
use crate::control::nonce::LIFETIME;
use crate::control::token::Operator;
use crate::documents::{CircuitFilter, DocumentQuery};
use crate::error::ApiError;
use crate::json;
use crate::origin;
use crate::page;
use crate::payload::Payload;

/// The nonce of a command.
const NONCE: HeaderName = HeaderName::from_static("breaker-nonce");

/// The most bytes of a query string: enough for a key of three parts, each of the longest length
/// and with every byte escaped.
const MAX_QUERY: usize = 8_192;

/// Documents up to this size are sent in one piece, since the buffers of the system take that much
/// anyway.
const MAX_SHORT: usize = 65_536;

/// Describes the answers of all routes.
const SCHEMA: &str = include_str!("../schema.json");

/// The headers of the feed. The second keeps nginx from buffering it.
const FEED: [(HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];

type Shared = State<Arc<AppState>>;

/// The parameters of a query string, in order.
type Parameters = Query<Vec<(String, String)>>;

pub(crate) fn router<S: Clone + Send + Sync + 'static>(state: Arc<AppState>) -> Router<S> {
    Router::new()
        .route("/", get(page::page))
        .route("/api/v1/circuits", get(circuits))
        .route("/api/v1/circuit", get(circuit))
        .route("/api/v1/timeline", get(timeline))
        .route("/api/v1/feed", get(feed).head(feed_head))
        .route("/api/v1/keepalive", post(keepalive))
        .route("/api/v1/schema.json", get(schema))
        .route("/api/v1/nonces", post(nonce))
        .route("/api/v1/commands", post(command))
        .layer(from_fn_with_state(Arc::clone(&state), check_request))
        .layer(map_response(add_headers))
        .with_state(state)
}

async fn circuits(State(state): Shared, Query(parameters): Parameters) -> Result<Response, ApiError> {
    let mut filter = CircuitFilter::default();
    for (name, value) in parameters {
        match name.as_str() {
            "name" => filter.name = Some(value.to_lowercase()),
            "scope" => filter.scope = Some(value),
            "kind" => filter.kind = Some(value),
            "state" => filter.state = Some(value),
            _ => return Err(unknown_parameter(&name, "`name`, `scope`, `kind` and `state`")),
        }
    }
    let document = state.query(DocumentQuery::Circuits(filter)).await?;
    send(&state, document.ok_or(ApiError::Unavailable)?)
}

async fn circuit(State(state): Shared, Query(parameters): Parameters) -> Result<Response, ApiError> {
    let key = key_of(parameters)?;
    let document = state.query(DocumentQuery::Circuit(key.clone())).await?;
    send(&state, document.ok_or_else(|| unknown_circuit(&key))?)
}

fn key_of(parameters: Vec<(String, String)>) -> Result<Key, ApiError> {
    let mut parts = KeyParts::default();
    for (name, value) in parameters {
        match name.as_str() {
            "identifier" => parts.identifier = value,
            "scope" => parts.scope = Some(value),
            "kind" => parts.kind = Some(value),
            _ => return Err(unknown_parameter(&name, "`identifier`, `scope` and `kind`")),
        }
    }
    Ok(parts.key())
}

fn unknown_circuit(key: &Key) -> ApiError {
    ApiError::UnknownCircuit(key.to_string().chars().take(600).collect())
}

fn unknown_parameter(name: &str, known: &str) -> ApiError {
    let name: String = name.chars().take(64).collect();
    ApiError::Unprocessable(format!("unknown parameter `{}`; expected {known}", name.escape_debug()))
}

async fn timeline(State(state): Shared) -> Result<Response, ApiError> {
    let document = state.query(DocumentQuery::Timeline).await?;
    send(&state, document.ok_or(ApiError::Unavailable)?)
}

async fn feed(State(state): Shared, extensions: Extensions) -> Result<Response, ApiError> {
    let stream = Body::from_stream(state.open_feed(Client::of(&extensions))?);
    Ok((FEED, stream).into_response())
}

/// Opens no feed, which could close that of a page.
async fn feed_head() -> Response {
    FEED.into_response()
}

/// A page shows that it reads its feed.
async fn keepalive(State(state): Shared, Query(parameters): Parameters) -> Result<StatusCode, ApiError> {
    let [(name, viewer)] = parameters.as_slice() else { return Err(unknown_parameter("", "`viewer`")) };
    if name != "viewer" {
        return Err(unknown_parameter(name, "`viewer`"));
    }
    let is_open = state.connections.keep_alive(viewer.as_bytes(), Instant::now());
    if is_open { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::UnknownViewer) }
}

async fn schema() -> Response {
    ([(header::CONTENT_TYPE, "application/schema+json")], SCHEMA).into_response()
}

async fn nonce(State(state): Shared, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let operator = authorize(&state, &parts)?;
    let nonce = state.nonces.issue(&operator, Instant::now()).map_err(|_| ApiError::Unavailable)?;
    let answer = json!({ "nonce": nonce, "operator": operator.name(), "expires_in": LIFETIME.as_secs() });
    Ok((StatusCode::CREATED, json_response(answer.to_string().into())).into_response())
}

/// Carries a command out. Its nonce is used up even if the command turns out to be invalid.
async fn command(State(state): Shared, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let operator = authorize(&state, &parts)?;
    let nonce = parts.headers.get(&NONCE).ok_or(ApiError::MissingNonce)?;
    if !state.nonces.redeem(nonce.as_bytes(), &operator, Instant::now()) {
        state.audit.refused("its nonce was used, has expired or was never issued");
        return Err(ApiError::InvalidNonce);
    }
    if !is_json(&parts) {
        return Err(ApiError::UnsupportedMediaType);
    }
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| ApiError::BodyTooLarge(MAX_BODY))?;
    let answer = apply(&state, &Command::parse(&body)?, &operator)?;
    Ok(json_response(answer.to_string().into()))
}

fn authorize(state: &AppState, request: &Parts) -> Result<Operator, ApiError> {
    let operator = state.controls.operator(request, &state.attempts, Instant::now());
    operator.inspect_err(|error| state.audit.refused(&error.to_string()))
}

/// Checks every request before its route is looked up.
async fn check_request(State(state): Shared, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = origin::check(&state.allowed_hosts, &parts) {
        return match error {
            ApiError::CrossSite if origin::is_navigation(&parts) => origin::interstitial(),
            error => error.into_response(),
        };
    }
    if parts.uri.query().is_some_and(|query| query.len() > MAX_QUERY) {
        return ApiError::QueryTooLong(MAX_QUERY).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Sends a short document in one piece, and a long one chunk by chunk as it is read.
fn send(state: &AppState, document: Arc<Payload>) -> Result<Response, ApiError> {
    if document.len() <= MAX_SHORT {
        return Ok(json_response(document.whole().ok_or(ApiError::Busy)?));
    }
    let body = Body::from_stream(state.connections.send(document, Instant::now())?);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn apply(state: &AppState, command: &Command, operator: &Operator) -> Result<Value, ApiError> {
    let key = command.key();
    let unknown = || unknown_circuit(&key);
    let breaker = state.registry.get(&key).ok_or_else(unknown)?;
    let applied = command.apply(&breaker, operator);
    state.audit.applied(&applied);
    // From the registry, which may just have evicted the circuit.
    let mut status = state.registry.status(&key).map_err(|_| unknown())?;
    if state.hide_reasons {
        status.last_failure.iter_mut().for_each(|failure| failure.reason = None);
    }
    state.command_applied(applied);
    Ok(json!({ "operator": operator.name(), "circuit": json::status(&status) }))
}

fn is_json(request: &Parts) -> bool {
    let value = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

fn json_response(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Tells browsers to take every response for what it says it is, to keep it from other sites, and
/// to store no copy.
async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = header::CONTENT_SECURITY_POLICY;
    headers.entry(policy).or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
