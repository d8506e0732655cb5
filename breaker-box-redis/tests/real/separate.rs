//! What is shared with whom, and what must not be readable.

use std::time::Duration;

use crate::support::child::REASON;
use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    two_prefixes_and_two_databases_are_three_fleets,
    only_the_chosen_circuits_are_shared,
    hashed_names_are_not_in_redis,
    reasons_stay_where_they_are_unless_they_are_shared,
    circuits_that_are_closed_cost_redis_nothing_and_the_rest_ends_by_itself,
    a_service_without_calls_hears_orders_for_circuits_that_it_has_not_made,
];

const SOON: Duration = Duration::from_secs(20);

fn two_prefixes_and_two_databases_are_three_fleets() {
    let server = Server::start();
    let url = server.url();
    let mut a = Instance::spawn("a", &Options::joins(&url).with("prefix", "shop"));
    let mut same = Instance::spawn("same", &Options::joins(&format!("{url}/0")).with("prefix", "shop"));
    let mut prefix = Instance::spawn("prefix", &Options::joins(&url).with("prefix", "shop2"));
    let mut database = Instance::spawn("database", &Options::joins(&format!("{url}/1")).with("prefix", "shop"));
    a.order("payment", "force_open");
    a.fail("other");
    same.wait_for("payment", "forced_open", SOON);
    same.wait_for("other", "open", SOON);
    for stranger in [&mut prefix, &mut database] {
        throughout("it hears nothing", Duration::from_millis(500), || {
            stranger.call("payment", "ok", 1) == 1 && stranger.call("other", "ok", 1) == 1
        });
        assert_eq!(stranger.status().number("instances"), 1);
        stranger.order("payment", "disable");
        stranger.settle();
    }
    assert_eq!(same.state("payment"), "forced_open");
    same.wait_for_status("instances", 2, SOON);
}

fn only_the_chosen_circuits_are_shared() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("only", "payments");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for circuit in ["card", "payments/card"] {
        a.order(circuit, "force_open");
    }
    b.wait_for("payments/card", "forced_open", SOON);
    a.settle();
    assert_eq!(b.call("card", "ok", 1), 1);
    assert_eq!(server.keys("bb1:*:c:*").len(), 1);
}

fn hashed_names_are_not_in_redis() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("hash_names", "a-key-of-the-service");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut a, &mut b] {
        instance.keeps_secret("a-key-of-the-service");
    }
    let monitor = Monitor::of(&server);
    b.call("user:alice", "ok", 1);
    a.fail("user:alice");
    a.order("user:bob", "force_open");
    b.wait_for("user:alice", "open", SOON);
    b.wait_for("user:bob", "forced_open", SOON);
    a.settle();
    let seen = monitor.end();
    assert!(seen.contains("EVALSHA") || seen.contains("EVAL"), "{seen}");
    assert!(!seen.contains("alice") && !seen.contains("bob"), "{seen}");
    // Another secret gives other names: two fleets in one place do not mix.
    let mut c = Instance::spawn("c", &options.with("hash_names", "another"));
    assert_eq!(c.call("user:bob", "ok", 1), 1);
}

fn reasons_stay_where_they_are_unless_they_are_shared() {
    let server = Server::start();
    let monitor = Monitor::of(&server);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &Options::joins(&server.url())));
    b.keeps_secret(REASON);
    a.fail("payment");
    a.order("forced", &format!("force_open:{REASON}"));
    b.wait_for("payment", "open", SOON);
    b.wait_for("forced", "forced_open", SOON);
    a.settle();
    assert!(!monitor.end().contains(REASON));
    assert_eq!(a.lines_with(REASON), [""; 0]);
    let options = Options::joins(&server.url()).with("prefix", "open").with("share_reasons", 1);
    let [mut c, mut d] = ["c", "d"].map(|name| Instance::spawn(name, &options));
    let monitor = Monitor::of(&server);
    c.order("forced", &format!("force_open:{REASON}"));
    d.wait_for("forced", "forced_open", SOON);
    assert!(monitor.end().contains(REASON));
    // A log at `info` has none anyway.
    assert_eq!(d.lines_with(REASON), [""; 0]);
}

fn circuits_that_are_closed_cost_redis_nothing_and_the_rest_ends_by_itself() {
    let server = Server::start();
    let mut a = Instance::spawn("a", &Options::joins(&server.url()));
    for index in 0..200 {
        a.call(&format!("healthy-{index}"), "ok", 3);
    }
    a.fail("payment");
    a.order("forced", "force_open");
    a.settle();
    assert_eq!(server.keys("bb1:*:c:*").len(), 2);
    for key in server.keys("*") {
        let left: i64 = server.command(&["PTTL", &key]).parse().expect("a time");
        assert!(left > 0 && left <= 31 * 24 * 3_600_000, "{key} lives for {left} ms");
    }
    // An order outlasts a holiday without any instance, and an opening not much more than its time.
    let life = |circuit: &str| -> i64 {
        let key = server.keys(&format!("bb1:*:c:{circuit}")).pop().expect("its record");
        server.command(&["PTTL", &key]).parse().expect("a time")
    };
    assert!(life("forced") > 29 * 24 * 3_600_000, "{} ms", life("forced"));
    assert!(life("payment") < 3_600_000, "{} ms", life("payment"));
    // One connection, and that of this query.
    assert_eq!(server.info("connected_clients"), 2);
    let idle = server.info("total_commands_processed");
    let work = a.work_in(Duration::from_secs(4));
    assert!(work < Duration::from_millis(200), "{work:?} of four seconds");
    let commands = server.info("total_commands_processed") - idle;
    // One script with its commands in each second, and the queries of this test.
    assert!(commands < 120, "{commands} commands in four seconds");
}

fn a_service_without_calls_hears_orders_for_circuits_that_it_has_not_made() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("payment", "force_open");
    a.settle();
    until("b knows of it", SOON, || b.publisher("payment").get("instance").starts_with('a'));
    assert_eq!(b.call("payment", "ok", 1), 0, "its first call is rejected");
}

/// Records the commands that a server receives.
struct Monitor {
    process: std::process::Child,
    output: tempfile::NamedTempFile,
}

impl Monitor {
    fn of(server: &Server) -> Self {
        let output = tempfile::NamedTempFile::new().expect("a file");
        let process = std::process::Command::new("timeout")
            .args(["60", "redis-cli", "-p", &server.port().to_string(), "MONITOR"])
            .stdin(std::process::Stdio::null())
            .stdout(output.reopen().expect("the same file"))
            .spawn()
            .expect("redis-cli");
        let monitor = Self { process, output };
        until("it listens", SOON, || monitor.text().contains("OK"));
        monitor
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.output.path()).expect("the file")).into_owned()
    }

    fn end(mut self) -> String {
        // By then, what was sent before has been written.
        std::thread::sleep(Duration::from_millis(200));
        self.stop();
        self.text()
    }

    fn stop(&mut self) {
        crate::support::process::signal(self.process.id(), crate::support::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.stop();
    }
}
