//! Probes are shared: the whole fleet sends no more at once than the policy allows.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::{Mode, Proxy};
use crate::support::report::Report;
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    one_probe_goes_out_from_twenty_instances_with_four_hundred_callers,
    successes_are_summed_over_instances_and_slots_are_shared,
    failures_are_summed_over_instances,
    a_killed_holder_stalls_the_others_no_longer_than_its_lease,
    a_process_that_was_stopped_does_not_probe_on_its_old_lease,
    a_holder_that_is_cut_off_loses_its_lease,
    a_probe_that_takes_longer_than_the_lease_keeps_it,
    a_probe_that_never_returns_wedges_nothing,
    idle_instances_hold_no_lease,
    a_lease_that_is_not_used_comes_back,
    leaving_gives_leases_back,
    a_circuit_that_closes_on_expiry_needs_no_lease,
    the_whole_fleet_ramps_up_when_one_probe_succeeds,
];

const SOON: Duration = Duration::from_secs(20);
const HEALED: Duration = Duration::from_secs(25);

/// When admitted calls began and ended, in microseconds, as loads report it.
fn spans(loaded: &str) -> Vec<(u64, u64)> {
    let report = Report::parse(loaded);
    let number = |text: &str| text.parse().expect("a time");
    let span = |text: &str| text.split_once('-').map(|(begin, end)| (number(begin), number(end)));
    report.get("spans").split(',').filter_map(span).collect()
}

/// How many of these calls were in flight at once.
fn most_at_once(spans: &[(u64, u64)]) -> i32 {
    let mut edges: Vec<(u64, i32)> = spans.iter().flat_map(|&(begin, end)| [(begin, 1), (end, -1)]).collect();
    edges.sort_unstable();
    let mut now = 0;
    edges.iter().fold(0, |most, (_, change)| {
        now += change;
        most.max(now)
    })
}

/// Opens a circuit in all instances, loads it in all of them over its expiry, and returns the calls
/// that were admitted while it was half-open.
fn probes_under_load(instances: &mut [Instance], work: u64, time: u64, successes: usize) -> Vec<(u64, u64)> {
    instances[0].fail("payment");
    for instance in &mut *instances {
        instance.call("payment", "ok", 1);
        instance.wait_for("payment", "open", SOON);
    }
    for instance in &mut *instances {
        instance.send(&format!("load payment 20 {time} {work} ok"));
    }
    for instance in &mut *instances {
        instance.tell("loaded");
    }
    let mut all: Vec<(u64, u64)> = instances.iter().flat_map(|instance| spans(&instance.answer())).collect();
    for instance in &mut *instances {
        instance.wait_for("payment", "closed", SOON);
    }
    // The verdict came with the last success that was needed.
    let mut ends: Vec<u64> = all.iter().map(|&(_, end)| end).collect();
    ends.sort_unstable();
    let verdict = ends[successes - 1];
    all.sort_unstable();
    all.retain(|&(begin, _)| begin < verdict);
    all
}

fn one_probe_goes_out_from_twenty_instances_with_four_hundred_callers() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("pulse", 50_000).policy("failures=2,expiry=4000");
    let mut instances = Instance::spawn_many(20, &options);
    let probes = probes_under_load(&mut instances, 200, 5_000, 1);
    assert_eq!(probes.len(), 1, "until the verdict: {probes:?}");
    let closers: Vec<usize> =
        (0..20).filter(|&index| instances[index].send("history payment").contains("probes_succeeded")).collect();
    assert_eq!(closers.len(), 1, "one closes it, the others hear of it");
}

fn successes_are_summed_over_instances_and_slots_are_shared() {
    let server = Server::start();
    let policy = "failures=2,expiry=4000,probes=3,successes=5";
    let options = Options::joins(&server.url()).with("pulse", 50_000).policy(policy);
    let mut instances = Instance::spawn_many(6, &options);
    let probes = probes_under_load(&mut instances, 200, 8_000, 5);
    assert!(most_at_once(&probes) <= 3, "{probes:?}");
    // Those that were out already when the fifth succeeded are probes too.
    assert!((5..=8).contains(&probes.len()), "{probes:?}");
}

