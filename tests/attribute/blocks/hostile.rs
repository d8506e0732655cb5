//! Blocks that are hard on an attribute.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::ops::{Add, Deref, DerefMut};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Mutex;

use breaker_box::{CircuitOpenError, FromCircuitOpen, Outcome, Registry, circuit_breaker};

use super::identifiers;
use crate::support::{now, registry, registry_with_open, send};

/// Names of its own for everything that generated code may use.
mod shadowed {
    use breaker_box::circuit_breaker;

    #[allow(non_camel_case_types, dead_code, reason = "they only shadow")]
    mod core {}
    #[allow(dead_code, reason = "it only shadows")]
    mod std {}

    pub(super) struct Shop(pub(super) super::Registry);
    #[allow(dead_code, reason = "it only shadows")]
    struct Some;
    #[allow(dead_code, reason = "it only shadows")]
    enum Result {
        Ok,
        Err,
    }

    #[circuit_breaker(identifier = "{fn}", registry = &self.0)]
    impl Shop {
        pub(super) fn count(&self) -> Option<u32> {
            ::std::option::Option::Some(5)
        }

        pub(super) async fn later(&self, __breaker_admission: u32) -> Option<u32> {
            ::std::option::Option::Some(__breaker_admission)
        }
    }
}

#[test]
fn shadowed_names() {
    let shop = shadowed::Shop(registry());
    assert_eq!((shop.count(), now(shop.later(5))), (Some(5), Some(5)));
    assert_eq!(identifiers(&shop.0), ["count", "later"]);
}

struct Generic<'a, T, const N: usize = 2> {
    registry: &'a Registry,
    all: [T; N],
}

trait Limit {
    const LIMIT: u32;
    const SCOPE: &'static str;
}

impl Limit for u32 {
    const LIMIT: u32 = 3;
    const SCOPE: &'static str = "numbers";
}

#[circuit_breaker(
    identifier = "{fn}/{self.all:?}",
    scope = T::SCOPE,
    registry = self.registry,
    failure_threshold = T::LIMIT,
    error_handler = |result| Outcome::from(result.is_some() || N > 2),
)]
impl<'a, T, const N: usize> Generic<'a, T, N>
where
    T: Limit + Clone + Debug + Add<Output = T> + Send + Sync,
{
    fn first<'b>(&'b self) -> Option<&'b T>
    where
        'a: 'b,
    {
        self.all.first()
    }

    fn borrowed_from_two<'b>(
        &self,
        other: &'b T,
        both: bool,
    ) -> Option<impl Iterator<Item = &'b T> + use<'a, 'b, T, N>> {
        (both && N > 0).then_some(std::iter::once(other))
    }

    async fn sum(&mut self, more: impl IntoIterator<Item = T> + Send) -> Option<T> {
        std::future::ready(()).await;
        more.into_iter().chain(self.all.iter().cloned()).reduce(Add::add)
    }

    fn dynamic(&self, what: &dyn Display) -> Option<Box<dyn Debug + 'a>> {
        let text = what.to_string();
        (text.len() > self.all.len()).then(|| Box::new(text) as Box<dyn Debug>)
    }
}

#[test]
fn generics_lifetimes_and_constants() {
    let registry = registry();
    let mut shop = Generic { registry: &registry, all: [5_u32, 6] };
    assert_eq!(shop.first(), Some(&5));
    assert_eq!(shop.borrowed_from_two(&7, true).unwrap().count(), 1);
    assert_eq!(now(send(shop.sum([1, 2]))), Some(14));
    assert!(shop.dynamic(&"long").is_some());
    let names = ["borrowed_from_two/[5, 6]", "dynamic/[5, 6]", "first/[5, 6]", "sum/[5, 6]"];
    assert_eq!(identifiers(&registry), names);
    let status = &registry.list()[0];
    assert_eq!((status.key.scope(), status.policy), (Some("numbers"), breaker_box::Policy::consecutive_failures(3)));
}

macro_rules! answers {
    ($($name:ident)*) => { $(fn $name(&self) -> u32 { 5 })* };
}

