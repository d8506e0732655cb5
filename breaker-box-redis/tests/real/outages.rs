//! A Redis that dies, stands still, or comes back with or without its data.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::process::{now, since};
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    a_dead_redis_leaves_local_rules_and_one_line_in_the_log,
    openings_of_an_outage_are_shared_afterwards_with_what_is_left_of_them,
    nobody_waits_for_a_redis_that_is_not_there_at_the_start,
    a_redis_that_stands_still_is_noticed_and_heals,
    a_pause_of_the_clients_delays_an_opening_and_does_not_lengthen_it,
    what_happens_while_connections_are_killed_is_read_afterwards,
    a_flushed_redis_gets_back_what_living_instances_hold,
    a_redis_that_restarts_empty_is_told_by_those_who_live,
    leaving_does_not_wait_for_a_redis_that_is_silent,
    scripts_that_are_flushed_are_loaded_again,
    a_process_that_was_stopped_does_not_open_late_for_what_is_over,
    without_redis_the_probes_of_a_fleet_are_spread_in_time,
];

const SOON: Duration = Duration::from_secs(20);
/// The longest back-off between two connections, and some time for a busy machine.
const HEALED: Duration = Duration::from_secs(25);

fn a_dead_redis_leaves_local_rules_and_one_line_in_the_log() {
    let mut server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=5,expiry=1000");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    server.kill();
    for instance in [&mut a, &mut b] {
        instance.wait_for_status("connected", 0, SOON);
        assert_eq!(instance.call("healthy", "ok", 100_000), 100_000);
        assert_eq!(instance.call("payment", "fail", 20), 5, "opens by itself");
        instance.wait_for("payment", "half_open", SOON);
        until("probes by itself", SOON, || instance.call("payment", "ok", 1) == 1);
        assert_eq!(instance.state("payment"), "closed");
        instance.fail("later");
    }
    // Long enough for several connections that fail.
    throughout("it is not connected", Duration::from_secs(2), || a.status().number("connected") == 0);
    for instance in [&a, &b] {
        assert_eq!(instance.lines_with("connection to the fleet is lost").len(), 1, "{}", instance.log());
    }
    server.run();
    for instance in [&mut a, &mut b] {
        instance.wait_for_status("connected", 1, HEALED);
        instance.settle();
    }
    a.order("payment", "force_open");
    b.wait_for("payment", "forced_open", SOON);
    for instance in [&a, &b] {
        let lines = instance.lines_with("the fleet");
        assert_eq!(lines.len(), 3, "connected, lost, connected: {lines:?}");
    }
}

fn openings_of_an_outage_are_shared_afterwards_with_what_is_left_of_them() {
    let mut server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=5,expiry=60000");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    server.kill();
    a.wait_for_status("connected", 0, SOON);
    a.fail("payment");
    a.order("forced", "force_open");
    assert_eq!(a.state("payment"), "open");
    std::thread::sleep(Duration::from_secs(2));
    server.run();
    b.wait_for("payment", "open", HEALED);
    b.wait_for("forced", "forced_open", HEALED);
    let [of_a, of_b] = [&mut a, &mut b].map(|instance| instance.circuit("payment").number("retry_after"));
    assert!((of_a - of_b).abs() < 1_000_000, "{of_a} {of_b}");
}

fn nobody_waits_for_a_redis_that_is_not_there_at_the_start() {
    let mut server = Server::start();
    server.kill();
    let options = Options::joins(&server.url()).with("adopt_within", 300);
    let begun = now();
    let mut a = Instance::spawn("a", &options);
    assert!(since(begun) < Duration::from_secs(10));
    assert_eq!(a.status().number("connected"), 0);
    assert_ne!(a.status().get("last_error"), "none");
    a.order("payment", "force_open");
    let mut b = Instance::spawn("b", &options);
    server.run();
    b.wait_for("payment", "forced_open", HEALED);
    a.wait_for_status("connected", 1, HEALED);
}

fn a_redis_that_stands_still_is_noticed_and_heals() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    server.pause();
    a.order("payment", "force_open");
    a.fail("other");
    for instance in [&mut a, &mut b] {
        instance.wait_for_status("connected", 0, SOON);
    }
    assert_eq!(b.call("payment", "ok", 1000), 1000);
    server.resume();
    b.wait_for("payment", "forced_open", HEALED);
    b.wait_for("other", "open", HEALED);
}

fn a_pause_of_the_clients_delays_an_opening_and_does_not_lengthen_it() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("heartbeat", 5_000).policy("failures=5,expiry=8000");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    server.command(&["CLIENT", "PAUSE", "3000", "ALL"]);
    a.fail("payment");
    b.wait_for("payment", "open", SOON);
    let [of_a, of_b] = [&mut a, &mut b].map(|instance| instance.circuit("payment").number("retry_after"));
    assert!(of_b < of_a + 1_000_000, "{of_a} {of_b}");
}

