//! A service under load, with a panel. Dropping it closes all its connections, as if its process
//! ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use breaker_box_panel::{Controls, Operator, Panel, Token};
use breaker_core::{Key, Policy, Registry, Window};
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};

use crate::browser::PATIENCE;

pub(crate) const TOKEN: &str = "alice-secret-0123456789";

/// A name that would run a script if it were treated as markup.
pub(crate) const HOSTILE: &str = "<img src=x onerror=\"window.hacked=1\">";

pub(crate) struct Service {
    pub(crate) registry: Registry,
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    load: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

impl Service {
    pub(crate) const RARELY: Duration = Duration::from_secs(60);

    /// With that many circuits: the first few have names, the others are shops.
    pub(crate) fn start(circuits: usize) -> Self {
        Self::listen(circuits, ([127, 0, 0, 1], 0).into())
    }

    /// The same, with so few samples that whatever is seen sooner comes from an event.
    pub(crate) fn rarely_sampled(circuits: usize) -> Self {
        Self::with(circuits, ([127, 0, 0, 1], 0).into(), Self::RARELY)
    }

    pub(crate) fn listen(circuits: usize, address: SocketAddr) -> Self {
        Self::with(circuits, address, Duration::from_secs(1))
    }

    fn with(circuits: usize, address: SocketAddr, interval: Duration) -> Self {
        let registry = Registry::new();
        for number in 0..circuits {
            make(&registry, number);
        }
        let token = (Operator::new("alice"), Token::new(TOKEN).unwrap());
        let panel = Panel::builder(&registry).title("Shop").controls(Controls::tokens([token])).interval(interval);
        let panel = panel.build().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let service = Router::new().nest_service("/ops/circuits", panel.router());
        let inside = runtime.enter();
        let socket = TcpSocket::new_v4().unwrap();
        // Otherwise earlier connections that are still closing block the port.
        socket.set_reuseaddr(cfg!(unix)).unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(64).unwrap();
        drop(inside);
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, service).await });
        let stop = Arc::new(AtomicBool::new(false));
        let load = load(registry.clone(), Arc::clone(&stop));
        Self { registry, address, stop, load: Some(load), runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/ops/circuits", self.address)
    }

    /// Adds a circuit that only the test calls.
    pub(crate) fn add(&self, name: &str) {
        self.registry.register(name, Policy::consecutive_failures(2).expiry(Duration::from_secs(3_600))).unwrap();
    }

    /// Fails until the circuit is open.
    pub(crate) fn fail(&self, name: &str, reason: &str) {
        for _ in 0..2 {
            self.registry.record_failure(name, reason).unwrap();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Relaxed: the load sees it before one of its next calls.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(load) = self.load.take() {
            let _ = load.join();
        }
        if let Some(runtime) = self.runtime.take() {
            // Waits until the listener is closed, so that another service can bind its port. On a
            // thread of its own, because blocking is not allowed here.
            let _ = thread::spawn(move || runtime.shutdown_timeout(PATIENCE)).join();
        }
    }
}

fn make(registry: &Registry, number: usize) {
    let names = ["payment_api", "exchange_rate", "inventory", HOSTILE, "search", "mail"];
    let mut key = Key::new(names.get(number).map_or_else(|| format!("shop:{number}"), |name| (*name).to_owned()));
    key = match number % 4 {
        0 => key.with_scope("payments").with_kind("http"),
        1 => key.with_scope("catalogue").with_kind("http"),
        2 => key.with_scope("catalogue").with_kind("database"),
        _ => key,
    };
    let last_hundred = Policy::failure_rate(0.5, Window::calls(100)).minimum_calls(20).or_consecutive_failures(5);
    let last_minute = Policy::failure_rate(0.5, Window::time(Duration::from_secs(60)));
    let policy = if number % 2 == 0 { last_hundred } else { last_minute };
    let circuit = registry.register(key, policy.expiry(Duration::from_secs(15)).jitter(0.1)).unwrap();
    if number < names.len() {
        circuit.set_metadata("owner", format!("team {number}")).unwrap();
    }
}

/// Calls all circuits that exist at the start, a quarter of them at a time. Every 101st keeps
/// failing, and others fail now and then.
fn load(registry: Registry, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    let keys: Vec<_> = registry.list().into_iter().map(|status| status.key).collect();
    thread::spawn(move || {
        for turn in 0_usize.. {
            // Relaxed: it may stop a few calls later.
            if stop.load(Ordering::Relaxed) {
                return;
            }
            for (number, key) in keys.iter().enumerate().filter(|(number, _)| number % 4 == turn % 4) {
                let fails = number % 101 == 1 || (number * 31 + turn * 17) % 509 == 0;
                let body = || if fails { Err("timed out after 300 ms") } else { Ok(()) };
                let classify = |result: &Result<(), &str>| match result {
                    Ok(()) => breaker_core::Outcome::Success,
                    Err(reason) => breaker_core::Outcome::failure_because(*reason),
                };
                let _ = registry.call_with(key, body, classify);
            }
            thread::sleep(Duration::from_millis(50));
        }
    })
}
