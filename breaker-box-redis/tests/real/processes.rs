//! Processes that come and go, and handlers that block.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::process::since;
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    instances_that_come_and_go_neither_lengthen_nor_end_an_opening,
    a_handler_that_blocks_delays_nothing,
    killed_instances_are_no_longer_counted,
];

const SOON: Duration = Duration::from_secs(20);

fn instances_that_come_and_go_neither_lengthen_nor_end_an_opening() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=5,expiry=5000");
    let mut a = Instance::spawn("a", &options);
    a.fail("payment");
    let opened = a.when("payment", "closed:open");
    a.settle();
    drop(a);
    // As in a rolling deployment; the old instances are killed.
    let mut last = Instance::spawn("first", &options);
    while since(opened) < Duration::from_millis(4_500) {
        let next = Instance::spawn("next", &options);
        assert_eq!(last.call("payment", "ok", 1), 0, "it is open");
        assert_eq!(last.circuit("payment").number("openings"), 1);
        std::mem::replace(&mut last, next).kill();
    }
    until("a probe goes out", SOON, || last.call("payment", "ok", 1) == 1);
    let took = last.when("payment", ":half_open:").saturating_sub(opened);
    assert!(took < Duration::from_secs(7), "{took:?}");
}

fn a_handler_that_blocks_delays_nothing() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let mut a = Instance::spawn("a", &options);
    let mut b = Instance::spawn("b", &options.clone().with("blocks", 1).policy("failures=2,expiry=700"));
    for circuit in ["one", "two", "three"] {
        b.call(circuit, "ok", 1);
        a.order(circuit, "force_open");
    }
    for circuit in ["one", "two", "three"] {
        b.wait_for(circuit, "forced_open", SOON);
    }
    // What `b` decides is shared; it goes on to probe, and to count as alive.
    b.trip("four");
    a.wait_for("four", "open", SOON);
    b.fail("five");
    a.wait_for("five", "open", SOON);
    until("b probes", SOON, || b.call("five", "ok", 1) == 1);
    a.wait_for("five", "closed", SOON);
    a.wait_for_status("instances", 2, SOON);
    throughout("b is alive", Duration::from_secs(4), || a.status().number("instances") == 2);
}

fn killed_instances_are_no_longer_counted() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let mut a = Instance::spawn("a", &options);
    let others = Instance::spawn_many(5, &options);
    a.wait_for_status("instances", 6, SOON);
    for other in others {
        other.kill();
    }
    let killed = crate::support::process::now();
    a.wait_for_status("instances", 1, SOON);
    // Three heartbeats, and one until `a` hears of it.
    assert!(since(killed) < Duration::from_secs(8), "{:?}", since(killed));
}
