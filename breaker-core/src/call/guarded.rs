//! Futures that are guarded while they run. They do not need a runtime.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::call::admission::{Admission, CircuitRef, Classifier, OwnedAdmission};
use crate::circuit::{Circuit, Completion};

/// How a guarded future is admitted when it is first polled.
pub(crate) trait Admit<R: CircuitRef> {
    /// The error of a rejected call.
    type Error;

    fn admit(self) -> Result<OwnedAdmission<R>, Self::Error>;
}

/// Admitted before the future was created.
#[derive(Debug)]
pub(crate) enum AlreadyAdmitted {}

impl<R: CircuitRef> Admit<R> for AlreadyAdmitted {
    type Error = Infallible;

    fn admit(self) -> Result<OwnedAdmission<R>, Infallible> {
        match self {}
    }
}

/// How far a guarded future has come. Dropped while it runs, the call is cancelled.
struct Progress<A, C, R: CircuitRef>(Stage<A, C, R>);

enum Stage<A, C, R: CircuitRef> {
    Unpolled(A, C),
    /// Also a probe between two polls: a stage of its own would make each guarded future larger.
    Running(OwnedAdmission<R>, C),
    Done,
}

impl<A, C, R: CircuitRef> Drop for Progress<A, C, R> {
    #[inline]
    fn drop(&mut self) {
        if let Stage::Running(admission, _) = &self.0 {
            admission.admission().settle(Completion::Cancelled);
        }
    }
}

pin_project! {
    /// A future that is admitted when it is first polled, so one that is never polled holds
    /// nothing. If it is dropped before it is ready, the call is cancelled. A panic is recorded and
    /// propagates.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Guarded<F, A, C, R: CircuitRef> {
        // First, so that it is dropped first: the body is gone by the time its slot is released.
        #[pin]
        body: F,
        progress: Progress<A, C, R>,
    }
}

impl<F, A, C, R: CircuitRef> Guarded<F, A, C, R> {
    /// A future that is not yet admitted.
    #[inline]
    pub(crate) const fn new(admit: A, body: F, classifier: C) -> Self {
        Self { body, progress: Progress(Stage::Unpolled(admit, classifier)) }
    }
}

impl<F, A, C, R> Future for Guarded<F, A, C, R>
where
    F: Future,
    A: Admit<R>,
    C: Classifier<F::Output>,
    R: CircuitRef,
{
    type Output = Result<F::Output, A::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Err(rejected) = this.progress.admit() {
            return Poll::Ready(Err(rejected));
        }
        this.progress.poll(this.body, cx).map(Ok)
    }
}

pin_project! {
    /// A future that was already admitted. It does not wrap a [`Guarded`], because each type around
    /// a future brings the compiler closer to its recursion limit, for every annotated function
    /// that awaits another.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Admitted<F, C, R: CircuitRef> {
        // First, as above.
        #[pin]
        body: F,
        progress: Progress<AlreadyAdmitted, C, R>,
    }
}

impl<'a, F, C> Admitted<F, C, Option<&'a Circuit>> {
    /// The caller no longer uses the admission.
    ///
    /// It calls nothing, so that the compiler need not provide for panics while it has the body.
    #[inline]
    pub(crate) const fn running(admission: Admission<'a>, body: F, classifier: C) -> Self {
        let admission = OwnedAdmission { circuit: admission.circuit, ticket: admission.ticket };
        Self { body, progress: Progress(Stage::Running(admission, classifier)) }
    }
}

impl<F, C, R: CircuitRef> Admitted<F, C, R> {
    /// The same as [`running`](Admitted::running), for a future that was made inside the call and
    /// is polled later.
    #[inline]
    pub(crate) fn polled_later(mut admission: OwnedAdmission<R>, body: F, classifier: C) -> Self {
        admission.end_poll();
        Self { body, progress: Progress(Stage::Running(admission, classifier)) }
    }
}

impl<F: Future, C: Classifier<F::Output>, R: CircuitRef> Future for Admitted<F, C, R> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.progress.begin_poll();
        this.progress.poll(this.body, cx)
    }
}

impl<A, C, R: CircuitRef> Progress<A, C, R> {
    /// Asks for admission before the first poll. Afterwards the call is running.
    #[inline]
    fn admit(&mut self) -> Result<(), A::Error>
    where
        A: Admit<R>,
    {
        let stage = &mut self.0;
        if !matches!(stage, Stage::Unpolled(..)) {
            self.begin_poll();
            return Ok(());
        }
        // It stays done after a rejection, so that nothing runs unguarded.
        if let Stage::Unpolled(admit, classifier) = mem::replace(stage, Stage::Done) {
            *stage = Stage::Running(admit.admit()?, classifier);
        }
        Ok(())
    }

    #[inline]
    fn begin_poll(&mut self) {
        match &mut self.0 {
            Stage::Running(admission, _) => admission.begin_poll(),
            _ => polled_again(),
        }
    }

    /// Polls the body. The admission and the classifier stay where they are until it is ready.
    ///
    /// The only part that is compiled for each body, and so it has as little as possible in it.
    #[inline]
    fn poll<F>(&mut self, body: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output>
    where
        F: Future,
        C: Classifier<F::Output>,
    {
        // It is done even after a panic: nothing can observe what the body left half-done.
        match catch_unwind(AssertUnwindSafe(|| body.poll(cx))) {
            Ok(Poll::Ready(result)) => Poll::Ready(self.settle(result)),
            Ok(Poll::Pending) => {
                self.end_poll();
                Poll::Pending
            }
            Err(payload) => self.resume(payload),
        }
    }

    #[inline]
    fn settle<T>(&mut self, result: T) -> T
    where
        C: Classifier<T>,
    {
        match mem::replace(&mut self.0, Stage::Done) {
            Stage::Running(admission, classifier) => classifier.settle(admission.admission(), result),
            _ => result,
        }
    }

    #[inline]
    fn end_poll(&mut self) {
        if let Stage::Running(admission, _) = &mut self.0 {
            admission.end_poll();
        }
    }

    #[cold]
    #[inline(never)]
    fn resume(&mut self, payload: Box<dyn Any + Send>) -> ! {
        if let Stage::Running(admission, _) = mem::replace(&mut self.0, Stage::Done) {
            admission.admission().settle_panic(&*payload);
        }
        resume_unwind(payload)
    }
}

#[cold]
#[inline(never)]
fn polled_again() -> ! {
    panic!("a guarded future was polled after it had completed")
}
