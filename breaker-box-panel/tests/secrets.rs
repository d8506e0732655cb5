//! Secrets are never shown. Alone in its process, so that the whole log is its own.

#![cfg(feature = "tracing")]

use std::fmt;
use std::sync::{Arc, Mutex};

use breaker_box_panel::Panel;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::support::{ALICE, BOB, Service, controls, force_open, registry};

#[expect(dead_code, reason = "the other tests of the interface use the rest")]
#[path = "interface/support.rs"]
mod support;

/// Collects everything that is logged, at every level, by every crate.
struct Collect(Arc<Mutex<String>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Collect {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Line<'a>(&'a mut String);
        impl tracing::field::Visit for Line<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
                self.0.extend([field.name(), "=", &format!("{value:?}"), " "]);
            }
        }
        let mut text = self.0.lock().unwrap();
        event.record(&mut Line(&mut text));
        text.push('\n');
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_answer_or_debug_output_and_commands_are_logged() {
    let log = Arc::new(Mutex::new(String::new()));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Collect(Arc::clone(&log)))).unwrap();
    let registry = registry();
    let service = Service::start(Panel::builder(&registry).controls(controls())).await;
    let nonce = service.nonce(ALICE).await;
    let send = || {
        let command = service.post("api/v1/commands", ALICE).header("breaker-nonce", &nonce);
        command.body(force_open("payment_api").to_string()).send()
    };
    let done = send().await.unwrap().text().await.unwrap();
    let again = send().await.unwrap().text().await.unwrap();
    let wrong_token = "mallory-secret-0123456789";
    let wrong = service.post("api/v1/nonces", wrong_token).send().await.unwrap().text().await.unwrap();
    let page = service.get("").await.text().await.unwrap();
    let timeline = service.document("api/v1/timeline").await.to_string();
    let debug = format!("{:?} {:?}", service.panel, Panel::builder(&registry).controls(controls()));
    let logged = log.lock().unwrap().clone();
    assert!(logged.contains("command applied") && logged.contains("alice: the gateway is being replaced"), "{logged}");
    assert!(logged.contains("command refused") && logged.contains("invalid token"), "{logged}");
    assert!(debug.contains("alice") && debug.contains("Token(…)"));
    for text in [done, again, wrong, page, timeline, debug, logged] {
        for secret in [ALICE, BOB, wrong_token, nonce.as_str()] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
