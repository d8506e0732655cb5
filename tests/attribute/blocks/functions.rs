//! Functions of every kind in a block: their receivers, their attributes and what they return.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use breaker_box::{CircuitOpenError, Outcome, Policy, Registry, circuit_breaker};
use tracing::instrument;

use super::identifiers;
use crate::support::{now, registry, send};

struct Receivers(Registry);

#[circuit_breaker(identifier = "{fn}", registry = &self.0)]
#[allow(clippy::needless_arbitrary_self_type, reason = "it is what is tested")]
impl Receivers {
    fn typed(self: &Self) -> Option<&Registry> {
        Some(&self.0)
    }

    fn typed_and_mutable(self: &mut Self) -> Option<&mut Registry> {
        Some(&mut self.0)
    }

    fn typed_by_value(self: Self) -> Option<Registry> {
        Some(self.0)
    }

    fn borrowed_arc<'a>(self: &'a Arc<Self>) -> Option<&'a Registry> {
        Some(&self.0)
    }

    #[allow(clippy::boxed_local, reason = "it is what is tested")]
    fn boxed(mut self: Box<Self>) -> Option<Registry> {
        Some(std::mem::take(&mut self.0))
    }

    fn mutable_pin(mut self: Pin<&mut Self>) -> Option<usize> {
        Some(self.as_mut().0.len())
    }

    fn named<'s>(&'s mut self) -> Option<&'s mut Registry> {
        Some(&mut self.0)
    }

    async fn later_arc(self: Arc<Self>, (left, right): (u32, u32)) -> Option<u32> {
        std::future::ready(()).await;
        Some(left + right)
    }

    async fn later_pin(self: Pin<&mut Self>) -> Option<usize> {
        Some(self.0.len())
    }

    async fn later_borrowed<'a>(&'a self, other: &'a str) -> Option<(&'a Registry, &'a str)> {
        Some((&self.0, other))
    }
}

#[test]
fn receivers() {
    let registry = registry();
    let make = || Receivers(registry.clone());
    let mut one = make();
    assert!(one.typed().is_some() && one.typed_and_mutable().is_some() && one.named().is_some());
    assert!(make().typed_by_value().is_some() && Box::new(make()).boxed().is_some());
    assert!(Arc::new(make()).borrowed_arc().is_some() && Pin::new(&mut one).mutable_pin().is_some());
    assert_eq!(now(send(Arc::new(make()).later_arc((2, 3)))), Some(5));
    assert!(now(send(Pin::new(&mut one).later_pin())).is_some());
    assert_eq!(now(send(one.later_borrowed("other"))).unwrap().1, "other");
    assert_eq!(identifiers(&registry).len(), 10);
}

struct Attributed(Registry);

#[circuit_breaker(identifier = "{fn}", registry = &self.0)]
#[doc = concat!("of ", "a macro")]
impl Attributed {
    #[must_use = "it matters"]
    #[inline]
    #[deprecated(since = "1.0.0", note = "old")]
    #[doc(hidden, alias = "other")]
    fn of_the_compiler(&self) -> Option<usize> {
        Some(self.0.len())
    }

    /** In a block. */
    #[instrument(skip(self), fields(amount = amount), err)]
    fn instrumented(&self, amount: usize) -> Result<usize, CircuitOpenError> {
        Ok(self.0.len() + amount)
    }

    #[instrument(skip_all)]
    async fn instrumented_later(&self, amount: usize) -> Result<usize, CircuitOpenError> {
        std::future::ready(()).await;
        Ok(self.0.len() + amount)
    }

    #[expect(unused_variables, reason = "it is what is tested")]
    #[track_caller]
    #[cold]
    #[rustfmt::skip]
    fn unused(&self, nothing: u32) -> Option<usize> { Some(self.0.len()) }

    fn of_arguments(&self, #[allow(unused_variables)] one: u32, #[cfg(any())] two: u32) -> Option<usize> {
        Some(self.0.len())
    }
}

#[test]
fn attributes() {
    let it = Attributed(registry());
    #[allow(deprecated, reason = "it is what is tested")]
    let of_the_compiler = it.of_the_compiler();
    assert_eq!((of_the_compiler, it.instrumented(5).unwrap(), it.unused(1)), (Some(1), 7, Some(3)));
    assert_eq!((now(send(it.instrumented_later(5))).unwrap(), it.of_arguments(1)), (9, Some(5)));
    assert_eq!(identifiers(&it.0).len(), 5);
}

struct Returning(Registry, u32);

