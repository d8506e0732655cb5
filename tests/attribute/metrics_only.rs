//! `metrics_only`: the circuits that a site creates let everything through, and say when they would
//! have opened.

use std::future::Future;
use std::pin::Pin;

use breaker_box::{EventKind, EventType, Filter, Policy, Registry, State, circuit_breaker};

use crate::support::{now, registry, send, status};

const TWO: Policy = Policy::consecutive_failures(2);

#[circuit_breaker(identifier = "trial", registry = registry, failure_threshold = 2, metrics_only)]
fn trial(registry: &Registry) -> Result<(), String> {
    Err("down".to_owned())
}

#[test]
fn a_circuit_that_the_site_creates_rejects_nothing_and_counts() {
    let registry = registry();
    let events = registry.events(Filter::all().events([EventType::WouldOpen]));
    for _ in 0..5 {
        assert_eq!(trial(&registry), Err("down".to_owned()));
    }
    let status = status(&registry, "trial");
    assert_eq!((status.state, status.policy), (State::MetricsOnly, TWO));
    assert_eq!((status.totals.failures, status.totals.rejected), (5, 0));
    let would_open = events.try_iter().filter(|event| matches!(event.kind, EventKind::WouldOpen { .. }));
    assert_eq!(would_open.count(), 1);
}

#[test]
fn reset_ends_it_for_as_long_as_the_circuit_is_there() {
    let registry = registry();
    trial(&registry).unwrap_err();
    registry.reset("trial").unwrap();
    for _ in 0..2 {
        assert_eq!(trial(&registry), Err("down".to_owned()));
    }
    assert_eq!(registry.state("trial"), State::Open);
    assert_ne!(trial(&registry), Err("down".to_owned()), "rejected");

    registry.unregister("trial").unwrap();
    assert_eq!(trial(&registry), Err("down".to_owned()));
    assert_eq!(registry.state("trial"), State::MetricsOnly, "a circuit that the site creates anew");
}

#[test]
fn a_circuit_that_exists_stays_as_it_is() {
    let registry = registry();
    registry.register("trial", Policy::consecutive_failures(1)).unwrap();
    assert_eq!(trial(&registry), Err("down".to_owned()));
    assert_eq!(registry.state("trial"), State::Open);
}

#[test]
fn of_two_sites_the_first_decides() {
    #[circuit_breaker(identifier = "trial", registry = registry, failure_threshold = 2)]
    fn in_earnest(registry: &Registry) -> Result<(), String> {
        Err("down".to_owned())
    }

    let trial_first = registry();
    trial(&trial_first).unwrap_err();
    in_earnest(&trial_first).unwrap_err();
    assert_eq!(trial_first.state("trial"), State::MetricsOnly);

    let earnest_first = registry();
    in_earnest(&earnest_first).unwrap_err();
    trial(&earnest_first).unwrap_err();
    assert_eq!(earnest_first.state("trial"), State::Open);
}

#[test]
fn each_circuit_of_a_placeholder_begins_so() {
    #[circuit_breaker(identifier = "shop:{shop}", registry = registry, metrics_only)]
    fn ask(registry: &Registry, shop: u32) -> Result<usize, String> {
        Err(format!("{} of {shop}", registry.len()))
    }

    let registry = registry();
    for shop in [1, 1, 1, 2, 2] {
        assert_eq!(ask(&registry, shop), Err(format!("{} of {shop}", registry.len())));
    }
    for name in ["shop:1", "shop:2"] {
        assert_eq!(registry.state(name), State::MetricsOnly, "{name}");
    }
    assert_eq!(status(&registry, "shop:1").policy, Policy::consecutive_failures(1), "that of the registry");
}

/// Every way in which a call is entered.
struct Client<'r, const N: u32>(&'r Registry);

#[circuit_breaker(
    identifier = "{fn}",
    registry = self.0,
    policy = Policy::consecutive_failures(N),
    metrics_only,
)]
impl<const N: u32> Client<'_, N> {
    fn plain(&self) -> Option<usize> {
        Some(self.0.len())
    }

    async fn later(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn block(&self) -> impl Future<Output = Option<usize>> + Send {
        async move { Some(self.0.len()) }
    }

    fn eager(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        let known = self.0.len();
        Box::pin(async move { Some(known) })
    }

    #[circuit_breaker(identifier = "own", registry = self.0)]
    fn own(&self) -> Option<usize> {
        Some(self.0.len())
    }

    #[circuit_breaker(identifier = String::from("computed"), registry = self.0, metrics_only)]
    fn computed(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

#[test]
fn it_applies_to_functions_of_every_kind() {
    let registry = registry();
    let client = Client::<3>(&registry);
    assert!(client.plain().is_some() && client.own().is_some() && client.computed().is_some());
    assert!(now(send(client.later())).is_some() && now(send(client.block())).is_some());
    assert!(now(send(client.eager())).is_some());
    let states: Vec<_> =
        registry.list().iter().map(|status| (status.key.identifier().to_owned(), status.state)).collect();
    let expected = ["block", "computed", "eager", "later", "own", "plain"];
    let expected =
        expected.map(|name| (name.to_owned(), if name == "own" { State::Closed } else { State::MetricsOnly }));
    assert_eq!(states, expected);
    assert_eq!(status(&registry, "plain").policy, Policy::consecutive_failures(3));
}

#[test]
fn the_global_registry_has_it_too() {
    #[circuit_breaker(identifier = "metrics_only_in_the_global_registry", failure_threshold = 1, metrics_only)]
    fn fails() -> Result<(), String> {
        Err("down".to_owned())
    }

    for _ in 0..3 {
        assert_eq!(fails(), Err("down".to_owned()));
    }
    assert_eq!(Registry::global().state("metrics_only_in_the_global_registry"), State::MetricsOnly);
}
