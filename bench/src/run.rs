//! Something that can be called many times in a row, by one or more threads.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use tokio::runtime::{Builder, Runtime};

use crate::guarded_function::GuardedFuture;

/// A breaker with the function that it guards, ready to be measured.
pub(crate) trait Run: Send + Sync {
    /// Makes so many calls. `turn` counts the calls of this thread.
    fn run(&self, turn: &mut u64, calls: u64);

    /// How many threads work for one caller.
    fn workers(&self) -> u32 {
        1
    }

    /// The least number of calls per [`run`](Self::run), so that what happens once per run does not
    /// matter.
    fn at_least(&self) -> u64 {
        64
    }
}

/// Plain calls of `call` on `subject`.
struct Plain<S, C> {
    subject: S,
    call: C,
}

impl<S, C> Run for Plain<S, C>
where
    S: Send + Sync,
    C: Fn(&S, u64) -> bool + Send + Sync,
{
    #[inline(never)]
    fn run(&self, turn: &mut u64, calls: u64) {
        for _ in 0..calls {
            *turn += 1;
            black_box((self.call)(&self.subject, *turn));
        }
    }
}

/// Measures plain calls; `call` says whether one succeeded.
pub(crate) fn plain<S, C>(subject: S, call: C) -> Box<dyn Run>
where
    S: Send + Sync + 'static,
    C: Fn(&S, u64) -> bool + Send + Sync + 'static,
{
    Box::new(Plain { subject, call })
}

/// What keeps something alive while it is measured.
struct Keeping<K> {
    run: Box<dyn Run>,
    _kept: Mutex<K>,
}

impl<K: Send> Run for Keeping<K> {
    fn run(&self, turn: &mut u64, calls: u64) {
        self.run.run(turn, calls);
    }

    fn workers(&self) -> u32 {
        self.run.workers()
    }

    fn at_least(&self) -> u64 {
        self.run.at_least()
    }
}

/// Keeps something alive while `run` is measured.
pub(crate) fn keeping<K: Send + 'static>(kept: K, run: Box<dyn Run>) -> Box<dyn Run> {
    Box::new(Keeping { run, _kept: Mutex::new(kept) })
}

/// One caller of an asynchronous breaker around `F`. Its clones share the breaker.
pub(crate) trait AsyncSubject<F: GuardedFuture>: Clone + Send + 'static {
    /// One call; whether it succeeded.
    fn make_call(&mut self, turn: u64) -> impl Future<Output = bool> + Send;
}

/// Calls awaited one after the other in a current-thread runtime of the calling thread.
struct Awaited<A, F> {
    subject: Mutex<A>,
    guarded: PhantomData<fn() -> F>,
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

impl<A: AsyncSubject<F>, F: GuardedFuture> Run for Awaited<A, F> {
    #[inline(never)]
    fn run(&self, turn: &mut u64, calls: u64) {
        let mut subject = copy(&self.subject);
        RUNTIME.with(|runtime| {
            runtime.block_on(polled_again(async {
                for _ in 0..calls {
                    *turn += 1;
                    black_box(subject.make_call(*turn).await);
                }
            }));
        });
    }
}

/// Polls a future again at once where its guarded function was pending: what a runtime takes to
/// wake a task would hide the cost of a breaker. If a breaker waits, the runtime waits too.
async fn polled_again(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        loop {
            match future.as_mut().poll(cx) {
                Poll::Pending if payments::is_worth_polling() => {}
                polled => return polled,
            }
        }
    })
    .await;
}

/// Measures awaited calls.
pub(crate) fn awaited<F: GuardedFuture>(subject: impl AsyncSubject<F>) -> Box<dyn Run> {
    Box::new(Awaited { subject: Mutex::new(subject), guarded: PhantomData })
}

/// Calls of 64 tasks in one multi-thread runtime.
struct Tasks<A, F> {
    runtime: Runtime,
    subject: Mutex<A>,
    guarded: PhantomData<fn() -> F>,
}

const TASKS: u64 = 64;
const WORKERS: u32 = 2;
/// After so many calls a task lets the others run.
const BEFORE_YIELD: u64 = 32;

impl<A: AsyncSubject<F>, F: GuardedFuture> Run for Tasks<A, F> {
    fn run(&self, turn: &mut u64, calls: u64) {
        let each = calls.div_ceil(TASKS);
        *turn += each;
        self.runtime.block_on(async {
            let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(one_task::<A, F>(copy(&self.subject), each))).collect();
            for task in tasks {
                task.await.expect("a task that does not panic");
            }
        });
    }

    fn workers(&self) -> u32 {
        WORKERS
    }

    fn at_least(&self) -> u64 {
        TASKS * 1_000
    }
}

async fn one_task<A: AsyncSubject<F>, F: GuardedFuture>(mut subject: A, calls: u64) {
    for turn in 1..=calls {
        black_box(subject.make_call(turn).await);
        if turn % BEFORE_YIELD == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Measures calls of 64 tasks in one runtime with two workers.
pub(crate) fn tasks<F: GuardedFuture>(subject: impl AsyncSubject<F>) -> Box<dyn Run> {
    let runtime =
        Builder::new_multi_thread().worker_threads(WORKERS as usize).enable_time().build().expect("a runtime");
    Box::new(Tasks { runtime, subject: Mutex::new(subject), guarded: PhantomData })
}

fn copy<A: Clone>(subject: &Mutex<A>) -> A {
    subject.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
