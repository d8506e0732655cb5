//! Responses that are judged at the end of their bodies.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use breaker_box::{Outcome, State};
use breaker_box_tower::{CircuitBreakerLayer, GuardedBody};
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tower::{Layer, Service, service_fn};

use crate::support::{ONE, breaker, half_open, panic_message, poll_once, ready, seconds};

/// What a body does when it is asked for its next frame.
#[derive(Clone)]
pub(crate) enum Step {
    Data(&'static str),
    Trailers(HeaderMap),
    Wait,
    Break(&'static str),
    Panic(&'static str),
}

/// A body that takes these steps and then ends. Servers and clients know the length of some bodies
/// in advance and stop asking when it is reached; of others they ask once more.
pub(crate) struct Script {
    steps: VecDeque<Step>,
    knows_its_end: bool,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), knows_its_end: false }
    }

    fn that_knows_its_end(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { knows_its_end: true, ..Self::new(steps) }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(match self.steps.pop_front() {
            None => None,
            Some(Step::Data(text)) => Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))),
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Break(error)) => Some(Err(error)),
            Some(Step::Wait) => return Poll::Pending,
            Some(Step::Panic(message)) => panic!("{message}"),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(42)
    }
}

/// The response that a client judged at the end of bodies gets from a service that answers so.
fn get(breaker: &breaker_box::CircuitBreaker, status: u16, body: Script) -> Response<GuardedBody<Script>> {
    let mut body = Some(body);
    let service = service_fn(move |()| {
        let response = Response::builder().status(status).body(body.take().expect("one request"));
        future::ready(Ok::<_, Infallible>(response.expect("a valid response")))
    });
    ready(CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(service).call(())).expect("an answer")
}

#[test]
fn headers_alone_settle_by_default_whatever_happens_to_the_body() {
    let (breaker, _) = half_open(ONE);
    let service =
        service_fn(|()| future::ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Break("reset")])))));
    let response = ready(CircuitBreakerLayer::client(breaker.clone()).layer(service).call(())).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(ready(response.into_body().collect()).unwrap_err(), "reset");
    assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Closed, 0));
}

#[test]
fn a_body_that_arrives_whole_is_a_success() {
    let (breaker, _) = half_open(ONE);
    let response = get(&breaker, 200, Script::new([Step::Data("abc"), Step::Data("def")]));
    assert!(!breaker.is_available(), "the probe lasts as long as its body");
    let whole = ready(response.into_body().collect()).unwrap().to_bytes();
    assert_eq!(whole, "abcdef");
    assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
}

#[test]
fn the_last_frame_of_a_body_that_knows_its_end_settles() {
    let (breaker, _) = half_open(ONE);
    let mut body = get(&breaker, 200, Script::that_knows_its_end([Step::Data("a"), Step::Data("b")])).into_body();
    ready(body.frame()).unwrap().unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    ready(body.frame()).unwrap().unwrap();
    assert_eq!(breaker.state(), State::Closed);
    drop(body);
    assert_eq!(breaker.status().totals.cancelled, 0);
}

