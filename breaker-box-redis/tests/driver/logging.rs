//! One line for each change, and nothing that must not be there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_box::{Policy, Registry};
use breaker_box_redis::Fleet;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::server::{Server, until};

/// Keeps what the fleet's thread logs.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                use std::fmt::Write as _;
                let _ = write!(self.0, " {field}={value:?}");
            }
        }
        let metadata = event.metadata();
        if metadata.target() != "breaker_box" {
            return;
        }
        let mut text = Text(metadata.level().to_string());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }
}

impl Lines {
    /// The lines with this text.
    fn with(&self, text: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }
}

#[test]
fn each_change_is_one_line_without_secrets() {
    let lines = Lines::default();
    // The fleet's thread has no subscriber of its own. The other tests log to this one too, so this
    // one has its own prefix.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.clone())).unwrap();
    let mut server = Server::start_with(&["--requirepass", "hunter2"]);
    let url = server.url().replace("redis://", "redis://default:hunter2@");
    let registry = Registry::new();
    let breaker = registry.register("logged_api", Policy::new()).unwrap();
    let fleet = Fleet::builder(url).prefix("logged").adopt_within(Duration::from_secs(20)).join(&registry).unwrap();
    breaker.force_open_because("the reason of mallory");
    fleet.settled(Duration::from_secs(20)).unwrap();
    server.stop();
    until(|| !fleet.status().connected);
    // Several attempts fail meanwhile.
    let errors = fleet.status().errors;
    until(|| fleet.status().errors > errors + 2);
    server.restart();
    until(|| {
        fleet.status().last_error.is_some_and(|error| error.contains("server answered")) || fleet.status().connected
    });
    drop(fleet);

    let of_fleet = |text: &str| {
        let all = lines.0.lock().unwrap();
        all.iter().filter(|line| line.contains(text) && line.contains("fleet=\"logged\"")).count()
    };
    assert!(of_fleet("connected to the fleet") >= 1);
    assert_eq!(of_fleet("the connection to the fleet is lost"), 1);
    assert_eq!(of_fleet("no connection to the fleet"), 0);
    assert_eq!(lines.with("hunter2"), 0);
    assert_eq!(lines.with("redis://"), 0);
    let reasons = lines
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|line| line.contains("mallory") && !line.contains("reason of the change"))
        .count();
    assert_eq!(reasons, 0, "the core alone logs reasons, at debug level");
}
