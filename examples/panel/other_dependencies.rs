//! Further dependencies of the same service, whose failures last long enough to watch.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, Key, Outcome, Policy, Registry, Window};

/// How a dependency behaves: of each `cycle` seconds it fails during the last `fails`, and is slow
/// during the `slow` before those.
struct Dependency {
    circuit: CircuitBreaker,
    cycle: u64,
    fails: u64,
    slow: u64,
    complaint: &'static str,
}

/// What is slow, and a bit more.
const SLOW: Duration = Duration::from_millis(25);

pub(crate) fn start(registry: &Registry) -> Result<(), Box<dyn Error>> {
    let minute = Window::time(Duration::from_secs(60));
    let mail = Policy::consecutive_failures(5)
        .progressive_expiry(Duration::from_secs(8), 2.0, Duration::from_secs(60))
        .jitter(0.1);
    let stock = Policy::failure_rate(0.3, minute).minimum_calls(20).expiry(Duration::from_secs(12));
    let search =
        Policy::slow_call_rate(0.5, Duration::from_millis(20), Window::calls(40)).expiry(Duration::from_secs(6));
    let rows = [
        (Key::new("mail").with_scope("notifications").with_kind("smtp"), mail, (150, 60, 0), "450 mailbox busy"),
        (
            Key::new("stock").with_scope("warehouse").with_kind("database"),
            stock,
            (60, 15, 0),
            "connection pool timed out",
        ),
        (Key::new("search").with_scope("catalogue").with_kind("http"), search, (45, 0, 15), "never said"),
        (
            Key::new("recommendations").with_scope("catalogue").with_kind("http"),
            Policy::new(),
            (30, 3, 0),
            "502 Bad Gateway",
        ),
        (
            Key::new("loyalty_points").with_scope("customers").with_kind("http"),
            Policy::new(),
            (u64::MAX, 0, 0),
            "never said",
        ),
        (
            Key::new("fraud_model").with_scope("payments").with_kind("grpc"),
            Policy::new(),
            (u64::MAX, 0, 0),
            "never said",
        ),
    ];
    let mut dependencies = Vec::new();
    for (key, policy, (cycle, fails, slow), complaint) in rows {
        let circuit = registry.register(key, policy)?;
        circuit.set_metadata("team", if cycle == 60 { "warehouse" } else { "storefront" }).expect("it is short");
        dependencies.push(Dependency { circuit, cycle, fails, slow, complaint });
    }
    dependencies[0].circuit.set_metadata("runbook", "https://wiki.example/mail").expect("it is short");
    dependencies[3].circuit.metrics_only_because("bob: trying the new policy");
    dependencies[5].circuit.force_open_because("alice: the model is being trained anew");
    thread::spawn(move || keep_calling(&dependencies));
    Ok(())
}

/// Somebody always wants something of everybody.
fn keep_calling(dependencies: &[Dependency]) {
    // In the middle of the first troubles, so that there is something to see at once.
    let began = Instant::now().checked_sub(Duration::from_secs(95)).unwrap_or_else(Instant::now);
    for turn in 0_u64.. {
        let second = began.elapsed().as_secs();
        for dependency in dependencies {
            dependency.call(second, turn);
        }
        thread::sleep(Duration::from_millis(60));
    }
}

impl Dependency {
    fn call(&self, second: u64, turn: u64) {
        let Self { circuit, cycle, fails, slow, complaint } = self;
        let now = second % cycle;
        let fails = now >= cycle - fails || turn % 89 == 0 && *fails > 0;
        let is_slow = !fails && *slow > 0 && now >= cycle - slow;
        let body = || {
            if is_slow {
                thread::sleep(SLOW);
            }
            fails
        };
        let classify = |fails: &bool| if *fails { Outcome::failure_because(*complaint) } else { Outcome::Success };
        // An open circuit is what this is about.
        let _ = circuit.call_with(body, classify);
    }
}
