//! What is answered at which address.

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

use crate::answers::{Question, Wanted};
use crate::client::Client;
use crate::desk::Desk;
use crate::document::Document;
use crate::gate;
use crate::order::{KeyParts, MAX_BODY, Order};
use crate::page;
use crate::refusal::Refusal;
use crate::ticket::LIFETIME;
use crate::token::Operator;
use crate::view;

/// The number that makes an order unrepeatable.
const TICKET: HeaderName = HeaderName::from_static("breaker-ticket");

/// Bytes of a query at the most: a name of three parts, each as long as it may be and each byte
/// escaped, and some more.
const MAX_QUERY: usize = 8_192;

/// Bytes of an answer that the system's buffers take in any case.
const SHORT: usize = 65_536;

/// What the answers to scripts look like.
const SCHEMA: &str = include_str!("../schema.json");

type AtDesk = State<Arc<Desk>>;

/// The parameters of an address.
type Parameters = Query<Vec<(String, String)>>;

pub(crate) fn router<S: Clone + Send + Sync + 'static>(desk: Arc<Desk>) -> Router<S> {
    Router::new()
        .route("/", get(page::page))
        .route("/api/v1/circuits", get(circuits))
        .route("/api/v1/circuit", get(circuit))
        .route("/api/v1/timeline", get(timeline))
        .route("/api/v1/feed", get(feed).head(head_of_feed))
        .route("/api/v1/here", post(here))
        .route("/api/v1/schema.json", get(schema))
        .route("/api/v1/tickets", post(ticket))
        .route("/api/v1/orders", post(order))
        .layer(from_fn_with_state(Arc::clone(&desk), admit_request))
        .layer(map_response(guard_answer))
        .with_state(desk)
}

async fn circuits(State(desk): AtDesk, Query(parameters): Parameters) -> Result<Response, Refusal> {
    let mut wanted = Wanted::default();
    for (name, value) in parameters {
        match name.as_str() {
            "name" => wanted.name = Some(value.to_lowercase()),
            "scope" => wanted.scope = Some(value),
            "kind" => wanted.kind = Some(value),
            "state" => wanted.state = Some(value),
            _ => return Err(unknown_parameter(&name, "`name`, `scope`, `kind` and `state`")),
        }
    }
    let answer = desk.ask(Question::Circuits(wanted)).await?;
    send(&desk, answer.ok_or(Refusal::Unavailable)?)
}

async fn circuit(State(desk): AtDesk, Query(parameters): Parameters) -> Result<Response, Refusal> {
    let key = key_of(parameters)?;
    let answer = desk.ask(Question::Details(key.clone())).await?;
    send(&desk, answer.ok_or_else(|| unknown_circuit(&key))?)
}

fn key_of(parameters: Vec<(String, String)>) -> Result<Key, Refusal> {
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

fn unknown_circuit(key: &Key) -> Refusal {
    Refusal::UnknownCircuit(key.to_string().chars().take(600).collect())
}

fn unknown_parameter(name: &str, known: &str) -> Refusal {
    let name: String = name.chars().take(64).collect();
    Refusal::Senseless(format!("unknown parameter `{}`; there are {known}", name.escape_debug()))
}

async fn timeline(State(desk): AtDesk) -> Result<Response, Refusal> {
    let answer = desk.ask(Question::Timeline).await?;
    send(&desk, answer.ok_or(Refusal::Unavailable)?)
}

async fn feed(State(desk): AtDesk, extensions: Extensions) -> Result<Response, Refusal> {
    let stream = Body::from_stream(desk.watch(Client::of(&extensions))?);
    Ok((FEED, stream).into_response())
}

/// The second is for nginx, which gathers answers otherwise.
const FEED: [(HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// Without a page, which would take somebody's place.
async fn head_of_feed() -> Response {
    FEED.into_response()
}

/// A page says that it reads what it is sent.
async fn here(State(desk): AtDesk, Query(parameters): Parameters) -> Result<StatusCode, Refusal> {
    let [(name, place)] = parameters.as_slice() else { return Err(unknown_parameter("", "`place`")) };
    if name != "place" {
        return Err(unknown_parameter(name, "`place`"));
    }
    let is_known = desk.lines.shows_life(place.as_bytes(), Instant::now());
    if is_known { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::UnknownPlace) }
}

async fn schema() -> Response {
    ([(header::CONTENT_TYPE, "application/schema+json")], SCHEMA).into_response()
}

async fn ticket(State(desk): AtDesk, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let operator = admit(&desk, &parts)?;
    let ticket = desk.tickets.give(&operator, Instant::now()).map_err(|_| Refusal::Unavailable)?;
    let answer = json!({ "ticket": ticket, "operator": operator.name(), "seconds": LIFETIME.as_secs() });
    Ok((StatusCode::CREATED, json_response(answer.to_string().into())).into_response())
}

/// Carries an order out. Its ticket is used up by whoever may give orders, whether the order makes
/// sense or not.
async fn order(State(desk): AtDesk, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let operator = admit(&desk, &parts)?;
    let ticket = parts.headers.get(&TICKET).ok_or(Refusal::NoTicket)?;
    if !desk.tickets.take(ticket.as_bytes(), &operator, Instant::now()) {
        desk.audit.refused("its ticket was used, has expired or was never given");
        return Err(Refusal::UsedTicket);
    }
    if !is_json(&parts) {
        return Err(Refusal::NotJson);
    }
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Refusal::TooLarge(MAX_BODY))?;
    let answer = carry_out(&desk, &Order::read(&body)?, &operator)?;
    Ok(json_response(answer.to_string().into()))
}

fn admit(desk: &Desk, request: &Parts) -> Result<Operator, Refusal> {
    let operator = desk.controls.operator(request, &desk.attempts, Instant::now());
    operator.inspect_err(|refusal| desk.audit.refused(&refusal.to_string()))
}

/// Every request goes through here first.
async fn admit_request(State(desk): AtDesk, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = gate::admit(&desk.hosts, &parts) {
        return match refusal {
            Refusal::CrossSite if gate::is_link(&parts) => gate::doorstep(),
            refusal => refusal.into_response(),
        };
    }
    if parts.uri.query().is_some_and(|query| query.len() > MAX_QUERY) {
        return Refusal::LongQuery(MAX_QUERY).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// A short answer is handed over as it is; a long one waits until its reader takes it.
fn send(desk: &Desk, document: Arc<Document>) -> Result<Response, Refusal> {
    if document.len() <= SHORT {
        return Ok(json_response(document.whole().ok_or(Refusal::Busy)?));
    }
    let body = Body::from_stream(desk.lines.send(document, Instant::now())?);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn carry_out(desk: &Desk, order: &Order, operator: &Operator) -> Result<Value, Refusal> {
    let key = order.key();
    let unknown = || unknown_circuit(&key);
    let breaker = desk.registry.get(&key).ok_or_else(unknown)?;
    let placed = order.give_to(&breaker, operator);
    desk.audit.placed(&placed);
    // As the registry has it now: the circuit may just have left.
    let mut status = desk.registry.status(&key).map_err(|_| unknown())?;
    if desk.hide_reasons {
        status.last_failure.iter_mut().for_each(|failure| failure.reason = None);
    }
    desk.ordered(placed);
    Ok(json!({ "operator": operator.name(), "circuit": view::status(&status) }))
}

fn is_json(request: &Parts) -> bool {
    let value = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn json_response(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// What every answer says to browsers: read it as what it is, keep it to this site, keep no copy.
async fn guard_answer(mut response: Response) -> Response {
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
