//! Rates and failures within a time, counted over all instances.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::report::Report;
use crate::support::server::Server;
use crate::support::throughout;

pub(crate) const TESTS: &[Test] = &tests![
    a_rate_is_judged_on_the_sum_over_instances,
    failures_within_a_time_are_summed_over_instances,
    what_one_instance_counts_alone_opens_only_there,
    under_load_the_sum_opens_soon_after_the_threshold,
];

const SOON: Duration = Duration::from_secs(20);

fn a_rate_is_judged_on_the_sum_over_instances() {
    let server = Server::start();
    let options = Options::joins(&server.url())
        .with("spread", "agreed:2")
        .with("counting", "payment")
        .policy("rate=0.5:10000:100");
    let mut instances = Instance::spawn_many(5, &options);
    // No instance makes enough calls to judge by itself.
    for instance in &mut instances {
        instance.call("payment", "ok", 15);
        instance.call("payment", "fail", 6);
        instance.settle();
    }
    throughout("six of twenty-one", Duration::from_millis(600), || instances[0].state("payment") == "closed");
    for instance in &mut instances {
        instance.call("payment", "fail", 15);
    }
    for instance in &mut instances {
        instance.wait_for("payment", "open", SOON);
        assert_eq!(instance.circuit("payment").number("openings"), 1);
    }
}

fn failures_within_a_time_are_summed_over_instances() {
    let server = Server::start();
    let options =
        Options::joins(&server.url()).with("spread", "agreed:2").with("counting", "payment").policy("within=10:20000");
    let mut instances = Instance::spawn_many(3, &options);
    for instance in &mut instances {
        instance.call("payment", "fail", 3);
    }
    throughout("nine of ten", Duration::from_millis(600), || instances[0].state("payment") == "closed");
    instances[1].call("payment", "fail", 1);
    for instance in &mut instances {
        instance.wait_for("payment", "open", SOON);
    }
}

fn what_one_instance_counts_alone_opens_only_there() {
    let server = Server::start();
    let options =
        Options::joins(&server.url()).with("spread", "agreed:2").with("counting", "payment").policy("within=10:20000");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.call("payment", "fail", 20);
    assert_eq!(a.state("payment"), "open", "the local policy judges too");
    throughout("b is closed", Duration::from_secs(1), || b.call("payment", "ok", 1) == 1);
}

fn under_load_the_sum_opens_soon_after_the_threshold() {
    let server = Server::start();
    let options = Options::joins(&server.url())
        .with("spread", "agreed:2")
        .with("counting", "payment")
        .with("pulse", 50_000)
        .policy("within=1000:20000");
    let mut instances = Instance::spawn_many(5, &options);
    for instance in &mut instances {
        instance.send("load payment 4 6000 5 fail");
    }
    let mut spans = Vec::new();
    for instance in &mut instances {
        let loaded = Report::parse(&instance.send("loaded"));
        spans.extend(loaded.get("spans").split(',').filter_map(|span| span.split_once('-')?.1.parse::<u64>().ok()));
    }
    spans.sort_unstable();
    for instance in &mut instances {
        assert_eq!(instance.state("payment"), "open");
    }
    // Some 2,000 calls a second: a flush, two round trips and a busy machine are some hundred.
    assert!((1_000..1_900).contains(&spans.len()), "{}", spans.len());
}
