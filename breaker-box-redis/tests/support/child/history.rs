//! When the circuits of an instance changed their states.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use breaker_box::{Cause, EventKind, EventType, Filter, Registry, Subscription};

use super::super::process::now;

/// An instant, the name of a circuit, and what happened to it.
type Changes = Arc<Mutex<Vec<(Duration, String, String)>>>;

pub(crate) struct History {
    changes: Changes,
    _subscription: Subscription,
    _blocked: Option<Subscription>,
}

impl History {
    /// With `blocks`, a handler of the service never returns when the fleet calls it.
    pub(crate) fn of(registry: &Registry, blocks: bool) -> Self {
        let changes = Changes::default();
        let seen = Arc::clone(&changes);
        let subscription = registry.subscribe(Filter::all().events([EventType::StateChanged]), move |event| {
            let at = now();
            if let EventKind::StateChanged { from, to, cause, .. } = &event.kind {
                let text = format!("{}:{}:{}", from.as_str(), to.as_str(), cause.as_str());
                seen.lock().expect("no panic").push((at, event.key.identifier().to_owned(), text));
            }
        });
        let blocked = blocks.then(|| {
            registry.subscribe(Filter::all().events([EventType::StateChanged]), |event| {
                // Calls deliver events too; theirs is not what is tested.
                let is_the_fleets = thread::current().name().is_some_and(|name| name.starts_with("breaker-"));
                if is_the_fleets && matches!(&event.kind, EventKind::StateChanged { cause: Cause::Remote { .. }, .. }) {
                    loop {
                        thread::park();
                    }
                }
            })
        });
        Self { changes, _subscription: subscription, _blocked: blocked }
    }

    /// `microseconds:from:to:cause` for each change, with blanks between them.
    pub(crate) fn of_circuit(&self, name: &str) -> String {
        let changes = self.changes.lock().expect("no panic");
        let of_it = changes.iter().filter(|(_, identifier, _)| identifier == name);
        let texts: Vec<String> = of_it.map(|(at, _, text)| format!("{}:{text}", at.as_micros())).collect();
        texts.join(" ")
    }
}