/// Blocks made by a macro, with fragments of every kind.
macro_rules! client {
    ($(#[$attribute:meta])* $type:ident, $self:ident, $identifier:literal, $visibility:vis $output:ty, $body:block, $($item:item)*) => {
        struct $type(Registry);

        #[circuit_breaker(identifier = $identifier, registry = &$self.0)]
        impl $type {
            $(#[$attribute])*
            $visibility fn ask(&$self, number: u32) -> $output $body
            $visibility async fn ask_later(&$self, number: u32) -> $output { $self.ask(number) }
            $($item)*
        }
    };
}

client! {
    /// Asks.
    #[inline]
    Made, self, "made.{fn}:{number}", pub(crate) Option<u32>, { Some(5) },
    #[circuit_breaker(skip)] fn skipped(&self) -> usize { self.0.len() }
    const LIMIT: u32 = 5;
    fn more(&self, number: u32) -> Option<u32> { Some(number + Self::LIMIT) }
}

#[test]
fn blocks_from_macros_and_macros_in_blocks() {
    struct Local(Registry);

    #[circuit_breaker(identifier = "local", registry = &self.0)]
    impl Local {
        answers!(first second);

        fn third(&self) -> Option<u32> {
            macro_rules! sum {
                ($($number:expr),*) => { Some(0 $(+ $number)*) };
            }
            sum!(self.first(), self.second())
        }
    }

    let made = Made(registry());
    assert_eq!((made.ask(3), now(made.ask_later(4)), made.more(5), made.skipped()), (Some(5), Some(5), Some(10), 4));
    assert_eq!(identifiers(&made.0), ["made.ask:3", "made.ask:4", "made.ask_later:4", "made.more:5"]);

    let local = Local(registry_with_open("local"));
    assert_eq!((local.first(), local.third()), (5, None));
}

#[test]
fn conditions() {
    struct Conditional(Registry);

    #[cfg_attr(all(), circuit_breaker(identifier = "{fn}", registry = &self.0))]
    impl Conditional {
        #[cfg(any())]
        fn which(&self) -> DoesNotExist {}

        #[cfg(not(any()))]
        fn which(&self) -> Option<u32> {
            Some(5)
        }

        #[cfg_attr(all(), circuit_breaker(skip))]
        fn skipped(&self) -> u32 {
            5
        }

        #[cfg_attr(any(), circuit_breaker(skip), inline)]
        fn not_skipped(&self) -> Option<u32> {
            Some(5)
        }

        #[cfg_attr(all(), inline, circuit_breaker(identifier = "own", registry = &self.0))]
        fn own(&self) -> Option<u32> {
            Some(5)
        }

        #[cfg_attr(any(), circuit_breaker(identifier = "own"))]
        fn not_own(&self) -> Option<u32> {
            Some(5)
        }
    }

    let which = Conditional(registry());
    assert_eq!((which.which(), which.skipped()), (Some(5), 5));
    assert_eq!((which.not_skipped(), which.own(), which.not_own()), (Some(5), Some(5), Some(5)));
    assert_eq!(identifiers(&which.0), ["not_own", "not_skipped", "own", "which"]);
}

/// What a function may be.
struct Shapes(Registry);

#[circuit_breaker(identifier = "shapes.{fn}", registry = &self.0)]
impl Shapes {
    #![allow(clippy::unused_self, reason = "an attribute inside of the block")]

    extern "C" fn foreign(&self, number: u32) -> Option<&u32> {
        (number > 0).then_some(&5)
    }

    fn patterns(&mut self, (mut left, _): (u32, u32), [right, ..]: [u32; 3]) -> Option<u32> {
        #![allow(clippy::needless_pass_by_ref_mut, reason = "an attribute inside of the body")]
        left += right;
        Some(left)
    }

    fn boxed(&self) -> Pin<Box<dyn Future<Output = Option<u32>> + Send + '_>> {
        Box::pin(async move { u32::try_from(self.0.len()).ok() })
    }

    fn r#match(&self, r#type: u32) -> Option<u32> {
        Some(r#type)
    }

    fn pinned(self: Pin<&mut Self>) -> Option<u32> {
        Some(5)
    }

    fn rc(self: Rc<Self>, closure: impl Fn(u32) -> u32) -> Option<u32> {
        Some(closure(5))
    }

    fn nested(&self) -> Option<u32> {
        struct Inner;
        impl Inner {
            fn value(&self) -> u32 {
                5
            }
        }
        Some(Inner.value())
    }

    fn calls_itself(&self, depth: u32) -> Option<u32> {
        if depth == 0 { Some(5) } else { self.calls_itself(depth - 1) }
    }
}

#[test]
fn shapes() {
    let mut shapes = Shapes(registry());
    assert_eq!((shapes.foreign(5).copied(), shapes.patterns((2, 0), [3, 0, 0])), (Some(5), Some(5)));
    assert_eq!((now(shapes.boxed()), shapes.r#match(5), Pin::new(&mut shapes).pinned()), (Some(3), Some(5), Some(5)));
    assert_eq!((shapes.nested(), shapes.calls_itself(2)), (Some(5), Some(5)));
    assert_eq!(Rc::new(Shapes(shapes.0.clone())).rc(|number| number), Some(5));
    assert_eq!(identifiers(&shapes.0).len(), 8);
}

struct Wrapper<T: ?Sized>(Registry, Box<T>);

/// Operators and other traits of the language.
#[circuit_breaker(identifier = "{fn}", registry = &self.0, fallback = |_| panic!("open"))]
impl<T: ?Sized> Deref for Wrapper<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.1
    }
}

#[circuit_breaker(identifier = "{fn}", registry = &self.0, fallback = |_| panic!("open"))]
impl<T: ?Sized> DerefMut for Wrapper<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.1
    }
}

