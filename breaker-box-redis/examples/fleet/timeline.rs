//! The lines on the screen, each with the time since the beginning.

use std::sync::Arc;
use std::time::Instant;

#[derive(Clone)]
pub(crate) struct Timeline {
    begin: Arc<Instant>,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self { begin: Arc::new(Instant::now()) }
    }

    pub(crate) fn title(&self, text: &str) {
        println!("\n{:>7.3} s  == {text}", self.begin.elapsed().as_secs_f64());
    }

    pub(crate) fn say(&self, text: impl AsRef<str>) {
        println!("{:>7.3} s  {}", self.begin.elapsed().as_secs_f64(), text.as_ref());
    }
}