fn failures_are_summed_over_instances() {
    let server = Server::start();
    let policy = "failures=2,expiry=1000,probes=2,probe_failures=2,successes=9";
    let options = Options::joins(&server.url()).policy(policy);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    for instance in [&mut a, &mut b] {
        instance.wait_for("payment", "half_open", SOON);
        until("a probe goes out", SOON, || instance.send("begin payment") == "1");
    }
    a.send("end fail");
    throughout("one failure of two", Duration::from_millis(300), || a.state("payment") == "half_open");
    b.send("end fail");
    for instance in [&mut a, &mut b] {
        until("it is open anew", SOON, || instance.circuit("payment").number("openings") == 2);
    }
}

fn a_killed_holder_stalls_the_others_no_longer_than_its_lease() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("lease", 2_000).policy("failures=2,expiry=1000");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "half_open", SOON);
    until("a probes", SOON, || a.send("begin payment") == "1");
    throughout("b does not", Duration::from_millis(500), || b.call("payment", "ok", 1) == 0);
    a.kill();
    let killed = crate::support::process::now();
    until("b probes", SOON, || b.call("payment", "ok", 1) == 1);
    let stalled = b.when("payment", "half_open:closed").saturating_sub(killed);
    assert!(stalled < Duration::from_millis(3_500), "{stalled:?}");
}

fn a_process_that_was_stopped_does_not_probe_on_its_old_lease() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=1000,successes=3");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options.clone().with("pulse", 0)));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "half_open", SOON);
    until("a probes", SOON, || a.send("begin payment") == "1");
    a.pause();
    // Its lease lapses, and `b` gets one.
    until("b probes", SOON, || b.send("begin payment") == "1");
    a.resume();
    // The probe that comes back now is late, and there is no slot for another.
    a.send("end fail");
    assert_eq!(a.call("payment", "ok", 1), 0);
    assert_eq!(a.circuit("payment").number("late"), 1);
    throughout("it changes nothing", Duration::from_millis(500), || b.state("payment") == "half_open");
    b.send("end ok");
    until("b closes it", SOON, || {
        b.call("payment", "ok", 1);
        b.state("payment") == "closed"
    });
    a.wait_for("payment", "closed", SOON);
}

fn a_holder_that_is_cut_off_loses_its_lease() {
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let policy = "failures=2,expiry=1000,successes=2";
    let mut a = Instance::spawn("a", &Options::joins(&proxy.url()).policy(policy));
    let mut b = Instance::spawn("b", &Options::joins(&server.url()).policy(policy));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "half_open", SOON);
    until("a probes", SOON, || a.send("begin payment") == "1");
    proxy.set(Mode::Swallow);
    until("b probes", SOON, || b.send("begin payment") == "1");
    // The lease lapsed here before it lapsed in Redis, so this result is late.
    a.send("end fail");
    assert_eq!(a.circuit("payment").number("late"), 1);
    b.send("end ok");
    until("b probes again", SOON, || b.call("payment", "ok", 1) == 1);
    b.wait_for("payment", "closed", SOON);
    proxy.set(Mode::Forward);
    a.wait_for("payment", "closed", HEALED);
}

fn a_probe_that_takes_longer_than_the_lease_keeps_it() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("lease", 1_000).policy("failures=2,expiry=6000");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "half_open", SOON);
    until("a probes", SOON, || a.send("begin payment") == "1");
    throughout("b does not", Duration::from_secs(3), || b.call("payment", "ok", 1) == 0);
    a.send("end ok");
    a.wait_for("payment", "closed", SOON);
    b.wait_for("payment", "closed", SOON);
}

