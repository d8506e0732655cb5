//! One instance of the service: an annotated function, a fleet to join, and commands on the
//! standard input. What happens is reported on the standard output, a line each.

use std::error::Error;
use std::io::{self, BufRead};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitOpenError, EventKind, EventType, Filter, Registry, circuit_breaker};
use breaker_box_redis::Fleet;
use reqwest::blocking::Client;

/// The circuit that all instances share.
pub(crate) const CIRCUIT: &str = "payment_api";

#[derive(Debug, thiserror::Error)]
enum PaymentError {
    #[error("no answer: {0}")]
    Failed(#[from] reqwest::Error),
    #[error(transparent)]
    Rejected(#[from] CircuitOpenError),
}

/// All that the calls need. Nothing here knows that there is a fleet.
#[circuit_breaker(identifier = "payment_api", failure_threshold = 5, expiry = "1500ms")]
fn pay(http: &Client, service: &str) -> Result<String, PaymentError> {
    Ok(http.get(service).send()?.error_for_status()?.text()?)
}

/// Runs until the standard input ends or says `quit`.
pub(crate) fn run(name: &str, service: &str, store: Option<&str>) -> Result<(), Box<dyn Error>> {
    let registry = Registry::global();
    let _watch = registry.subscribe(Filter::all().events([EventType::StateChanged]), |event| {
        if let EventKind::StateChanged { to, cause, .. } = &event.kind {
            println!("state {} {}", to.as_str(), cause.as_str());
        }
    });
    let fleet = store.map(|store| join(name, store)).transpose()?;
    let http = Client::builder().no_proxy().build()?;
    let calls = Calls::default();
    println!("started");

    thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let caller = scope.spawn(|| calls.make(&http, service));
        for line in io::stdin().lock().lines() {
            match line?.split(' ').collect::<Vec<_>>().as_slice() {
                ["call", "every", millis] => calls.pause(Duration::from_millis(millis.parse()?)),
                ["halt"] => calls.pause(Calls::HALTED),
                ["call"] => println!("called {}", outcome(&pay(&http, service))),
                ["force_open"] => registry.force_open(CIRCUIT)?,
                ["reset"] => registry.reset(CIRCUIT)?,
                ["instances"] => match &fleet {
                    Some(fleet) if fleet.status().connected => println!("instances {}", fleet.status().instances),
                    _ => println!("instances unknown"),
                },
                ["waits"] => println!("waits {}", calls.longest_rejection().as_micros()),
                ["quit"] => break,
                other => return Err(format!("unknown command {other:?}").into()),
            }
        }
        calls.pause(Calls::ENDED);
        caller.join().map_err(|_| "the caller panicked")?;
        Ok(())
    })
}

/// All that a service needs to share its circuits.
fn join(name: &str, store: &str) -> Result<Fleet, Box<dyn Error>> {
    let fleet = Fleet::builder(store)
        .prefix("example")
        .instance(name)
        .heartbeat(Duration::from_secs(1))
        .lease(Duration::from_secs(1))
        .join(Registry::global())?;
    Ok(fleet)
}

fn outcome(result: &Result<String, PaymentError>) -> &'static str {
    match result {
        Ok(_) => "succeeded",
        Err(PaymentError::Failed(_)) => "failed",
        Err(PaymentError::Rejected(_)) => "rejected",
    }
}

/// Calls at a pace that can be changed, and how long the rejected ones took.
struct Calls {
    pause: AtomicU64,
    rejections: Mutex<Vec<Duration>>,
}

impl Default for Calls {
    fn default() -> Self {
        let halted = u64::try_from(Self::HALTED.as_millis()).unwrap_or(u64::MAX);
        Self { pause: AtomicU64::new(halted), rejections: Mutex::default() }
    }
}

impl Calls {
    const HALTED: Duration = Duration::from_secs(3_600);
    const ENDED: Duration = Duration::from_secs(7_200);

    fn pause(&self, pause: Duration) {
        // Relaxed: a number that nothing else depends on.
        self.pause.store(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn make(&self, http: &Client, service: &str) {
        loop {
            // Relaxed: as above.
            let pause = Duration::from_millis(self.pause.load(Ordering::Relaxed));
            match pause {
                Self::ENDED => return,
                Self::HALTED => thread::sleep(Duration::from_millis(10)),
                pause => {
                    let begin = Instant::now();
                    if let Err(PaymentError::Rejected(_)) = pay(http, service) {
                        let mut rejections = self.rejections.lock().unwrap_or_else(PoisonError::into_inner);
                        rejections.push(begin.elapsed());
                    }
                    thread::sleep(pause);
                }
            }
        }
    }

    /// The longest of the rejected calls, the slowest hundredth of them left out: on a busy machine
    /// any thread is interrupted at times.
    fn longest_rejection(&self) -> Duration {
        let mut rejections = self.rejections.lock().unwrap_or_else(PoisonError::into_inner);
        rejections.sort_unstable();
        rejections.get(rejections.len() * 99 / 100).copied().unwrap_or_default()
    }
}