#[test]
fn an_empty_body_settles_with_its_headers() {
    let (breaker, _) = half_open(ONE);
    let _response = get(&breaker, 204, Script::that_knows_its_end([]));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn trailers_end_a_body() {
    let (breaker, _) = half_open(ONE);
    let mut body = get(&breaker, 200, Script::new([Step::Trailers(HeaderMap::new())])).into_body();
    ready(body.frame()).unwrap().unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn an_error_in_the_midst_of_a_body_is_a_failure() {
    let (breaker, _) = breaker(ONE);
    let response = get(&breaker, 200, Script::new([Step::Data("abc"), Step::Break("connection reset")]));
    assert_eq!(ready(response.into_body().collect()).unwrap_err(), "connection reset");
    let status = breaker.status();
    assert_eq!((status.state, status.totals.failures), (State::Open, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "connection reset");
}

#[test]
fn a_body_dropped_in_the_midst_is_cancelled_and_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    let mut body = get(&breaker, 200, Script::new([Step::Data("abc"), Step::Wait])).into_body();
    ready(body.frame()).unwrap().unwrap();
    assert!(poll_once(pin!(body.frame())).is_pending());
    assert!(!breaker.is_available());
    drop(body);
    assert!(breaker.is_available());
    assert_eq!((breaker.status().totals.cancelled, breaker.state()), (1, State::HalfOpen));
}

#[test]
fn a_body_that_nobody_asks_for_is_cancelled() {
    let (breaker, _) = half_open(ONE);
    drop(get(&breaker, 200, Script::new([Step::Data("abc")])));
    assert!(breaker.is_available());
    assert_eq!(breaker.status().totals.cancelled, 1);
}

#[test]
fn a_panic_in_a_body_is_a_failure_and_goes_on() {
    let (breaker, _) = breaker(ONE);
    let mut body = get(&breaker, 200, Script::new([Step::Panic("bad chunk")])).into_body();
    assert_eq!(panic_message(|| ready(body.frame()).is_some()), "bad chunk");
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked), (State::Open, 1));
    drop(body);
    assert_eq!(breaker.status().totals.cancelled, 0);
}

#[test]
fn a_response_that_is_a_failure_by_its_headers_does_not_wait_for_its_body() {
    let (breaker, _) = breaker(ONE);
    let response = get(&breaker, 500, Script::new([Step::Data("sorry")]));
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(ready(response.into_body().collect()).unwrap().to_bytes(), "sorry");
    let totals = breaker.status().totals;
    assert_eq!((totals.failures, totals.successes, totals.cancelled), (1, 0, 0));
}

#[test]
fn a_stream_is_as_slow_as_its_body() {
    let policy = breaker_box::Policy::slow_call_rate(1.0, seconds(2), breaker_box::Window::calls(1));
    let (breaker, clock) = breaker(policy);
    let response = get(&breaker, 200, Script::new([Step::Data("abc")]));
    clock.advance(seconds(3));
    ready(response.into_body().collect()).unwrap();
    assert_eq!((breaker.state(), breaker.status().totals.slow), (State::Open, 1));
}

#[test]
fn an_end_that_comes_after_the_circuit_moved_on_is_late() {
    let (breaker, _) = breaker(ONE);
    let response = get(&breaker, 200, Script::new([Step::Break("reset")]));
    breaker.open();
    breaker.close();
    assert!(ready(response.into_body().collect()).is_err());
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 1));
}

#[test]
fn the_answer_of_an_open_circuit_ends_no_call() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    let layer = CircuitBreakerLayer::server(breaker.clone()).until_body_ends();
    let service = service_fn(|()| future::ready(Ok::<_, Infallible>(Response::new(String::from("unheard")))));
    let answer = ready(layer.layer(service).call(())).unwrap();
    let body = ready(answer.into_body().collect()).unwrap().to_bytes();
    assert!(body.starts_with(b"{\"title\":\"Service Unavailable\""));
    let totals = breaker.status().totals;
    assert_eq!((totals.rejected, totals.successes, totals.cancelled), (1, 0, 0));
}

#[test]
fn a_classifier_that_panics_before_the_body_counts_nothing_and_frees_the_slot() {
    let (breaker, _) = half_open(ONE);
    let before = breaker.status().totals;
    let layer = CircuitBreakerLayer::client(breaker.clone())
        .classify(|_: &Result<Response<String>, Infallible>| -> Outcome { panic!("no verdict") })
        .until_body_ends();
    let service = service_fn(|()| future::ready(Ok::<_, Infallible>(Response::new(String::from("abc")))));
    assert_eq!(panic_message(|| ready(layer.layer(service).call(()))), "no verdict");
    assert_eq!(breaker.status().totals, before);
    assert!(breaker.is_available());
}

#[test]
fn a_guarded_body_tells_its_size_and_end_as_the_inner_one_does() {
    let (breaker, _) = breaker(ONE);
    let response = get(&breaker, 200, Script::that_knows_its_end([Step::Data("abc")]));
    assert_eq!(response.body().size_hint().exact(), Some(42));
    assert!(!response.body().is_end_stream());
}
