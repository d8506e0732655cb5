//! Two registries of one process as two instances, and one server.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use breaker_box::{Policy, Registry, State};
use breaker_box_redis::{Fleet, Spread};

/// A `redis-server` on a free port, without persistence.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--dir", env!("CARGO_TARGET_TMPDIR")])
            .stdout(Stdio::null())
            .spawn()
            .expect("`redis-server` is installed, by `./test` for one");
        Self { process, port }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn join(server: &Server, registry: &Registry, name: &str) -> Fleet {
    Fleet::builder(server.url())
        .prefix("first")
        .instance(name)
        .spread(Spread::any())
        .adopt_within(Duration::from_secs(10))
        .join(registry)
        .unwrap()
}

/// How long it takes until this holds.
fn until(holds: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not hold after 20 seconds");
        std::thread::yield_now();
    }
    begun.elapsed()
}

#[test]
fn an_opening_spreads_and_orders_reach_instances_that_join_later() {
    let server = Server::start();
    let policy = Policy::consecutive_failures(3).expiry(Duration::from_secs(30));
    let (one, other) = (Registry::new(), Registry::new());
    let here = one.register("payment_api", policy).unwrap();
    let there = other.register("payment_api", policy).unwrap();
    let (first, second) = (join(&server, &one, "one"), join(&server, &other, "two"));
    assert!(first.status().connected && second.status().connected, "{first:?} {second:?}");

    for _ in 0..3 {
        here.record_failure("timed out");
    }
    assert_eq!(here.state(), State::Open);
    let took = until(|| there.state() == State::Open);
    println!("open in the other instance after {took:?}");
    let left = there.status().retry_after.unwrap();
    assert!(left > Duration::from_secs(25) && left <= Duration::from_secs(30), "{left:?}");

    there.reset();
    until(|| here.state() == State::Closed);

    // Everywhere, also where it starts later: before the first call.
    here.force_open();
    first.settled(Duration::from_secs(10)).unwrap();
    until(|| there.state() == State::ForcedOpen);
    let later = Registry::new();
    let third = join(&server, &later, "three");
    let outcome = later.call("payment_api", || Ok::<_, std::io::Error>(()));
    assert!(outcome.is_err(), "the first call was let through: {third:?}");
    assert_eq!(third.status().instances, 3);
}