fn what_happens_while_connections_are_killed_is_read_afterwards() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    for (index, kind) in ["pubsub", "normal", "pubsub"].into_iter().enumerate() {
        server.command(&["CLIENT", "KILL", "TYPE", kind]);
        let circuit = format!("payment-{index}");
        a.trip(&circuit);
        b.wait_for(&circuit, "open", HEALED);
    }
}

fn a_flushed_redis_gets_back_what_living_instances_hold() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.fail("payment");
    a.order("forced", "force_open");
    a.settle();
    b.wait_for("forced", "forced_open", SOON);
    b.wait_for("payment", "open", SOON);
    let before: f64 = version(&server).expect("a version");
    server.command(&["FLUSHALL"]);
    until("it is back in Redis", SOON, || server.keys("bb1:*:c:*").len() == 2);
    until("the versions go on", SOON, || version(&server).is_some_and(|after| after > before));
    for instance in [&mut a, &mut b] {
        assert_eq!([instance.state("payment"), instance.state("forced")], ["open", "forced_open"]);
        assert_eq!(instance.circuit("payment").number("openings"), 1);
    }
    let mut c = Instance::spawn("c", &options);
    assert_eq!([c.call("payment", "ok", 1), c.call("forced", "ok", 1)], [0, 0]);
    // An order that has ended stays ended when the data are lost afterwards.
    a.order("forced", "reset");
    a.settle();
    b.wait_for("forced", "closed", SOON);
    server.command(&["FLUSHALL"]);
    throughout("it does not rise again", Duration::from_secs(3), || {
        [&mut a, &mut b, &mut c].into_iter().all(|instance| instance.state("forced") == "closed")
    });
}

fn version(server: &Server) -> Option<f64> {
    let head = server.keys("bb1:*:head").pop()?;
    server.command(&["HGET", &head, "v"]).parse().ok()
}

fn a_redis_that_restarts_empty_is_told_by_those_who_live() {
    let mut server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("forced", "force_open");
    b.wait_for("forced", "forced_open", SOON);
    server.kill();
    server.run();
    until("it is back in Redis", HEALED, || server.keys("bb1:*:c:forced").len() == 1);
    for instance in [&mut a, &mut b] {
        instance.wait_for_status("connected", 1, HEALED);
        assert_eq!(instance.state("forced"), "forced_open");
    }
    // If no instance is left that knows it, the order is lost.
    drop(a);
    drop(b);
    server.kill();
    server.run();
    let mut c = Instance::spawn("c", &options);
    assert_eq!(c.call("forced", "ok", 1), 1);
}

fn scripts_that_are_flushed_are_loaded_again() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for circuit in ["one", "two"] {
        server.command(&["SCRIPT", "FLUSH"]);
        a.fail(circuit);
        b.wait_for(circuit, "open", SOON);
    }
    assert_eq!(a.status().get("last_error"), "none");
}

fn a_process_that_was_stopped_does_not_open_late_for_what_is_over() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=5,expiry=3000").with("pulse", 0);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    b.pause();
    a.fail("payment");
    a.settle();
    a.order("forced", "force_open");
    a.settle();
    std::thread::sleep(Duration::from_secs(2));
    // Two of the three seconds are over, wherever the message was buffered.
    b.resume();
    b.wait_for("forced", "forced_open", SOON);
    let [of_a, of_b] = [&mut a, &mut b].map(|instance| instance.circuit("payment").number("retry_after"));
    assert!(of_b < of_a.max(0) + 1_000_000, "{of_a} {of_b}");
    b.wait_for("payment", "half_open", SOON);
}

fn leaving_does_not_wait_for_a_redis_that_is_silent() {
    let server = Server::start();
    let mut a = Instance::spawn("a", &Options::joins(&server.url()));
    a.order("payment", "force_open");
    a.settle();
    server.pause();
    let begun = now();
    a.send("leave");
    assert!(since(begun) < Duration::from_secs(3), "{:?}", since(begun));
    assert_eq!(a.state("payment"), "forced_open", "circuits go on as they are");
    server.resume();
}

fn without_redis_the_probes_of_a_fleet_are_spread_in_time() {
    let mut server = Server::start();
    let options = Options::joins(&server.url()).with("pulse", 50_000).policy("failures=2,expiry=4000,jitter=0");
    let mut instances = Instance::spawn_many(10, &options);
    server.kill();
    for instance in &mut instances {
        instance.wait_for_status("connected", 0, SOON);
    }
    for instance in &mut instances {
        instance.fail("payment");
        instance.send("load payment 1 7500 10 ok");
    }
    for instance in &mut instances {
        instance.send("loaded");
    }
    let mut waited: Vec<Duration> = instances
        .iter_mut()
        .map(|instance| {
            let opened = instance.when("payment", "closed:open:");
            instance.when("payment", "half_open:closed").saturating_sub(opened)
        })
        .collect();
    waited.sort_unstable();
    // The period and a lease, and up to a quarter of the period: a second.
    assert!(waited[0] >= Duration::from_secs(5), "{waited:?}");
    assert!(waited[9] > waited[0] + Duration::from_millis(200), "{waited:?}");
    assert!(waited[9] < Duration::from_millis(7_400), "{waited:?}");
}