#[circuit_breaker(identifier = "drop", registry = &self.0, fallback = |_| ())]
impl Drop for Made {
    fn drop(&mut self) {}
}

#[circuit_breaker(identifier = "{fn}", registry = &self.0, fallback = |_| None)]
impl Iterator for Wrapper<[u32]> {
    type Item = u32;

    fn next(&mut self) -> Option<<Self as Iterator>::Item> {
        self.1.first_mut().map(std::mem::take)
    }
}

#[circuit_breaker(identifier = "future", registry = &self.0, fallback = |_| std::task::Poll::Ready(0))]
impl Future for Made {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::task::Poll::Ready(5)
    }
}

#[test]
fn traits_of_the_language() {
    let mut wrapper: Wrapper<[u32]> = Wrapper(registry(), Box::new([5]));
    assert_eq!(wrapper.len(), 1);
    wrapper[0] = 7;
    assert_eq!((wrapper.next(), wrapper.next()), (Some(7), Some(0)));
    assert_eq!(identifiers(&wrapper.0), ["deref", "deref_mut", "next"]);
    let (made, registry) = (Made(registry()), registry());
    let open = Made(registry_with_open("future"));
    assert_eq!((now(made), now(open)), (5, 0));
    assert!(registry.is_empty());
}

/// A value that its type builds from the rejection.
#[derive(Debug, PartialEq)]
struct Answer(Option<u32>);

impl FromCircuitOpen for Answer {
    fn from_circuit_open(_: CircuitOpenError) -> Self {
        Self(None)
    }
}

/// A trait whose implementations are for references, tuples, trait objects and functions.
const TWO: usize = 2;

trait Ask {
    fn ask(&self, registry: &Registry) -> Answer;
}

#[circuit_breaker(identifier = "functions.{fn}", registry = registry)]
impl<F: Fn() -> u32 + ?Sized> Ask for (&F, u32) {
    fn ask(&self, registry: &Registry) -> Answer {
        Answer(registry.get("functions.ask").map(|_| (self.0)() + self.1))
    }
}

#[circuit_breaker(identifier = "objects.{fn}", registry = registry)]
impl Ask for dyn Fn() -> u32 + Send + '_ {
    fn ask(&self, registry: &Registry) -> Answer {
        Answer(registry.get("objects.ask").map(|_| self()))
    }
}

#[circuit_breaker(identifier = "arrays.{fn}", registry = registry)]
impl Ask for [Mutex<u32>; TWO] {
    fn ask(&self, registry: &Registry) -> Answer {
        Answer(registry.get("arrays.ask").and_then(|_| self[0].lock().ok().map(|number| *number)))
    }
}

#[test]
fn types_that_are_not_paths() {
    let registry = registry();
    let five = || 5;
    assert_eq!((&five, 1).ask(&registry), Answer(Some(6)));
    let object: &(dyn Fn() -> u32 + Send) = &five;
    assert_eq!(object.ask(&registry), Answer(Some(5)));
    assert_eq!([Mutex::new(5), Mutex::new(6)].ask(&registry), Answer(Some(5)));
    registry.force_open("objects.ask").unwrap();
    assert_eq!(object.ask(&registry), Answer(None));
}
