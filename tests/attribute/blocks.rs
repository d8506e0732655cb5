//! The attribute on `impl` blocks.

#![allow(clippy::unused_self, reason = "what is guarded depends on the receiver, not on its use")]

mod functions;
mod hostile;
mod marks;
mod places;

use std::future::Future;
use std::sync::Arc;

use breaker_box::{CircuitOpenError, Policy, Registry, circuit_breaker};

use crate::support::{now, registry, registry_with_open, status};

struct Shop {
    registry: Registry,
    name: String,
}

#[circuit_breaker(identifier = "shop.{fn}", registry = &self.registry, policy = Self::POLICY)]
impl Shop {
    const POLICY: Policy = Policy::consecutive_failures(9);

    fn new(registry: Registry) -> Self {
        Self { registry, name: "shop".to_owned() }
    }

    const fn registry(&self) -> &Registry {
        &self.registry
    }

    fn by_reference(&self) -> Result<&str, CircuitOpenError> {
        Ok(&self.name)
    }

    fn by_mutable_reference(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    fn by_value(self) -> Option<String> {
        Some(self.name)
    }

    fn shared(self: Arc<Self>) -> Option<usize> {
        Some(self.name.len())
    }

    async fn later(&self, path: &str) -> Result<usize, CircuitOpenError> {
        Ok(self.name.len() + path.len())
    }

    fn hidden(&self) -> impl Future<Output = Option<usize>> + Send {
        async move { Some(self.name.len()) }
    }

    /// Takes nothing from anywhere.
    #[circuit_breaker(skip)]
    fn name(&self) -> &str {
        &self.name
    }

    #[circuit_breaker(identifier = "own/{fn}/{path}", registry = &self.registry)]
    fn with_options(&self, path: &str) -> Option<usize> {
        Some(path.len() + self.name.len())
    }

    #[circuit_breaker(identifier = "{fn}", registry = registry)]
    fn associated(registry: &Registry) -> Option<usize> {
        Some(registry.len())
    }
}

fn identifiers(registry: &Registry) -> Vec<String> {
    registry.list().iter().map(|status| status.key.identifier().to_owned()).collect()
}

#[test]
fn every_function_with_a_receiver_is_guarded_in_its_own_circuit() {
    let registry = registry();
    let mut shop = Shop::new(registry.clone());
    assert_eq!(shop.by_reference().unwrap(), "shop");
    shop.by_mutable_reference().unwrap().push('!');
    assert_eq!(now(shop.later("path")).unwrap(), 9);
    assert_eq!(now(shop.hidden()), Some(5));
    assert_eq!(shop.by_value().unwrap(), "shop!");
    assert_eq!(Arc::new(Shop::new(registry.clone())).shared(), Some(4));
    let all = ["by_mutable_reference", "by_reference", "by_value", "hidden", "later", "shared"];
    assert_eq!(identifiers(&registry), all.map(|name| format!("shop.{name}")));
    for status in registry.list() {
        assert_eq!((status.totals.successes, status.policy), (1, Shop::POLICY), "{status}");
    }
}

#[test]
fn skipped_constant_and_associated_functions_are_not_guarded() {
    let registry = registry();
    let shop = Shop::new(registry.clone());
    assert_eq!(shop.name(), "shop");
    assert!(shop.registry().is_empty());
}

#[test]
fn options_of_a_function_replace_those_of_the_block() {
    let registry = registry();
    assert_eq!(Shop::new(registry.clone()).with_options("path"), Some(8));
    assert_eq!(Shop::associated(&registry), Some(2), "with its own circuit");
    assert_eq!(identifiers(&registry), ["associated", "own/with_options/path"]);
    assert_ne!(status(&registry, "associated").policy, Shop::POLICY);
}

#[test]
fn an_open_circuit_rejects_the_calls_of_its_function_alone() {
    let shop = Shop::new(registry_with_open("shop.later"));
    assert!(now(shop.later("")).is_err());
    assert!(shop.by_reference().is_ok());
}

struct Client(Registry);

#[circuit_breaker(identifier = "client", registry = &self.0)]
impl Client {
    fn read(&self, down: CircuitOpenError) -> Result<u32, CircuitOpenError> {
        Err(down)
    }

    fn write(&self) -> Option<u32> {
        u32::try_from(self.0.len()).ok()
    }
}

#[test]
fn a_fixed_identifier_is_one_circuit_for_all_functions() {
    let client = Client(registry());
    assert!(client.write().is_some());
    let down = Registry::new().get_or_register("down", Policy::new()).unwrap();
    down.force_open();
    client.read(down.try_acquire().unwrap_err()).unwrap_err();
    assert_eq!(client.write(), None, "open");
}

trait Stock {
    type Item;

    const LIMIT: u32;

    fn count(&self, item: &Self::Item) -> Result<u32, CircuitOpenError>;

    fn later(&self, item: Self::Item) -> impl Future<Output = Result<u32, CircuitOpenError>> + Send;

    fn provided(&self) -> u32 {
        5
    }

    fn made(registry: &Registry) -> Self;
}

#[circuit_breaker(identifier = "stock.{fn}:{item}", registry = &self.0, failure_threshold = 2)]
impl Stock for Client {
    type Item = String;

    const LIMIT: u32 = 7;

    fn count(&self, item: &Self::Item) -> Result<u32, CircuitOpenError> {
        Ok(Self::LIMIT.min(u32::try_from(item.len()).unwrap_or_default()))
    }

    async fn later(&self, item: Self::Item) -> Result<u32, CircuitOpenError> {
        self.count(&item)
    }

    fn made(registry: &Registry) -> Self {
        Self(registry.clone())
    }
}

#[test]
fn implementations_of_traits_work() {
    let registry = registry();
    let client = Client::made(&registry);
    assert_eq!(client.count(&"pen".to_owned()).unwrap(), 3);
    assert_eq!(now(client.later("a long name".to_owned())).unwrap(), 7);
    assert_eq!(client.provided(), 5);
    assert_eq!(identifiers(&registry), ["stock.count:a long name", "stock.count:pen", "stock.later:a long name"]);
}

#[test]
fn the_name_of_a_free_function_is_a_placeholder_too() {
    #[circuit_breaker(identifier = "{{fn}}/{fn}", registry = registry)]
    fn r#type(registry: &Registry) -> Option<u32> {
        (!registry.is_empty()).then_some(5)
    }

    let registry = registry();
    assert_eq!(r#type(&registry), Some(5));
    assert_eq!(identifiers(&registry), ["{fn}/type"]);
}

#[test]
fn of_two_attributes_on_a_block_the_lower_one_is_the_outer_one() {
    struct Twice(Registry);

    #[circuit_breaker(identifier = "inner", registry = &self.0)]
    #[circuit_breaker(identifier = "outer", registry = &self.0, fallback = |_| Some(7))]
    impl Twice {
        fn both(&self) -> Option<u32> {
            Some(5)
        }

        #[circuit_breaker(skip)]
        fn neither(&self) -> u32 {
            5
        }
    }

    let twice = Twice(registry());
    assert_eq!((twice.neither(), identifiers(&twice.0).len()), (5, 0));
    assert_eq!((twice.both(), identifiers(&twice.0).len()), (Some(5), 2));
    twice.0.force_open("inner").unwrap();
    assert_eq!(twice.both(), None);
    twice.0.force_open("outer").unwrap();
    assert_eq!(twice.both(), Some(7));
}
