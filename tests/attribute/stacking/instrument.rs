//! `#[tracing::instrument]` above and below: what has a span, what stands in it, what `err` and
//! `ret` see.

use std::future::Future;
use std::sync::{Arc, Mutex};

use breaker_box::{Registry, circuit_breaker};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber, instrument};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::support::{finish, now, registry, registry_with_open, yield_once};

/// Writes down spans and events as `span`, `span: event`, `: event outside of any`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.0.lock().unwrap().push(attributes.metadata().name().to_owned());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let span = context.event_span(event).map_or("", |span| span.name());
        let names: Vec<_> = event.fields().map(|field| field.name()).collect();
        let what = match names.as_slice() {
            ["inside"] => "inside",
            ["error"] => "err",
            ["return"] => "ret",
            names if names.contains(&"from") && names.contains(&"to") => "change of state",
            _ => return,
        };
        self.0.lock().unwrap().push(format!("{span}: {what}"));
    }
}

/// What a call writes.
pub(super) fn lines_of<R>(call: impl FnOnce() -> R) -> Vec<String> {
    let lines = Lines::default();
    let collected = lines.clone();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), call);
    let lines = collected.0.lock().unwrap();
    lines.clone()
}

#[instrument(skip_all)]
#[circuit_breaker(identifier = "call", registry = registry)]
fn above(registry: &Registry) -> Result<(), String> {
    Err("down".to_owned())
}

#[instrument(skip_all)]
#[circuit_breaker(identifier = "call", registry = registry)]
async fn above_async(registry: &Registry) -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit_breaker(identifier = "call", registry = registry)]
#[instrument(skip_all)]
fn below(registry: &Registry) -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit_breaker(identifier = "call", registry = registry)]
#[instrument(skip_all)]
async fn below_async(registry: &Registry) -> Result<(), String> {
    Err("down".to_owned())
}

/// | above | the span is inside: a rejected call has none, and the log line of a state change is outside it |
#[test]
#[cfg(feature = "tracing")]
fn a_span_above_is_inside() {
    let failing = registry();
    assert_eq!(lines_of(|| above(&failing)), ["above", ": change of state"]);
    assert_eq!(lines_of(|| above(&failing)), [""; 0], "rejected");

    let failing = registry();
    assert_eq!(lines_of(|| now(above_async(&failing))), ["above_async", ": change of state"]);
    assert_eq!(lines_of(|| now(above_async(&failing))), [""; 0], "rejected");
}

/// | below | the span is outside: a rejected call has one too, and the log line of a state change is inside it |
#[test]
#[cfg(feature = "tracing")]
fn a_span_below_is_outside() {
    let failing = registry();
    assert_eq!(lines_of(|| below(&failing)), ["below", "below: change of state"]);
    assert_eq!(lines_of(|| below(&failing)), ["below"], "rejected");

    let failing = registry();
    assert_eq!(lines_of(|| now(below_async(&failing))), ["below_async", "below_async: change of state"]);
    assert_eq!(lines_of(|| now(below_async(&failing))), ["below_async"], "rejected");
}

/// | on a function whose body is one `async move` block | above and below mean the same |
#[test]
fn returned_blocks_nest_like_async_functions() {
    #[instrument(skip_all)]
    #[circuit_breaker(identifier = "call", registry = registry)]
    fn above(registry: &Registry) -> impl Future<Output = Result<(), String>> {
        async move {
            yield_once().await;
            tracing::info!(inside = true);
            Ok(())
        }
    }

    #[circuit_breaker(identifier = "call", registry = registry)]
    #[instrument(skip_all)]
    fn below(registry: &Registry) -> impl Future<Output = Result<(), String>> {
        async move {
            yield_once().await;
            tracing::info!(inside = true);
            Ok(())
        }
    }

    let (closed, open) = (registry(), registry_with_open("call"));
    assert_eq!(lines_of(|| finish(above(&closed))), ["above", "above: inside"]);
    assert_eq!(lines_of(|| finish(above(&open))), [""; 0], "rejected");
    assert_eq!(lines_of(|| finish(below(&closed))), ["below", "below: inside"]);
    assert_eq!(lines_of(|| finish(below(&open))), ["below"], "rejected");
}

/// | on another function that returns a future | write it above: below, the span covers only the call that makes the future, because `#[instrument]` finds no `async` block |
#[test]
fn spans_of_futures_that_are_made_stand_above() {
    #[instrument(skip_all)]
    #[circuit_breaker(identifier = "call", registry = registry)]
    fn above(registry: &Registry) -> impl Future<Output = Result<(), String>> {
        let made = true;
        async move {
            yield_once().await;
            tracing::info!(inside = made);
            Ok(())
        }
    }

    #[circuit_breaker(identifier = "call", registry = registry)]
    #[instrument(skip_all)]
    fn below(registry: &Registry) -> impl Future<Output = Result<(), String>> {
        let made = true;
        async move {
            yield_once().await;
            tracing::info!(inside = made);
            Ok(())
        }
    }

    let (closed, open) = (registry(), registry_with_open("call"));
    assert_eq!(lines_of(|| finish(above(&closed))), ["above", "above: inside"]);
    assert_eq!(lines_of(|| finish(above(&open))), [""; 0], "rejected");
    assert_eq!(lines_of(|| finish(below(&closed))), ["below", ": inside"]);
    assert_eq!(lines_of(|| finish(below(&open))), ["below"], "rejected");
}

/// | above, with `err` or `ret` | they see what the body returned, and never a rejection or a fallback |
#[test]
fn err_and_ret_above_see_the_body_only() {
    #[instrument(skip_all, err)]
    #[circuit_breaker(identifier = "call", registry = registry)]
    async fn fallible(registry: &Registry) -> Result<(), String> {
        Err("down".to_owned())
    }

    #[instrument(skip_all, ret)]
    #[circuit_breaker(identifier = "call", registry = registry, fallback = |_| 0)]
    async fn answered(registry: &Registry) -> u32 {
        5
    }

    let (closed, open) = (registry(), registry_with_open("call"));
    assert_eq!(lines_of(|| now(answered(&closed))), ["answered", "answered: ret"]);
    assert_eq!(lines_of(|| now(answered(&open))), [""; 0], "rejected");
    assert_eq!(lines_of(|| now(fallible(&closed)))[..2], ["fallible", "fallible: err"]);
    assert_eq!(lines_of(|| now(fallible(&open))), [""; 0], "rejected");
}

/// | below, with `err` or `ret` | they see what the caller gets, rejections and fallbacks included |
#[test]
fn err_and_ret_below_see_rejections_and_fallbacks() {
    #[circuit_breaker(identifier = "call", registry = registry)]
    #[instrument(skip_all, err)]
    async fn fallible(registry: &Registry) -> Result<(), String> {
        Err("down".to_owned())
    }

    #[circuit_breaker(identifier = "call", registry = registry, fallback = |_| 0)]
    #[instrument(skip_all, ret)]
    async fn answered(registry: &Registry) -> u32 {
        5
    }

    let open = registry_with_open("call");
    assert_eq!(lines_of(|| now(fallible(&open))), ["fallible", "fallible: err"]);
    assert_eq!(lines_of(|| now(answered(&open))), ["answered", "answered: ret"]);
}
