//! A server, and registries that join a fleet on it.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use breaker_box::Registry;
use breaker_box_redis::{Fleet, FleetBuilder, Spread};

/// A `redis-server` on a free port, without persistence.
pub(crate) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With further options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let port = free_port();
        Self { process: run(port, options), port }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn stop(&mut self) {
        // It has ended already if this fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// The same again, without its data.
    pub(crate) fn restart(&mut self) {
        self.process = run(self.port, &[]);
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server, and waits until it listens.
fn run(port: u16, options: &[&str]) -> Child {
    let process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--dir", env!("CARGO_TARGET_TMPDIR")])
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .expect("`redis-server` is installed, by `./test` for one");
    until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    process
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the instances of these tests have in common.
pub(crate) fn builder(url: &str) -> FleetBuilder {
    Fleet::builder(url).prefix("driver").spread(Spread::any()).adopt_within(Duration::from_secs(20))
}

pub(crate) fn join(server: &Server, registry: &Registry) -> Fleet {
    let fleet = builder(&server.url()).join(registry).unwrap();
    assert!(fleet.status().connected, "{fleet:?}");
    fleet
}

/// How long it takes until this holds.
pub(crate) fn until(holds: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not hold after 20 seconds");
        std::thread::yield_now();
    }
    begun.elapsed()
}
