//! One call, from before its admission until it is settled.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use breaker_box::Outcome;

use crate::expected_totals::{Completion, ExpectedTotals};

/// What a call is meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    Succeed,
    Fail,
    FailBecause,
    Ignore,
    Trip,
    Panic,
    /// Returns, and its classifier panics.
    PanicInClassifier,
    /// Its future or permit is dropped.
    Drop,
    /// Its future or permit is forgotten.
    Forget,
}

/// The beginning of the message of deliberate panics.
pub(crate) const DELIBERATE: &str = "deliberate: ";

/// The call's own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed on purpose")]
pub(crate) struct Failed;

impl Intent {
    /// How an admitted call ends.
    pub(crate) const fn end(self) -> Completion {
        match self {
            Self::Succeed => Completion::Success,
            Self::Fail | Self::FailBecause | Self::Trip => Completion::Failure,
            Self::Ignore => Completion::Ignored,
            Self::Panic => Completion::Panicked,
            Self::PanicInClassifier => Completion::Unclassified,
            Self::Drop => Completion::Cancelled,
            Self::Forget => Completion::Forgotten,
        }
    }

    /// The outcome that a classifier returns.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Succeed => Outcome::Success,
            Self::Ignore => Outcome::Ignore,
            Self::Trip => Outcome::trip(),
            Self::FailBecause => Outcome::failure_because("a reason of some length, which is copied and kept"),
            Self::PanicInClassifier => panic!("{DELIBERATE}a classifier"),
            _ => Outcome::failure(),
        }
    }

    /// The closest intent for a call without a classifier.
    pub(crate) const fn plain(self) -> Self {
        match self {
            Self::FailBecause | Self::Ignore | Self::Trip | Self::PanicInClassifier => Self::Fail,
            plain => plain,
        }
    }

    /// The return value, which the default classification judges.
    const fn result(self) -> Result<u32, Failed> {
        match self {
            Self::Fail | Self::FailBecause | Self::Trip => Err(Failed),
            _ => Ok(7),
        }
    }
}

/// The body has not begun.
const IDLE: u8 = u8::MAX;
/// The body is running; a call dropped now is cancelled.
const RUNNING: u8 = u8::MAX - 1;

/// One call. Created before the circuit is asked and dropped after the call is settled; then it
/// records how the call ended in the expected totals.
#[derive(Debug)]
pub(crate) struct TrackedCall {
    expected: Arc<ExpectedTotals>,
    is_report: bool,
    disabled_epoch: u32,
    progress: AtomicU8,
}

impl TrackedCall {
    pub(crate) fn new(expected: &Arc<ExpectedTotals>) -> Self {
        Self::of_kind(expected, false)
    }

    /// A call inside the body of another one of the same circuit, of whose probe it may be a part.
    pub(crate) fn inside(expected: &Arc<ExpectedTotals>) -> Self {
        let mut tracked = Self::new(expected);
        tracked.disabled_epoch = ExpectedTotals::NESTED;
        tracked
    }

    /// A call made elsewhere that is only reported.
    pub(crate) fn report(expected: &Arc<ExpectedTotals>) -> Self {
        Self::of_kind(expected, true)
    }

    fn of_kind(expected: &Arc<ExpectedTotals>, is_report: bool) -> Self {
        Self {
            expected: Arc::clone(expected),
            is_report,
            disabled_epoch: expected.disabled_epoch(),
            progress: AtomicU8::new(IDLE),
        }
    }

    /// The circuit has admitted the call.
    pub(crate) fn begins(&self) {
        // Relaxed, as all here: a call is on one thread at a time, handed over by its executor.
        self.progress.store(RUNNING, Ordering::Relaxed);
    }

    /// It is known how the call ended.
    pub(crate) fn ends(&self, end: Completion) {
        // Relaxed: as in `begins`.
        self.progress.store(end as u8, Ordering::Relaxed);
    }

    /// The call has returned: if the body never ran, it was rejected.
    pub(crate) fn answered(&self) {
        // Relaxed: as in `begins`.
        if self.progress.load(Ordering::Relaxed) == IDLE {
            self.ends(Completion::Rejected);
        }
    }

    /// A body.
    pub(crate) fn run(&self, intent: Intent) -> Result<u32, Failed> {
        self.begins();
        self.finish(intent)
    }

    /// A body that yields `waits` times. If it is meant to be dropped or forgotten, it never ends.
    pub(crate) async fn run_async(&self, intent: Intent, waits: u32) -> Result<u32, Failed> {
        self.begins();
        for _ in 0..waits {
            yield_once().await;
        }
        if matches!(intent, Intent::Drop | Intent::Forget) {
            pending::<()>().await;
        }
        self.finish(intent)
    }

    fn finish(&self, intent: Intent) -> Result<u32, Failed> {
        self.ends(intent.end());
        assert!(intent != Intent::Panic, "{DELIBERATE}a body");
        intent.result()
    }

    /// Returns whether the circuit counts the call.
    pub(crate) fn is_counted(&self) -> bool {
        !matches!(self.end(), Completion::Never | Completion::Forgotten | Completion::Unclassified)
    }

    fn end(&self) -> Completion {
        // Relaxed: as in `begins`.
        match self.progress.load(Ordering::Relaxed) {
            IDLE => Completion::Never,
            RUNNING => Completion::Cancelled,
            code => [
                Completion::Success,
                Completion::Failure,
                Completion::Ignored,
                Completion::Cancelled,
                Completion::Panicked,
                Completion::Rejected,
                Completion::Unclassified,
                Completion::Forgotten,
            ]
            .into_iter()
            .find(|end| *end as u8 == code)
            .unwrap_or(Completion::Never),
        }
    }
}

impl Drop for TrackedCall {
    fn drop(&mut self) {
        self.expected.record(self.end(), self.disabled_epoch, self.is_report);
    }
}

/// Yields once, without a runtime.
pub(crate) async fn yield_once() {
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
