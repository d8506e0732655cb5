//! When arguments are dropped: in the order of the function without the attribute.
#![allow(clippy::needless_pass_by_value, reason = "that they are dropped here is the point")]

use std::cell::RefCell;
use std::future::Future;

use breaker_box::{CircuitOpenError, circuit_breaker};

use crate::support::{now, yield_once};

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Named(&'static str);

impl Drop for Named {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

fn dropped() -> Vec<&'static str> {
    DROPPED.take()
}

type Done = Result<(), CircuitOpenError>;

impl Named {
    #[circuit_breaker(identifier = "arguments/method")]
    fn consumed(self, second: Self, third: Self) -> Done {
        let _ = (&second, &third, &self);
        Ok(())
    }

    #[circuit_breaker(identifier = "arguments/async_method")]
    async fn consumed_later(self, second: Self, third: Self) -> Done {
        yield_once_if(&second, &self, &third).await;
        Ok(())
    }
}

async fn yield_once_if(_: &Named, _: &Named, _: &Named) {
    yield_once().await;
}

#[test]
fn arguments_are_dropped_from_the_last_to_the_first() {
    #[circuit_breaker(identifier = "arguments/plain")]
    fn plain(connection: Named, transaction: Named) -> Done {
        let _ = (&connection, &transaction);
        Ok(())
    }
    #[circuit_breaker(identifier = "arguments/patterns")]
    fn patterns((first, second): (Named, Named), _: Named, _guard: Named, last: Named) -> Done {
        let local = Named("local");
        let _ = (&first, &second, &last, &local);
        Ok(())
    }

    plain(Named("connection"), Named("transaction")).unwrap();
    assert_eq!(dropped(), ["transaction", "connection"]);
    patterns((Named("first"), Named("second")), Named("_"), Named("guard"), Named("last")).unwrap();
    assert_eq!(dropped(), ["local", "last", "guard", "_", "second", "first"]);
    Named("self").consumed(Named("second"), Named("third")).unwrap();
    assert_eq!(dropped(), ["third", "second", "self"]);
}

#[test]
fn arguments_of_async_functions_are_dropped_from_the_last_to_the_first() {
    #[circuit_breaker(identifier = "arguments/async")]
    async fn later((first, second): (Named, Named), third: Named) -> Done {
        yield_once_if(&first, &second, &third).await;
        Ok(())
    }

    crate::support::finish(later((Named("first"), Named("second")), Named("third"))).unwrap();
    assert_eq!(dropped(), ["third", "second", "first"]);
    crate::support::finish(Named("self").consumed_later(Named("second"), Named("third"))).unwrap();
    assert_eq!(dropped(), ["third", "second", "self"]);
}

#[test]
fn arguments_of_functions_that_make_a_future_are_dropped_before_it_runs() {
    #[circuit_breaker(identifier = "arguments/made")]
    fn made(kept: Named, first: Named, second: Named) -> impl Future<Output = Done> {
        let _ = (&first, &second);
        async move {
            let _ = &kept;
            Ok(())
        }
    }

    let future = made(Named("kept"), Named("first"), Named("second"));
    assert_eq!(dropped(), ["second", "first"]);
    now(future).unwrap();
    assert_eq!(dropped(), ["kept"]);
}
