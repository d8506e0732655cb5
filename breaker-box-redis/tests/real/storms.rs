//! Thousands of circuits at once.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::process::{now, since};
use crate::support::server::Server;
use crate::support::until;

pub(crate) const TESTS: &[Test] = &tests![
    five_thousand_openings_reach_everyone,
    five_thousand_openings_in_all_instances_at_once,
    changes_of_an_outage_do_not_pile_up,
    who_is_too_slow_to_hear_a_storm_reads_it_afterwards,
];

const COUNT: usize = 5_000;
const LONG: Duration = Duration::from_secs(100);

fn options(server: &Server) -> Options {
    Options::joins(&server.url()).with("heartbeat", 5_000)
}

fn all_open(instance: &mut Instance) -> bool {
    instance.send(&format!("open_among {COUNT}")) == COUNT.to_string()
}

/// Makes the circuits by calling each of them.
fn prepare(instance: &mut Instance, count: usize) {
    for index in 0..count {
        instance.tell(&format!("call storm-{index} ok 1"));
    }
    for _ in 0..count {
        instance.answer();
    }
    instance.may_take(60_000);
}

fn five_thousand_openings_reach_everyone() {
    let server = Server::start();
    let [a, b, c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options(&server)));
    let mut instances = [a, b, c];
    for instance in &mut instances {
        prepare(instance, COUNT);
    }
    let begun = now();
    let took: u64 = instances[0].send(&format!("storm {COUNT}")).parse().expect("a time");
    assert!(took < 5_000_000, "the calls took {took} us");
    for instance in &mut instances[1..] {
        until("all are open", LONG, || all_open(instance));
    }
    // To protect Redis, an instance publishes five hundred records at once and then a hundred a
    // second.
    let spread = since(begun);
    assert!(spread < Duration::from_secs(60), "{spread:?}");
    instances[0].settle();
    assert_eq!(server.keys("bb1:*:c:*").len(), COUNT);
    // An instance that starts now reads all of them before its first call.
    let mut late = Instance::spawn("late", &options(&server));
    late.may_take(60_000);
    for index in [0, 1, COUNT / 2, COUNT - 1] {
        assert_eq!(late.call(&format!("storm-{index}"), "ok", 1), 0, "its first call is rejected");
    }
    let published = late.status().number("shared_circuits");
    assert_eq!(published, i64::try_from(COUNT).expect("a count"));
}

fn five_thousand_openings_in_all_instances_at_once() {
    let server = Server::start();
    let mut instances = Instance::spawn_many(4, &options(&server));
    for instance in &mut instances {
        prepare(instance, COUNT);
    }
    for instance in &mut instances {
        instance.tell(&format!("storm {COUNT}"));
    }
    for instance in &mut instances {
        instance.answer();
        assert!(all_open(instance));
        assert_eq!(instance.circuit("storm-7").number("openings"), 1);
    }
    for instance in &mut instances {
        until("all is settled", LONG, || instance.status().number("pending") == 0);
    }
    assert_eq!(server.keys("bb1:*:c:*").len(), COUNT);
    for instance in &mut instances {
        assert!(all_open(instance));
        assert_eq!(instance.circuit("storm-7").number("openings"), 1);
    }
}

fn who_is_too_slow_to_hear_a_storm_reads_it_afterwards() {
    // Redis disconnects a client for which more than this is waiting.
    let server = Server::with(&["--save", "", "--client-output-buffer-limit", "pubsub 1mb 0 0"]);
    let mut a = Instance::spawn("a", &options(&server));
    let mut b = Instance::spawn("b", &options(&server).with("pulse", 0).with("heartbeat", 1_000));
    prepare(&mut b, 400);
    b.pause();
    a.send("storm 400");
    a.settle();
    let padding = "x".repeat(100_000);
    let channels = server.command(&["PUBSUB", "CHANNELS", "bb1:*"]);
    let channel = channels.lines().next().expect("a channel");
    for _ in 0..300 {
        // The buffers of the sockets fill first.
        server.command(&["PUBLISH", channel, &padding]);
        if server.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).lines().count() == 1 {
            break;
        }
    }
    assert_eq!(server.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).lines().count(), 1, "b was cut off");
    b.resume();
    until("all are open", LONG, || b.send("open_among 400") == "400");
}

fn changes_of_an_outage_do_not_pile_up() {
    let mut server = Server::start();
    let mut a = Instance::spawn("a", &options(&server).with("heartbeat", 1_000));
    let mut b = Instance::spawn("b", &options(&server).with("heartbeat", 1_000));
    // The test makes it remember every change.
    a.may_take(60_000);
    server.kill();
    a.wait_for_status("connected", 0, LONG);
    let memory = |instance: &mut Instance| instance.send("memory").parse::<u64>().expect("a number");
    a.send("flicker 50 2000");
    let before = memory(&mut a);
    a.send("flicker 50 100000");
    let after = memory(&mut a);
    assert!(after < before + 4_000, "{before} kB, then {after} kB");
    assert!(a.status().number("pending") <= 50, "{}", a.status());
    server.run();
    // The last order of each was to force it open.
    for index in 0..50 {
        b.wait_for(&format!("storm-{index}"), "forced_open", LONG);
    }
    a.settle();
}
