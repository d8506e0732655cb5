//! The log of an instance, at every level and from every crate, in a file.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::Write as _;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::super::options::Options;

/// Writes lines of level, target and fields. Panics are lines too.
pub(crate) fn collect(options: &Options) {
    let path = options.get("log").expect("a path for the log").to_owned();
    let file = File::create(&path).expect("a file for the log");
    let layer = ToFile(Mutex::new(file.try_clone().expect("a copy of a handle")));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).expect("the first one");
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let _ = writeln!(&file, "PANIC {info}");
        print(info);
    }));
}

struct ToFile(Mutex<File>);

impl<S: Subscriber> Layer<S> for ToFile {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut text);
        text.0 = text.0.replace('\n', "\\n") + "\n";
        let _ = self.0.lock().expect("no panic").write_all(text.0.as_bytes());
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
