//! One call, from before it is asked for until it is settled.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use breaker_box::Outcome;

use crate::ledger::{End, Ledger};

/// What a call is meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    Succeed,
    Fail,
    FailBecause,
    Ignore,
    Trip,
    Panic,
    /// Comes back, and its classifier panics.
    Confuse,
    /// Its future or permit is dropped.
    Drop,
    /// Its future or permit is forgotten.
    Forget,
}

/// What panics on purpose begin with, so that all others are found.
pub(crate) const ON_PURPOSE: &str = "on purpose: ";

/// The call's own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed on purpose")]
pub(crate) struct Failed;

impl Intent {
    /// How a call that is let through then ends.
    pub(crate) const fn end(self) -> End {
        match self {
            Self::Succeed => End::Success,
            Self::Fail | Self::FailBecause | Self::Trip => End::Failure,
            Self::Ignore => End::Ignored,
            Self::Panic => End::Panicked,
            Self::Confuse => End::Unclassified,
            Self::Drop => End::Cancelled,
            Self::Forget => End::Forgotten,
        }
    }

    /// What a classifier says of it.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Succeed => Outcome::Success,
            Self::Ignore => Outcome::Ignore,
            Self::Trip => Outcome::trip(),
            Self::FailBecause => Outcome::failure_because("a reason of some length, which is copied and kept"),
            Self::Confuse => panic!("{ON_PURPOSE}a classifier"),
            _ => Outcome::failure(),
        }
    }

    /// The nearest intent of a call without a classifier.
    pub(crate) const fn plain(self) -> Self {
        match self {
            Self::FailBecause | Self::Ignore | Self::Trip | Self::Confuse => Self::Fail,
            plain => plain,
        }
    }

    /// What it returns where nothing but the result decides.
    const fn result(self) -> Result<u32, Failed> {
        match self {
            Self::Fail | Self::FailBecause | Self::Trip => Err(Failed),
            _ => Ok(7),
        }
    }
}

/// Nothing of the body has run.
const IDLE: u8 = u8::MAX;
/// The body runs; dropped now, it was cancelled.
const RUNNING: u8 = u8::MAX - 1;

/// One call. Made before the circuit is asked and dropped after the call is settled, it then notes
/// in the ledger how that ended.
#[derive(Debug)]
pub(crate) struct Visit {
    ledger: Arc<Ledger>,
    is_report: bool,
    stays: u32,
    progress: AtomicU8,
}

impl Visit {
    pub(crate) fn new(ledger: &Arc<Ledger>) -> Self {
        Self::of_kind(ledger, false)
    }

    /// A call inside the body of another of the same circuit: if that is a probe, it is part of it.
    pub(crate) fn inside(ledger: &Arc<Ledger>) -> Self {
        let mut visit = Self::new(ledger);
        visit.stays = Ledger::INSIDE;
        visit
    }

    /// A call made elsewhere that is only reported.
    pub(crate) fn report(ledger: &Arc<Ledger>) -> Self {
        Self::of_kind(ledger, true)
    }

    fn of_kind(ledger: &Arc<Ledger>, is_report: bool) -> Self {
        Self { ledger: Arc::clone(ledger), is_report, stays: ledger.stays(), progress: AtomicU8::new(IDLE) }
    }

    /// The circuit has let the call through.
    pub(crate) fn begins(&self) {
        // Relaxed, as all here: a call is on one thread at a time, handed over by its executor.
        self.progress.store(RUNNING, Ordering::Relaxed);
    }

    /// Its end is known.
    pub(crate) fn ends(&self, end: End) {
        // Relaxed: as in `begins`.
        self.progress.store(end as u8, Ordering::Relaxed);
    }

    /// The caller has its answer: if the body never ran, the call was rejected.
    pub(crate) fn answered(&self) {
        // Relaxed: as in `begins`.
        if self.progress.load(Ordering::Relaxed) == IDLE {
            self.ends(End::Rejected);
        }
    }

    /// A body.
    pub(crate) fn run(&self, intent: Intent) -> Result<u32, Failed> {
        self.begins();
        self.finish(intent)
    }

    /// A body that is awaited so many times; meant to be dropped, or forgotten, it never ends.
    pub(crate) async fn run_slowly(&self, intent: Intent, waits: u32) -> Result<u32, Failed> {
        self.begins();
        for _ in 0..waits {
            breathe().await;
        }
        if matches!(intent, Intent::Drop | Intent::Forget) {
            pending::<()>().await;
        }
        self.finish(intent)
    }

    fn finish(&self, intent: Intent) -> Result<u32, Failed> {
        self.ends(intent.end());
        assert!(intent != Intent::Panic, "{ON_PURPOSE}a body");
        intent.result()
    }

    /// Whether the circuit has told, or will tell, how the call ended.
    pub(crate) fn is_told(&self) -> bool {
        !matches!(self.end(), End::Never | End::Forgotten | End::Unclassified)
    }

    fn end(&self) -> End {
        // Relaxed: as in `begins`.
        match self.progress.load(Ordering::Relaxed) {
            IDLE => End::Never,
            RUNNING => End::Cancelled,
            code => [
                End::Success,
                End::Failure,
                End::Ignored,
                End::Cancelled,
                End::Panicked,
                End::Rejected,
                End::Unclassified,
                End::Forgotten,
            ]
            .into_iter()
            .find(|end| *end as u8 == code)
            .unwrap_or(End::Never),
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.ledger.note(self.end(), self.stays, self.is_report);
    }
}

/// Lets others run; needs no runtime.
pub(crate) async fn breathe() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
