//! What operators do to a running fleet, and what happens to it meanwhile.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    a_redis_that_restarts_again_and_again_neither_loses_orders_nor_floods_the_log,
    holders_that_are_killed_hold_up_a_sum_of_successes_only_for_a_while,
    what_an_instance_finds_out_before_it_reaches_the_fleet_meets_a_probe_that_is_out,
    a_rolling_restart_keeps_an_order_although_redis_is_flushed,
    opposite_orders_at_the_same_time_end_the_same_everywhere,
    a_longer_trip_outlasts_an_opening_that_is_nearly_over,
    instances_with_other_policies_follow_the_opening_of_one,
    a_circuit_that_was_removed_comes_back_as_the_fleet_has_it,
    instances_without_a_free_connection_serve_locally_until_there_is_one,
];

const SOON: Duration = Duration::from_secs(20);
const HEALED: Duration = Duration::from_secs(30);

fn a_rolling_restart_keeps_an_order_although_redis_is_flushed() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let mut instances = Instance::spawn_many(4, &options);
    instances[0].order("payment", "force_open");
    instances[0].settle();
    for instance in &mut instances {
        instance.wait_for("payment", "forced_open", SOON);
    }
    for (index, instance) in instances.iter_mut().enumerate() {
        if index == 2 {
            // Only those that were restarted hold the order from here on.
            server.command(&["FLUSHALL"]);
            until("the order is back in Redis", SOON, || server.keys("bb1:*:c:payment").len() == 1);
        }
        let next = Instance::spawn(&format!("next{index}"), &options);
        let last = std::mem::replace(instance, next);
        if index % 2 == 0 {
            last.kill();
        }
        assert_eq!(instance.call("payment", "ok", 1), 0, "its first call is rejected");
    }
    instances[3].order("payment", "reset");
    for instance in &mut instances {
        instance.wait_for("payment", "closed", SOON);
        assert_eq!(instance.call("payment", "ok", 1), 1);
    }
}

fn opposite_orders_at_the_same_time_end_the_same_everywhere() {
    const CIRCUITS: usize = 20;

    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    for index in 0..CIRCUITS {
        // No answer is awaited in between, so that both are given within about a millisecond.
        a.tell(&format!("order payment-{index} force_open"));
        b.tell(&format!("order payment-{index} disable"));
        a.answer();
        b.answer();
    }
    for instance in [&mut a, &mut b] {
        instance.settle();
    }
    let mut late = Instance::spawn("late", &options);
    for circuit in (0..CIRCUITS).map(|index| format!("payment-{index}")) {
        let decided = late.state(&circuit);
        assert!(["forced_open", "disabled"].contains(&decided.as_str()), "{circuit} is {decided}");
        for instance in [&mut a, &mut b, &mut c] {
            instance.wait_for(&circuit, &decided, SOON);
        }
    }
    throughout("all agree", Duration::from_secs(2), || {
        (0..CIRCUITS).map(|index| format!("payment-{index}")).all(|circuit| {
            let decided = late.state(&circuit);
            [&mut a, &mut b, &mut c].into_iter().all(|instance| instance.state(&circuit) == decided)
        })
    });
}

fn a_longer_trip_outlasts_an_opening_that_is_nearly_over() {
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let mut a = Instance::spawn("a", &Options::joins(&server.url()));
    let mut b = Instance::spawn("b", &Options::joins(&proxy.url()));
    b.call("payment", "ok", 1);
    // News reach b so late that it is told to stay away while the fleet has the circuit open.
    proxy.set(Mode::Delay(Duration::from_millis(400)));
    a.call("payment", "trip:3000", 1);
    a.settle();
    assert_eq!(b.call("payment", "trip:60000", 1), 1, "b has not heard of it");
    for instance in [&mut a, &mut b] {
        until("it waits for the longer time", SOON, || {
            let left = instance.circuit("payment").number("retry_after");
            (30_000_000..=60_000_000).contains(&left)
        });
    }
    throughout("it stays so", Duration::from_secs(2), || [a.state("payment"), b.state("payment")] == ["open", "open"]);
}

fn holders_that_are_killed_hold_up_a_sum_of_successes_only_for_a_while() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=1000,probes=3,successes=5");
    let mut instances = Instance::spawn_many(5, &options);
    for instance in &mut instances {
        instance.call("payment", "ok", 1);
    }
    instances[0].fail("payment");
    // Three probes are out, so that no slot is left.
    for instance in &mut instances[..3] {
        instance.wait_for("payment", "half_open", SOON);
        until("a probe goes out", SOON, || instance.send("begin payment") == "1");
    }
    throughout("there is no fourth", Duration::from_millis(500), || instances[4].call("payment", "ok", 1) == 0);
    // One of them succeeds, the others never come back.
    instances[2].send("end ok");
    for holder in instances.drain(..2) {
        holder.kill();
    }
    let mut succeeded = 1;
    until("the rest close it", SOON, || {
        for instance in &mut instances {
            succeeded += instance.call("payment", "ok", 1);
        }
        instances.iter_mut().all(|instance| instance.state("payment") == "closed")
    });
    assert!(succeeded >= 5, "{succeeded} successes in sum");
    for instance in &mut instances {
        assert_eq!(instance.circuit("payment").number("openings"), 0);
    }
}

