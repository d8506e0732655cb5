//! Redis Cluster, and Sentinel.

use std::time::Duration;

#[cfg(feature = "cluster")]
use crate::support::cluster::Cluster;
use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::until;

pub(crate) const TESTS: &[Test] = &tests![
    #[cfg(feature = "cluster")]
    a_failover_of_one_shard_leaves_the_others_alone,
    #[cfg(feature = "cluster")]
    shards_that_move_to_other_nodes_are_followed,
    #[cfg(feature = "sentinel")]
    the_master_that_sentinel_names_is_found_again_after_a_failover,
];

const SOON: Duration = Duration::from_secs(30);
const HEALED: Duration = Duration::from_secs(60);

/// How many circuits: enough that each shard has some.
#[cfg(feature = "cluster")]
const CIRCUITS: usize = 12;

#[cfg(feature = "cluster")]
fn a_failover_of_one_shard_leaves_the_others_alone() {
    let mut cluster = Cluster::start();
    let options = Options::joins(&cluster.url()).with("shards", 3);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut a, &mut b] {
        instance.wait_for_status("connected", 1, SOON);
    }
    for index in 0..CIRCUITS {
        a.order(&format!("forced-{index}"), "force_open");
    }
    a.settle();
    for index in 0..CIRCUITS {
        b.wait_for(&format!("forced-{index}"), "forced_open", SOON);
    }
    let used = (0..3).filter(|shard| {
        !cluster.node(cluster.owner(&head(*shard))).command(&["EXISTS", &head(*shard)]).starts_with('0')
    });
    assert_eq!(used.count(), 3, "each shard has circuits");
    let killed = cluster.owner(&head(0));
    // Shards whose master lives.
    let owners: Vec<usize> = (0..3).map(|shard| cluster.owner(&head(shard))).collect();
    assert!(owners.iter().any(|owner| *owner != killed), "all shards have one master: {owners:?}");
    cluster.kill(killed);
    let begun = crate::support::process::now();
    for index in 0..CIRCUITS {
        a.order(&format!("during-{index}"), "force_open");
        a.trip(&format!("tripped-{index}"));
        assert_eq!(b.call("healthy", "ok", 1_000), 1_000);
    }
    // The shards that live go on at once; that of the dead one when a replica has taken over.
    let mut at_once = 0;
    until("the shards that live go on", SOON, || {
        at_once = (0..CIRCUITS).filter(|index| b.state(&format!("during-{index}")) == "forced_open").count();
        at_once > 0
    });
    until("a replica takes over", HEALED, || cluster.is_whole());
    for index in 0..CIRCUITS {
        b.wait_for(&format!("during-{index}"), "forced_open", HEALED);
        b.wait_for(&format!("tripped-{index}"), "open", HEALED);
        for instance in [&mut a, &mut b] {
            assert_eq!(instance.state(&format!("forced-{index}")), "forced_open", "nothing is forgotten");
        }
    }
    let healed = crate::support::process::since(begun);
    println!("a failover was over after {healed:?}");
    let mut late = Instance::spawn("late", &options);
    for index in 0..CIRCUITS {
        assert_eq!(late.call(&format!("during-{index}"), "ok", 1), 0);
    }
    for instance in [&a, &b, &late] {
        assert!(!instance.log().contains("CROSSSLOT"), "{}", instance.log());
        assert_eq!(instance.lines_with("redis-cluster://"), [""; 0]);
    }
    cluster.run(killed);
    a.order("forced-0", "reset");
    b.wait_for("forced-0", "closed", HEALED);
}

#[cfg(feature = "cluster")]
fn shards_that_move_to_other_nodes_are_followed() {
    let cluster = Cluster::start();
    let options = Options::joins(&cluster.url()).with("shards", 3);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    let mut works = |round: &str| {
        for index in 0..CIRCUITS {
            let (instance, other) = if index % 2 == 0 { (&mut a, &mut b) } else { (&mut b, &mut a) };
            instance.order(&format!("{round}-{index}"), "force_open");
            other.wait_for(&format!("{round}-{index}"), "forced_open", HEALED);
        }
    };
    works("before");
    cluster.move_slot(&head(0));
    works("moved");
    cluster.fail_over(&head(1));
    until("a replica has taken over", SOON, || cluster.is_whole());
    works("failed-over");
    for instance in [&mut a, &mut b] {
        instance.settle();
        for index in 0..CIRCUITS {
            assert_eq!(instance.state(&format!("before-{index}")), "forced_open");
        }
    }
}

#[cfg(feature = "cluster")]
fn head(shard: usize) -> String {
    format!("bb1:{{shop.{shard}}}:head")
}

#[cfg(feature = "sentinel")]
fn the_master_that_sentinel_names_is_found_again_after_a_failover() {
    use crate::support::server::Server;

    let mut master = Server::start();
    let port = master.port().to_string();
    let replica = Server::with(&["--save", "", "--replicaof", &format!("127.0.0.1 {port}")]);
    until("the replica is synchronized", SOON, || replica.command(&["ROLE"]).contains("connected"));
    let sentinel = Server::sentinel("main", &master);
    until("the sentinel knows the replica", SOON, || {
        sentinel.command(&["SENTINEL", "REPLICAS", "main"]).contains(&replica.port().to_string())
    });
    let options = Options::joins(&format!("redis-sentinel://127.0.0.1:{}/main", sentinel.port()));
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("before", "force_open");
    b.wait_for("before", "forced_open", SOON);
    master.kill();
    a.order("during", "force_open");
    assert_eq!(b.call("healthy", "ok", 10_000), 10_000);
    b.wait_for("during", "forced_open", HEALED);
    assert_eq!(b.state("before"), "forced_open");
    assert!(replica.command(&["ROLE"]).starts_with("master"));
    let mut late = Instance::spawn("late", &options);
    assert_eq!([late.call("before", "ok", 1), late.call("during", "ok", 1)], [0, 0]);
}
