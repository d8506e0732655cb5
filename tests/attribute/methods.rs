//! Methods: every receiver, in inherent implementations and in traits.

use std::future::Future;
use std::sync::Arc;

use breaker_box::{CircuitOpenError, Policy, Registry, circuit_breaker};

use crate::support::{now, registry, registry_with_open, send, status};

struct Shop {
    registry: Registry,
    name: String,
    orders: Vec<u32>,
}

impl Shop {
    const POLICY: Policy = Policy::consecutive_failures(9);

    fn new(registry: Registry) -> Self {
        Self { registry, name: "shop".to_owned(), orders: vec![1] }
    }

    #[circuit_breaker(identifier = "by_reference", registry = &self.registry)]
    fn name(&self) -> Result<&str, CircuitOpenError> {
        Ok(&self.name)
    }

    #[circuit_breaker(identifier = "by_mutable_reference", registry = &self.registry)]
    fn first(&mut self) -> Option<&mut u32> {
        let first = self.orders.first_mut()?;
        *first += 1;
        Some(first)
    }

    #[circuit_breaker(identifier = "by_value", registry = &self.registry, fallback = |_| self.orders)]
    fn into_orders(mut self) -> Vec<u32> {
        self.orders.push(2);
        self.orders
    }

    #[circuit_breaker(identifier = "by_arc", registry = &self.registry)]
    fn shared(self: Arc<Self>) -> Option<usize> {
        Some(self.orders.len())
    }

    #[circuit_breaker(identifier = "by_box", registry = &self.registry)]
    async fn boxed(self: Box<Self>) -> Option<usize> {
        Some(self.orders.len())
    }

    #[circuit_breaker(identifier = "later", registry = &self.registry)]
    async fn first_later(&mut self) -> Option<&mut u32> {
        self.orders.first_mut()
    }

    #[circuit_breaker(identifier = "associated", registry = registry, policy = Self::POLICY)]
    fn make(registry: &Registry) -> Option<Self> {
        Some(Self::new(registry.clone()))
    }
}

#[test]
fn every_receiver_works() {
    let registry = registry();
    let mut shop = Shop::new(registry.clone());
    assert_eq!(shop.name().unwrap(), "shop");
    assert_eq!(shop.first(), Some(&mut 2));
    *now(shop.first_later()).unwrap() = 5;
    assert_eq!(now(Box::new(Shop::new(registry.clone())).boxed()), Some(1));
    assert_eq!(Arc::new(Shop::new(registry.clone())).shared(), Some(1));
    assert_eq!(shop.into_orders(), [5, 2]);
    for identifier in ["by_reference", "by_mutable_reference", "by_value", "by_arc", "by_box", "later"] {
        assert_eq!(status(&registry, identifier).totals.successes, 1, "{identifier}");
    }
}

#[test]
fn a_policy_may_be_a_constant_of_the_type() {
    let registry = registry();
    Shop::make(&registry).unwrap();
    assert_eq!(status(&registry, "associated").policy, Shop::POLICY);
}

#[test]
fn a_fallback_may_take_self() {
    assert_eq!(Shop::new(registry_with_open("by_value")).into_orders(), [1]);
}

trait Stock {
    fn registry(&self) -> &Registry;

    fn count(&self, item: &str) -> Result<usize, CircuitOpenError>;

    fn count_later(&self, item: &str) -> impl Future<Output = Result<usize, CircuitOpenError>> + Send;

    #[circuit_breaker(identifier = "default_method", registry = self.registry())]
    fn is_empty(&self) -> Option<bool> {
        Some(self.count("").ok()? == 0)
    }
}

impl Stock for Shop {
    fn registry(&self) -> &Registry {
        &self.registry
    }

    #[circuit_breaker(identifier = "trait_method:{item}", registry = &self.registry)]
    fn count(&self, item: &str) -> Result<usize, CircuitOpenError> {
        Ok(self.orders.len() + item.len())
    }

    #[circuit_breaker(identifier = "later:{item}", registry = &self.registry)]
    async fn count_later(&self, item: &str) -> Result<usize, CircuitOpenError> {
        Ok(self.orders.len() + item.len())
    }
}

impl Stock for Registry {
    fn registry(&self) -> &Registry {
        self
    }

    fn count(&self, _: &str) -> Result<usize, CircuitOpenError> {
        Ok(0)
    }

    #[circuit_breaker(identifier = "declared_as_a_future", registry = self)]
    fn count_later(&self, _: &str) -> impl Future<Output = Result<usize, CircuitOpenError>> + Send {
        async { Ok(0) }
    }
}

#[test]
fn methods_of_traits_work() {
    let registry = registry();
    let shop = Shop::new(registry.clone());
    assert_eq!(shop.count("pen").unwrap(), 4);
    assert_eq!(now(send(shop.count_later("pen"))).unwrap(), 4);
    assert_eq!(now(send(registry.count_later("pen"))).unwrap(), 0);
    for identifier in ["trait_method:pen", "later:pen", "declared_as_a_future"] {
        assert_eq!(status(&registry, identifier).totals.successes, 1, "{identifier}");
    }
}

#[test]
fn a_default_method_has_one_circuit_for_all_implementations() {
    let registry = registry();
    assert_eq!(Shop::new(registry.clone()).is_empty(), Some(false));
    assert_eq!(Stock::is_empty(&registry), Some(true));
    assert_eq!(status(&registry, "default_method").totals.successes, 2);
}
