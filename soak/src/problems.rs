//! What went wrong.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::tracked_call::DELIBERATE;

/// The problems found so far, each a sentence.
#[derive(Debug, Default)]
pub(crate) struct Problems(Mutex<Vec<String>>);

/// At most this many are printed.
const MAX_SHOWN: usize = 20;

impl Problems {
    pub(crate) fn add(&self, problem: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(problem.into());
    }

    pub(crate) fn add_all(&self, problems: impl IntoIterator<Item = String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(problems);
    }

    /// Runs code that may panic deliberately; any other panic is a problem.
    pub(crate) fn catch_panics(&self, work: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.add_panic(&*payload);
        }
    }

    /// Adds a problem unless the panic was deliberate.
    pub(crate) fn add_panic(&self, payload: &(dyn Any + Send)) {
        let message = message(payload);
        if !message.starts_with(DELIBERATE) {
            self.add(format!("a panic: {message}"));
        }
    }

    /// Prints the problems; returns whether there are none.
    pub(crate) fn report(&self) -> bool {
        let problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for problem in problems.iter().take(MAX_SHOWN) {
            eprintln!("PROBLEM: {problem}");
        }
        if problems.len() > MAX_SHOWN {
            eprintln!("… and {} more", problems.len() - MAX_SHOWN);
        }
        problems.is_empty()
    }
}

/// Deliberate panics are not printed; all others are, as usual.
pub(crate) fn silence_deliberate_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if !message(info.payload()).starts_with(DELIBERATE) {
            print(info);
        }
    }));
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}
