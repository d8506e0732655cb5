//! Blocks in every place: for traits of every kind, for unusual types, and inside of other code.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;

use breaker_box::{Registry, circuit_breaker};

use super::identifiers;
use crate::support::{now, registry, send};

trait Lending {
    type Item<'a>
    where
        Self: 'a;

    #[allow(clippy::elidable_lifetime_names, reason = "a named lifetime is what is tested")]
    fn next<'a>(&'a mut self) -> Option<Self::Item<'a>>;

    fn numbers(&self) -> Option<impl Iterator<Item = u32>>;

    fn later(&self, more: u32) -> impl Future<Output = Option<u32>> + Send;
}

struct Pairs<'r, T>(&'r Registry, Vec<T>, usize);

#[circuit_breaker(identifier = "{fn}", registry = self.0)]
impl<T> Lending for Pairs<'_, T>
where
    for<'x> &'x T: Into<u32>,
    T: Sync,
{
    type Item<'a>
        = &'a mut [T]
    where
        Self: 'a;

    fn next<'a>(&'a mut self) -> Option<Self::Item<'a>> {
        let at = self.2;
        self.2 += 1;
        self.1.get_mut(at..at + 2)
    }

    fn numbers(&self) -> Option<impl Iterator<Item = u32>> {
        Some(self.1.iter().map(Into::into))
    }

    async fn later(&self, mut more: u32) -> Option<u32> {
        more += std::future::ready(1).await;
        Some(more)
    }
}

struct Number(u32);

impl From<&Number> for u32 {
    fn from(number: &Number) -> Self {
        number.0
    }
}

#[test]
fn generic_associated_types_and_impl_trait_in_traits() {
    let registry = registry();
    let mut pairs = Pairs(&registry, vec![Number(1), Number(2), Number(3)], 0);
    pairs.next().unwrap()[0].0 = 7;
    assert_eq!(pairs.next().unwrap().len(), 2);
    assert!(pairs.next().is_none());
    assert_eq!(pairs.numbers().unwrap().sum::<u32>(), 12);
    assert_eq!(now(send(pairs.later(4))), Some(5));
    assert_eq!(identifiers(&registry), ["later", "next", "numbers"]);
}

const _: () = {
    struct InAConstant(Registry);

    #[circuit_breaker(identifier = "{fn}", registry = &self.0)]
    impl InAConstant {
        #[allow(dead_code, reason = "it only has to compile")]
        fn guarded(&self) -> Option<u32> {
            Some(5)
        }
    }
};

/// In a generic function, with functions that call themselves.
fn counted<T: Default>(registry: &Registry) -> Option<T> {
    trait Count<T> {
        fn down(&self, from: u32) -> Option<T>;
        fn boxed<'a>(&'a self, from: u32) -> Pin<Box<dyn Future<Output = Option<u32>> + Send + 'a>>;
    }

    struct Local<'r>(&'r Registry);

    #[circuit_breaker(identifier = "{fn}.{from}", registry = self.0)]
    impl<T: Default> Count<T> for Local<'_> {
        fn down(&self, from: u32) -> Option<T> {
            if from == 0 {
                return Some(T::default());
            }
            self.down(from - 1)
        }

        fn boxed<'a>(&'a self, from: u32) -> Pin<Box<dyn Future<Output = Option<u32>> + Send + 'a>> {
            Box::pin(async move {
                if from == 0 {
                    return Some(5);
                }
                <Self as Count<T>>::boxed(self, from - 1).await
            })
        }
    }

    now(send(<Local<'_> as Count<T>>::boxed(&Local(registry), 1)))?;
    Local(registry).down(1)
}

#[test]
fn inside_of_functions() {
    let registry = registry();
    assert_eq!(counted::<u32>(&registry), Some(0));
    assert_eq!(identifiers(&registry), ["boxed.0", "boxed.1", "down.0", "down.1"]);
}

trait Object {
    fn registry(&self) -> &Registry;
}

struct Owner(Registry);

impl Object for Owner {
    fn registry(&self) -> &Registry {
        &self.0
    }
}

#[circuit_breaker(identifier = "{fn}", registry = self.registry())]
impl dyn Object + '_ {
    fn on_an_object(&self) -> Option<usize> {
        Some(self.registry().len())
    }
}

trait Flow {
    fn flow(&self) -> Option<ControlFlow<usize>>;

    fn sized(self) -> Option<Self>
    where
        Self: Sized;
}

#[circuit_breaker(identifier = "{fn}", registry = self.registry())]
impl<T: Object + ?Sized> Flow for &T {
    fn flow(&self) -> Option<ControlFlow<usize>> {
        Some(ControlFlow::Break(self.registry().len()))
    }

    fn sized(self) -> Option<Self>
    where
        Self: Sized,
    {
        Some(self)
    }
}

enum Never {}

#[circuit_breaker(identifier = "never")]
impl Never {
    #[allow(dead_code, reason = "nobody can call it")]
    fn impossible(&self) -> Option<u32> {
        match *self {}
    }
}

#[test]
fn for_trait_objects_and_references() {
    let owner = Owner(registry());
    let object: &dyn Object = &owner;
    assert_eq!(object.on_an_object(), Some(1));
    assert_eq!((&object).flow(), Some(ControlFlow::Break(2)));
    assert!(object.sized().is_some());
    assert_eq!(identifiers(&owner.0), ["flow", "on_an_object", "sized"]);
}
