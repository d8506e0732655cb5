//! What should not have happened.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::visit::ON_PURPOSE;

/// Faults that were found, each a sentence.
#[derive(Debug, Default)]
pub(crate) struct Findings(Mutex<Vec<String>>);

/// So many are shown.
const SHOWN: usize = 20;

impl Findings {
    pub(crate) fn add(&self, finding: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(finding.into());
    }

    pub(crate) fn add_all(&self, findings: impl IntoIterator<Item = String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(findings);
    }

    /// Runs what may panic on purpose; any other panic is a finding.
    pub(crate) fn watch_for_panics(&self, work: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.judge(&*payload);
        }
    }

    /// A panic that was not on purpose is a finding.
    pub(crate) fn judge(&self, payload: &(dyn Any + Send)) {
        let message = message(payload);
        if !message.starts_with(ON_PURPOSE) {
            self.add(format!("a panic: {message}"));
        }
    }

    /// Prints what was found; whether it is nothing.
    pub(crate) fn report(&self) -> bool {
        let findings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for finding in findings.iter().take(SHOWN) {
            eprintln!("FOUND: {finding}");
        }
        if findings.len() > SHOWN {
            eprintln!("… and {} more", findings.len() - SHOWN);
        }
        findings.is_empty()
    }
}

/// Panics on purpose are not printed; all others are, as usual.
pub(crate) fn keep_quiet_about_panics_on_purpose() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if !message(info.payload()).starts_with(ON_PURPOSE) {
            print(info);
        }
    }));
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}