#[circuit_breaker(identifier = "{fn}", registry = &self.0)]
impl Returning {
    pub(in crate::blocks) fn its_type(&self) -> Option<Self> {
        Some(Self(self.0.clone(), self.1))
    }

    async fn of_an_async_closure(&self, ask: impl AsyncFn(u32) -> u32) -> Option<u32> {
        Some(ask(self.1).await)
    }

    fn a_closure(&self) -> Option<impl Fn(u32) -> u32 + use<>> {
        let own = self.1;
        Some(move |more| own + more)
    }

    fn by_question_mark(&self, text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
        Ok(text.parse::<u32>()? + self.1)
    }

    fn text_as_error(&self) -> Result<u32, String> {
        Err(self.1.to_string())
    }

    fn of_io(&self) -> std::io::Result<()> {
        self.0.sweep();
        Ok(())
    }
}

#[test]
fn results() {
    let it = Returning(registry(), 5);
    assert_eq!(it.its_type().unwrap().a_closure().unwrap()(1), 6);
    assert_eq!(now(it.of_an_async_closure(async |number| number + 1)), Some(6));
    assert_eq!((it.by_question_mark("5").unwrap(), it.by_question_mark("five").is_err()), (10, true));
    assert!(it.text_as_error().is_err() && it.of_io().is_ok());
    assert_eq!(identifiers(&it.0).len(), 6);
}

struct Own(Registry);

#[circuit_breaker(identifier = "block", registry = &self.0)]
impl Own {
    #[circuit_breaker(identifier = "upper", registry = registry)]
    #[circuit_breaker(identifier = "lower", registry = registry)]
    fn twice(registry: &Registry) -> Option<usize> {
        Some(registry.len())
    }

    #[circuit_breaker(identifier = "{{{fn}}}", registry = registry)]
    fn generic<const N: usize>(registry: &Registry) -> Option<usize> {
        Some(registry.len() + N)
    }

    #[circuit_breaker(skip)]
    fn skipped_without_receiver() -> u32 {
        2
    }

    #[circuit_breaker(skip)]
    const fn skipped_and_constant(&self) -> u32 {
        3
    }

    fn guarded(&self) -> Option<u32> {
        Some(Self::skipped_without_receiver() + self.skipped_and_constant())
    }
}

#[test]
fn options_of_functions_and_skip_where_the_block_guards_nothing() {
    let own = Own(registry());
    assert_eq!((Own::twice(&own.0), own.guarded(), Own::generic::<2>(&own.0)), (Some(2), Some(5), Some(6)));
    assert_eq!(identifiers(&own.0), ["block", "lower", "upper", "{generic}"]);
}

struct Coded<const N: usize> {
    registry: Registry,
    host: String,
}

impl<const N: usize> Coded<N> {
    fn name(&self, of: &str) -> String {
        format!("{}.{of}.{N}", self.host)
    }
}

#[circuit_breaker(
    identifier = self.name({
        const NAME: &str = "coded";
        NAME
    }),
    scope = concat!("a", "b"),
    registry = {
        use std::borrow::Borrow as _;
        self.registry.borrow()
    },
    policy = Policy::consecutive_failures(Self::FAILURES),
    error_handler = |result: &Option<_>| -> Outcome {
        fn judge(is_there: bool) -> Outcome {
            if is_there { Outcome::Success } else { Outcome::failure_because("none") }
        }
        judge(result.is_some())
    },
    fallback = |open| {
        drop(open);
        None
    },
)]
impl<const N: usize> Coded<N> {
    const FAILURES: u32 = 3;

    fn first(&self, number: usize) -> Option<usize> {
        (number > 0).then_some(N)
    }

    async fn second(&self, host: &str) -> Option<String> {
        Some(host.to_owned())
    }

    fn third(self) -> Option<Self> {
        Some(self)
    }

    fn fourth(mut self: Box<Self>, r#type: &str) -> Option<String> {
        self.host.push_str(r#type);
        Some(self.host)
    }
}

#[test]
fn options_that_hold_code() {
    let coded = Coded::<7> { registry: registry(), host: "host".to_owned() };
    let registry = coded.registry.clone();
    assert_eq!((coded.first(0), coded.first(1)), (None, Some(7)));
    assert_eq!(now(send(coded.second("other"))).as_deref(), Some("other"));
    assert_eq!(Box::new(coded.third().unwrap()).fourth("!").as_deref(), Some("host!"));
    let status = registry.list().pop().unwrap();
    assert_eq!((status.key.identifier(), status.key.scope()), ("host.coded.7", Some("ab")));
    assert_eq!((status.totals.successes, status.totals.failures), (4, 1));
    assert_eq!(status.policy, Policy::consecutive_failures(3));
}
