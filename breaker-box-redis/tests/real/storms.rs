//! Thousands of circuits at once.

use std::time::Duration;

use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::process::{now, since};
use crate::support::server::Server;
use crate::support::until;

const COUNT: usize = 5_000;
const LONG: Duration = Duration::from_secs(100);

fn options(server: &Server) -> Options {
    Options::joins(&server.url()).with("heartbeat", 5_000)
}

fn all_open(instance: &mut Instance) -> bool {
    instance.send(&format!("open_among {COUNT}")) == COUNT.to_string()
}

/// Each has made the circuits already.
fn prepare(instances: &mut [Instance]) {
    for instance in instances {
        for index in 0..COUNT {
            instance.tell(&format!("call storm-{index} ok 1"));
        }
        for _ in 0..COUNT {
            instance.answer();
        }
        instance.may_take(120_000);
    }
}

pub(crate) fn five_thousand_openings_reach_everyone() {
    let server = Server::start();
    let [a, b, c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options(&server)));
    let mut instances = [a, b, c];
    prepare(&mut instances);
    let begun = now();
    let took: u64 = instances[0].send(&format!("storm {COUNT}")).parse().expect("a time");
    assert!(took < 5_000_000, "the calls took {took} us");
    for instance in &mut instances[1..] {
        until("all are open", LONG, || all_open(instance));
    }
    // Hundred records a second and five hundred at once, so that a fleet does not fell its Redis.
    let spread = since(begun);
    assert!(spread < Duration::from_secs(60), "{spread:?}");
    instances[0].settle();
    assert_eq!(server.keys("bb1:*:c:*").len(), COUNT);
    // Whoever starts now reads all of them before its first call.
    let mut late = Instance::spawn("late", &options(&server));
    late.may_take(120_000);
    for index in [0, 1, COUNT / 2, COUNT - 1] {
        assert_eq!(late.call(&format!("storm-{index}"), "ok", 1), 0, "its first call is rejected");
    }
    let published = late.status().number("shared_circuits");
    assert_eq!(published, i64::try_from(COUNT).expect("a count"));
}

pub(crate) fn five_thousand_openings_in_all_instances_at_once() {
    let server = Server::start();
    let mut instances = Instance::spawn_many(4, &options(&server));
    prepare(&mut instances);
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