fn idle_instances_hold_no_lease() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=700");
    let mut instances = Instance::spawn_many(4, &options);
    for instance in &mut instances {
        instance.call("payment", "ok", 1);
    }
    instances[0].fail("payment");
    for instance in &mut instances {
        instance.wait_for("payment", "half_open", SOON);
    }
    throughout("nobody asks for one", Duration::from_millis(1_500), || server.keys("bb1:*:l:*").is_empty());
    // The first call may be rejected: it makes the instance ask for a lease.
    let asked = crate::support::process::now();
    until("a call goes through", SOON, || instances[3].call("payment", "ok", 1) == 1);
    let waited = instances[3].when("payment", "half_open:closed").saturating_sub(asked);
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    for instance in &mut instances {
        instance.wait_for("payment", "closed", SOON);
        assert_eq!(instance.circuit("payment").number("openings"), 0, "the row of openings has ended");
    }
}

fn a_lease_that_is_not_used_comes_back() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("lease", 10_000).policy("failures=2,expiry=700");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "half_open", SOON);
    // It asks for a lease, and never calls again.
    until("a was rejected", SOON, || a.call("payment", "ok", 1) == 0);
    let rejected = crate::support::process::now();
    until("b probes", SOON, || b.call("payment", "ok", 1) == 1);
    let waited = b.when("payment", "half_open:closed").saturating_sub(rejected);
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

fn leaving_gives_leases_back() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("lease", 10_000).policy("failures=2,expiry=700");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "half_open", SOON);
    until("a probes", SOON, || a.send("begin payment") == "1");
    assert_eq!(b.call("payment", "ok", 1), 0);
    a.send("leave");
    let left = crate::support::process::now();
    until("b probes", SOON, || b.call("payment", "ok", 1) == 1);
    let waited = b.when("payment", "half_open:closed").saturating_sub(left);
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    a.send("end ok");
}

fn a_circuit_that_closes_on_expiry_needs_no_lease() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=1000,close_on_expiry");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "open", SOON);
    for instance in [&mut a, &mut b] {
        instance.wait_for("payment", "closed", SOON);
    }
    assert_eq!([a.call("payment", "ok", 3), b.call("payment", "ok", 3)], [3, 3]);
}

fn a_probe_that_never_returns_wedges_nothing() {
    let server = Server::start();
    for (prefix, policy) in
        [("default", "failures=2,expiry=1500"), ("timeout", "failures=2,expiry=1500,probe_timeout=1000")]
    {
        let options = Options::joins(&server.url()).with("prefix", prefix).policy(policy);
        let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
        b.call("payment", "ok", 1);
        a.fail("payment");
        b.wait_for("payment", "half_open", SOON);
        until("a probes", SOON, || a.send("begin payment") == "1");
        // Nothing calls it in `a` any more.
        until("b probes", SOON, || b.call("payment", "ok", 1) == 1);
        until("b is closed", SOON, || b.state("payment") == "closed" || b.call("payment", "ok", 1) == 2);
        a.wait_for("payment", "closed", SOON);
    }
}

fn the_whole_fleet_ramps_up_when_one_probe_succeeds() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=1000,ramp_up=8000:0.1");
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut b, &mut c] {
        instance.call("payment", "ok", 1);
    }
    a.fail("payment");
    for instance in [&mut b, &mut c] {
        instance.wait_for("payment", "half_open", SOON);
    }
    until("b probes", SOON, || b.call("payment", "ok", 1) == 1);
    for instance in [&mut a, &mut b, &mut c] {
        instance.wait_for("payment", "ramping_up", Duration::from_secs(4));
        assert_eq!(instance.circuit("payment").number("openings"), 1, "until its end");
        assert!(instance.call("payment", "ok", 20) < 20, "only a share of the calls is admitted");
    }
    for instance in [&mut a, &mut b, &mut c] {
        instance.wait_for("payment", "closed", SOON);
        assert_eq!(instance.circuit("payment").number("openings"), 0);
        assert_eq!(instance.call("payment", "ok", 20), 20);
    }
}
