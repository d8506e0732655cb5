//! A `mode` in settings is for one instance.

use std::time::Duration;

use breaker_box::{Policy, Registry, Settings, State};

use crate::server::{Server, join, until};

fn apply(registry: &Registry, text: &str) {
    registry.apply(&Settings::from_toml(text).unwrap()).unwrap();
}

#[test]
fn a_mode_stays_in_its_instance_whether_it_came_before_or_after_the_fleet() {
    let server = Server::start();
    let (one, other) = (Registry::new(), Registry::new());
    for name in ["before", "after", "known"] {
        other.register(name, Policy::new()).unwrap();
    }
    let second = join(&server, &other);
    // The fleet has a record of it, which says that it is closed.
    other.open("known").unwrap();
    other.reset("known").unwrap();
    second.settled(Duration::from_secs(10)).unwrap();

    apply(&one, "[circuits.before]\nmode = \"forced_open\"\n[circuits.known]\nmode = \"metrics_only\"");
    let first = join(&server, &one);
    let text = "[circuits.before]\nmode = \"forced_open\"\n[circuits.known]\nmode = \"metrics_only\"\n\
                [circuits.after]\nmode = \"disabled\"";
    apply(&one, text);
    // An order goes the same way, after everything else.
    one.register("last", Policy::new()).unwrap().force_open();
    first.settled(Duration::from_secs(10)).unwrap();
    other.register("last", Policy::new()).unwrap();
    until(|| other.state("last") == State::ForcedOpen);
    for name in ["before", "after", "known"] {
        assert_eq!(other.state(name), State::Closed, "{name}");
    }
    let states = ["before", "after", "known"].map(|name| one.state(name));
    assert_eq!(states, [State::ForcedOpen, State::Disabled, State::MetricsOnly]);

    // What is ordered for the fleet holds here too, and does not end with the mode.
    other.disable("before").unwrap();
    until(|| one.state("before") == State::Disabled);
    apply(&one, "");
    assert_eq!(one.state("before"), State::Disabled);
}

#[test]
fn an_order_for_the_fleet_wins_over_the_mode_of_an_instance_that_starts_later() {
    let server = Server::start();
    let (one, later) = (Registry::new(), Registry::new());
    one.register("payment_api", Policy::new()).unwrap().force_open();
    let first = join(&server, &one);
    first.settled(Duration::from_secs(10)).unwrap();
    let text = "[circuits.payment_api]\nmode = \"metrics_only\"";
    apply(&later, text);
    let _second = join(&server, &later);
    until(|| later.state("payment_api") == State::ForcedOpen);

    let last = Registry::new();
    let _third = join(&server, &last);
    apply(&last, text);
    assert_eq!(last.state("payment_api"), State::ForcedOpen, "from the beginning");
}