fn what_an_instance_finds_out_before_it_reaches_the_fleet_meets_a_probe_that_is_out() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=1000");
    let mut a = Instance::spawn("a", &options);
    for circuit in ["payment", "tripped"] {
        a.fail(circuit);
        a.wait_for(circuit, "half_open", SOON);
        until("a probes", SOON, || a.send(&format!("begin {circuit}")) == "1");
    }
    server.pause();
    // It joins without the fleet, and opens both circuits by itself.
    let mut b = Instance::spawn("b", &options.with("adopt_within", 300).policy("failures=2,expiry=600000"));
    assert_eq!(b.status().number("connected"), 0);
    assert_eq!(b.call("payment", "fail", 20), 2, "local rules");
    b.trip("tripped");
    a.wait_for_status("connected", 0, SOON);
    server.resume();
    for instance in [&mut a, &mut b] {
        instance.wait_for_status("connected", 1, HEALED);
        instance.settle();
    }
    // The fleet had opened the one before b did, and its period is over. Of the other, the
    // dependency itself has said when to come back.
    b.wait_for("payment", "half_open", SOON);
    a.wait_for("tripped", "open", SOON);
    a.send("end ok");
    a.send("end ok");
    assert_eq!(b.state("tripped"), "open", "the success is late");
    until("one of them probes", SOON, || a.call("payment", "ok", 1) + b.call("payment", "ok", 1) >= 1);
    for instance in [&mut a, &mut b] {
        instance.wait_for("payment", "closed", SOON);
        assert_eq!(instance.state("tripped"), "open");
    }
}

fn instances_with_other_policies_follow_the_opening_of_one() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let mut blue = Instance::spawn("blue", &options.clone().policy("failures=2,expiry=60000"));
    let mut green = Instance::spawn("green", &options.policy("failures=50,expiry=1000"));
    green.call("payment", "ok", 1);
    blue.fail("payment");
    green.wait_for("payment", "open", SOON);
    let left = green.circuit("payment").number("retry_after");
    assert!((30_000_000..=75_000_000).contains(&left), "the time of the opener: {left}");
    green.order("payment", "reset");
    blue.wait_for("payment", "closed", SOON);
    // The other way round, each with its own threshold.
    assert_eq!(green.call("payment", "fail", 49), 49);
    assert_eq!(green.state("payment"), "closed");
    green.call("payment", "fail", 1);
    blue.wait_for("payment", "open", SOON);
    assert!(blue.circuit("payment").number("retry_after") <= 2_000_000);
    until("blue probes", SOON, || blue.call("payment", "ok", 1) == 1);
    green.wait_for("payment", "closed", SOON);
}

fn a_circuit_that_was_removed_comes_back_as_the_fleet_has_it() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for circuit in ["forced", "tripped", "ended", "mine"] {
        b.call(circuit, "ok", 1);
    }
    b.order("ended", "force_open");
    b.order("mine", "force_open");
    b.settle();
    a.wait_for("ended", "forced_open", SOON);
    a.wait_for("mine", "forced_open", SOON);
    for circuit in ["forced", "tripped", "ended", "mine"] {
        assert_eq!(b.send(&format!("remove {circuit}")), "ok");
    }
    a.order("forced", "force_open");
    a.trip("tripped");
    a.order("ended", "reset");
    a.settle();
    until("b knows of it", SOON, || {
        ["forced", "tripped"].iter().all(|circuit| b.publisher(circuit).get("instance").starts_with('a'))
    });
    // From the first call of the new circuit on.
    assert_eq!([b.call("forced", "ok", 1), b.call("tripped", "ok", 1)], [0, 0]);
    assert_eq!([b.call("ended", "ok", 1), b.call("mine", "ok", 1)], [1, 0]);
    assert_eq!(a.state("mine"), "forced_open", "removing a circuit ends no order");
}

fn a_redis_that_restarts_again_and_again_neither_loses_orders_nor_floods_the_log() {
    const RESTARTS: usize = 8;

    let mut server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("first", "force_open");
    b.wait_for("first", "forced_open", SOON);
    for restart in 0..RESTARTS {
        server.kill();
        a.order(&format!("during-{restart}"), "force_open");
        assert_eq!(b.call("healthy", "ok", 1_000), 1_000);
        std::thread::sleep(Duration::from_millis(300));
        server.run();
        std::thread::sleep(Duration::from_millis(700));
    }
    for instance in [&mut a, &mut b] {
        instance.wait_for("first", "forced_open", HEALED);
        for restart in 0..RESTARTS {
            instance.wait_for(&format!("during-{restart}"), "forced_open", HEALED);
        }
        instance.settle();
        let lines = instance.lines_with("the fleet");
        // Connected at first, and at most lost and connected for each restart.
        assert!(lines.len() <= 1 + 2 * RESTARTS, "{lines:#?}");
    }
    until("all of it is in Redis", HEALED, || server.keys("bb1:*:c:*").len() == 1 + RESTARTS);
}

fn instances_without_a_free_connection_serve_locally_until_there_is_one() {
    // `timeout` closes the connections of clients that are idle.
    let server = Server::with(&["--save", "", "--timeout", "1"]);
    let options = Options::joins(&server.url()).with("heartbeat", 3_000).with("adopt_within", 300);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options.clone().with("adopt_within", 20_000)));
    a.order("payment", "force_open");
    b.wait_for("payment", "forced_open", SOON);
    throughout("they stay connected", Duration::from_secs(3), || {
        [&mut a, &mut b].into_iter().all(|instance| instance.status().number("connected") == 1)
    });
    server.command(&["CONFIG", "SET", "maxclients", "2"]);
    let mut c = Instance::spawn("c", &options);
    until("it says why", SOON, || c.status().get("last_error") != "none");
    assert_eq!(c.status().number("connected"), 0);
    assert_eq!(c.call("payment", "ok", 1), 1, "local rules");
    c.order("mine", "force_open");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(c.lines_with("no connection to the fleet").len(), 1, "{}", c.log());
    drop(b);
    c.wait_for("payment", "forced_open", HEALED);
    a.wait_for("mine", "forced_open", SOON);
}
