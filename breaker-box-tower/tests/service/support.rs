//! What several of the modules need.

#[path = "../shared/breakers.rs"]
mod breakers;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use breaker_box::{ManualClock, Policy, Registry};
use tokio::sync::oneshot;
use tower::Service;

pub(crate) use breakers::{ONE, breaker, half_open, seconds};

/// A registry on a clock that only the test moves.
pub(crate) fn registry(policy: Policy) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let registry = Registry::builder().default_policy(policy).clock(clock.clone()).build().expect("a valid policy");
    (registry, clock)
}

/// What a service is to answer, once the test says so.
pub(crate) type Answer = oneshot::Receiver<Result<&'static str, &'static str>>;

/// A service that waits for the answer that its request carries.
#[derive(Clone, Debug)]
pub(crate) struct Waits;

impl Service<Answer> for Waits {
    type Response = &'static str;
    type Error = &'static str;
    type Future = Pin<Box<dyn Future<Output = Result<&'static str, &'static str>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, answer: Answer) -> Self::Future {
        Box::pin(async { answer.await.expect("the test answers") })
    }
}

/// A request that is answered at once.
pub(crate) fn answered(result: Result<&'static str, &'static str>) -> Answer {
    let (sender, answer) = oneshot::channel();
    sender.send(result).expect("the receiver is here");
    answer
}

pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a future that does not wait.
#[track_caller]
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Whether the service says that it is ready.
pub(crate) fn is_ready<S: Service<Request>, Request>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// Runs `body`, which panics; the panic's message.
pub(crate) fn panic_message<R>(body: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else { panic!("it should have panicked") };
    match payload.downcast::<&'static str>() {
        Ok(text) => (*text).to_owned(),
        Err(payload) => *payload.downcast::<String>().expect("a text as payload"),
    }
}
