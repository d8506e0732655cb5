//! A panel of ten thousand circuits in a process of its own, with thousands of abandoned requests
//! and hundreds of clients that never read.
//!
//! `cargo test -p breaker-box-panel --test siege -- --nocapture` prints how long a new page waits,
//! and what it costs.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use axum::Router;
use breaker_box_panel::Panel;
use breaker_core::{Policy, Registry};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};

/// The share of a core that a service at rest stays below; one that spins uses a whole core.
const RESTING: f64 = 0.1;

const CIRCUITS: usize = 10_000;
const ABANDONED: usize = 3_000;
const DEAD: usize = 300;

/// Reached only if something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// The name of the test that is the service, and what it prints.
const SERVICE: &str = "service";
const ADDRESS: &str = "the service listens at ";

#[test]
#[ignore = "the service that the other tests start in a process of its own"]
fn service() {
    let registry = Registry::new();
    for shop in 0..CIRCUITS {
        let circuit = registry.register(format!("shop:{shop}"), Policy::consecutive_failures(5)).unwrap();
        circuit.set_metadata("owner", format!("team {}", shop % 7)).unwrap();
        circuit.record_failure("gateway unreachable");
    }
    let panel = Panel::new(&registry).unwrap();
    let service = Router::new().nest_service("/circuits", panel.router());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.spawn(async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("{ADDRESS}{}", listener.local_addr().unwrap());
        let tells_clients_apart = env::var_os("CLIENTS").is_some();
        if tells_clients_apart {
            axum::serve(listener, service.into_make_service_with_connect_info::<SocketAddr>()).await
        } else {
            axum::serve(listener, service).await
        }
    });
    // A little traffic, with a state change every now and then.
    thread::spawn(move || {
        for turn in 0_usize.. {
            for call in 0..50 {
                let _ = registry.record_success(format!("shop:{}", (turn * 50 + call) % CIRCUITS).as_str());
            }
            if turn % 50 == 0 {
                let _ = registry.open(format!("shop:{}", turn % CIRCUITS).as_str());
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    // Until the test that started this process ends.
    let _ = std::io::stdin().read(&mut [0]);
}

/// The service in its process.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start(tells_clients_apart: bool) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", SERVICE, "--ignored", "--nocapture"]);
        if tells_clients_apart {
            command.env("CLIENTS", "1");
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok).find_map(|line| Some(line.split_once(ADDRESS)?.1.to_owned()));
        Self { address: said.expect("an address").parse().unwrap(), process }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn request(&self, path: &str) -> String {
        format!("GET /circuits{path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)
    }

    /// How long it takes until an answer contains all of this.
    fn wait_for(&self, path: &str, parts: &[&str]) -> Duration {
        let (began, mut stream) = (Instant::now(), self.connect());
        stream.write_all(self.request(path).as_bytes()).unwrap();
        let (mut text, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        for part in parts {
            let mut searched = 0;
            while !String::from_utf8_lossy(&text[searched..]).contains(part) {
                searched = text.len().saturating_sub(part.len());
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "{path}: {}", String::from_utf8_lossy(&text[..text.len().min(500)]));
                text.extend_from_slice(&buffer[..count]);
            }
        }
        began.elapsed()
    }

    /// Opens a page: its document, and the snapshot of its feed.
    fn open_page(&self) -> Duration {
        self.wait_for("", &["</html>"]) + self.wait_for("/api/v1/feed", &["event: snapshot", "\"viewer\""])
    }

    /// The resident memory in bytes.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    }

    /// The CPU time of all its threads in seconds.
    fn work(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // In hundredths of a second on every Linux.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// The share of one core that it uses.
    fn share_of_a_core(&self) -> f64 {
        let (began, before) = (Instant::now(), self.work());
        thread::sleep(Duration::from_secs(10));
        (self.work() - before) / began.elapsed().as_secs_f64()
    }

    /// The same once the service has done what it was asked for, which takes as long as it takes;
    /// the last share if it does not come to rest within ten measurements.
    fn share_of_a_core_when_settled(&self) -> f64 {
        let mut share = self.share_of_a_core();
        for _ in 1..10 {
            if share < RESTING {
                break;
            }
            share = self.share_of_a_core();
        }
        share
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends requests and closes their connections at once.
fn abandon_requests(service: &Service) {
    for number in 0..ABANDONED {
        let path = match number % 3 {
            0 => "/api/v1/circuits".to_owned(),
            1 => format!("/api/v1/circuits?name={number}"),
            _ => format!("/api/v1/circuit?identifier=shop:{number}"),
        };
        let mut stream = service.connect();
        stream.write_all(service.request(&path).as_bytes()).unwrap();
    }
}

/// Opens connections that never read, each from an address of its own if the service provides
/// addresses.
fn open_and_never_read(service: &Service, runtime: &Runtime, many_addresses: bool) -> Vec<TcpStream> {
    let inside = runtime.enter();
    let streams = (0..DEAD).map(|number| {
        let socket = TcpSocket::new_v4().unwrap();
        // A small receive window is full sooner.
        socket.set_recv_buffer_size(4_096).unwrap();
        if many_addresses {
            let (third, fourth) = (u8::try_from(number / 200).unwrap(), u8::try_from(number % 200).unwrap());
            socket.bind(SocketAddr::from(([127, 0, 1 + third, 1 + fourth], 0))).unwrap();
        }
        let stream = runtime.block_on(socket.connect(service.address)).unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let path = if number % 3 == 0 { "/api/v1/circuits" } else { "/api/v1/feed" };
        (&stream).write_all(service.request(path).as_bytes()).unwrap();
        stream
    });
    let streams = streams.collect();
    drop(inside);
    streams
}

fn besiege(tells_clients_apart: bool) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let service = Service::start(tells_clients_apart);
    let alone = service.open_page();
    let (memory, share) = (service.memory(), service.share_of_a_core());
    println!("before: a page after {alone:?}, {:.1} MB, {:.1} % of a core", memory / 1e6, share * 100.0);

    let began = Instant::now();
    let dead = open_and_never_read(&service, &runtime, tells_clients_apart);
    abandon_requests(&service);
    println!("{DEAD} dead readers and {ABANDONED} abandoned requests in {:?}", began.elapsed());
    let during = service.open_page();
    let circuit = service.wait_for("/api/v1/circuit?identifier=shop:7", &["\"history\""]);
    let grown = (service.memory() - memory) / 1e6;
    println!("right after: a page after {during:?}, a circuit after {circuit:?}, {grown:.1} MB more");
    assert!(grown < 50.0, "{grown:.1} MB more");

    let share = service.share_of_a_core_when_settled();
    let (after, grown) = (service.open_page(), (service.memory() - memory) / 1e6);
    println!("afterwards: a page after {after:?}, {grown:.1} MB more, {:.1} % of a core", share * 100.0);
    assert!(share < RESTING, "{:.1} % of a core", share * 100.0);
    assert!(grown < 50.0, "{grown:.1} MB more");
    drop(dead);
}

#[test]
fn abandoned_requests_and_dead_readers_keep_nobody_from_the_panel() {
    besiege(false);
}

#[test]
fn nor_do_they_if_each_has_its_own_address() {
    besiege(true);
}
