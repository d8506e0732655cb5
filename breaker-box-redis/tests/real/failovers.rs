//! One server takes over from another, with or without the last writes.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] =
    &tests![what_a_failover_lost_is_written_again, two_halves_with_a_server_each_agree_again,];

const SOON: Duration = Duration::from_secs(20);
const HEALED: Duration = Duration::from_secs(25);

/// A server and its replica, and two instances, each behind a proxy of its own.
struct Setting {
    old: Server,
    new: Server,
    proxies: [Proxy; 2],
    instances: [Instance; 2],
}

fn setting() -> Setting {
    let old = Server::start();
    let new = Server::with(&["--save", "", "--replicaof", &format!("127.0.0.1 {}", old.port())]);
    until("the replica is synchronized", SOON, || new.command(&["ROLE"]).contains("connected"));
    let proxies = [(); 2].map(|()| Proxy::to(old.port()));
    let instances = [0, 1].map(|index| {
        let options = Options::joins(&proxies[index].url());
        Instance::spawn(["a", "b"][index], &options)
    });
    Setting { old, new, proxies, instances }
}

fn what_a_failover_lost_is_written_again() {
    let Setting { old, new, proxies, instances: [mut a, mut b] } = setting();
    a.order("ended", "force_open");
    a.settle();
    b.wait_for("ended", "forced_open", SOON);
    until("the replica has it", SOON, || new.keys("bb1:*:c:ended").len() == 1);
    new.command(&["REPLICAOF", "NO", "ONE"]);
    // These do not reach the new server.
    a.order("lost", "force_open");
    a.trip("tripped");
    b.order("ended", "reset");
    a.settle();
    b.settle();
    for instance in [&mut a, &mut b] {
        instance.wait_for("lost", "forced_open", SOON);
        instance.wait_for("tripped", "open", SOON);
        instance.wait_for("ended", "closed", SOON);
    }
    for proxy in &proxies {
        proxy.lead_to(new.port());
    }
    drop(old);
    until("it is written again", HEALED, || {
        new.keys("bb1:*:c:lost").len() == 1 && new.keys("bb1:*:c:tripped").len() == 1
    });
    throughout("both stay as they were", Duration::from_secs(3), || {
        [&mut a, &mut b].into_iter().all(|instance| {
            [instance.state("lost"), instance.state("tripped"), instance.state("ended")]
                == ["forced_open", "open", "closed"]
        })
    });
    let mut late = Instance::spawn("late", &Options::joins(&new.url()));
    assert_eq!([late.call("lost", "ok", 1), late.call("tripped", "ok", 1), late.call("ended", "ok", 1)], [0, 0, 1]);
}

fn two_halves_with_a_server_each_agree_again() {
    let Setting { old, new, proxies, instances: [mut a, mut b] } = setting();
    for circuit in ["one", "two"] {
        a.order(circuit, "disable");
        b.wait_for(circuit, "disabled", SOON);
    }
    a.settle();
    until("the replica has them", SOON, || new.keys("bb1:*:c:*").len() == 2);
    new.command(&["REPLICAOF", "NO", "ONE"]);
    proxies[1].lead_to(new.port());
    b.wait_for_status("connected", 1, HEALED);
    // Both halves give orders. The last order for `one` is given in the half that loses its server,
    // that for `two` in the other.
    b.order("one", "reset");
    b.settle();
    a.order("two", "reset");
    a.settle();
    std::thread::sleep(Duration::from_millis(50));
    a.order("one", "force_open");
    b.order("two", "metrics_only");
    a.trip("of-a");
    b.trip("of-b");
    a.settle();
    b.settle();
    // The old server comes back as a replica of the new one.
    proxies[0].lead_to(new.port());
    old.command(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    for instance in [&mut a, &mut b] {
        instance.wait_for("one", "forced_open", HEALED);
        instance.wait_for("two", "metrics_only", HEALED);
        instance.wait_for("of-a", "open", HEALED);
        instance.wait_for("of-b", "open", HEALED);
    }
}
