//! The annotated functions of an instance, and how they are called.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, CircuitOpenError, Key, Outcome, Policy, Registry, circuit_breaker};

use super::super::process::{now, since};
use super::super::report::Report;

/// What comes back from the dependency.
#[derive(Debug)]
enum CallError {
    Rejected,
    Failed,
    RetryAfter(Duration),
}

impl From<CircuitOpenError> for CallError {
    fn from(_: CircuitOpenError) -> Self {
        Self::Rejected
    }
}

/// Part of every reason, and of no line that another instance logs.
pub(crate) const REASON: &str = "card-4711";

fn judge(result: &Result<(), CallError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Success,
        Err(CallError::RetryAfter(time)) => Outcome::trip_for(*time),
        Err(_) => Outcome::failure_because(REASON),
    }
}

#[circuit_breaker(identifier = "{name}", error_handler = judge)]
fn request(name: &str, dependency: impl FnOnce() -> Result<(), CallError>) -> Result<(), CallError> {
    dependency()
}

/// The circuit of the payments team.
#[circuit_breaker(identifier = "{name}", scope = "payments", error_handler = judge)]
fn payment(name: &str, dependency: impl FnOnce() -> Result<(), CallError>) -> Result<(), CallError> {
    dependency()
}

/// `scope/identifier`, or an identifier.
fn guarded(name: &str, dependency: impl FnOnce() -> Result<(), CallError>) -> Result<(), CallError> {
    match name.strip_prefix("payments/") {
        Some(identifier) => payment(identifier, dependency),
        None => request(name, dependency),
    }
}

/// The key of the circuit that a name stands for.
pub(crate) fn key(name: &str) -> Key {
    match name.strip_prefix("payments/") {
        Some(identifier) => Key::new(identifier).with_scope("payments"),
        None => Key::new(name),
    }
}

/// `ok`, `fail`, `trip:N` with milliseconds, or `file:PATH`, which fails while there is such a
/// file.
fn result(outcome: &str) -> Result<(), CallError> {
    match outcome.split_once(':') {
        None if outcome == "ok" => Ok(()),
        None if outcome == "fail" => Err(CallError::Failed),
        Some(("trip", time)) => Err(CallError::RetryAfter(super::millis(time))),
        Some(("file", path)) if std::fs::exists(path).expect("a path") => Err(CallError::Failed),
        Some(("file", _)) => Ok(()),
        _ => panic!("{outcome}: no outcome"),
    }
}

/// Calls a number of times and says how many calls were admitted.
pub(crate) fn call(name: &str, outcome: &str, times: u64) -> String {
    let admitted = (0..times).filter(|_| !matches!(guarded(name, || result(outcome)), Err(CallError::Rejected)));
    admitted.count().to_string()
}

/// Opens many circuits, and says how long that took. By trips, because an instance does not vote
/// when most of its circuits are open.
pub(crate) fn storm(count: u64) -> String {
    let start = Instant::now();
    for index in 0..count {
        let _ = guarded(&format!("storm-{index}"), || Err(CallError::RetryAfter(Duration::from_secs(600))));
    }
    start.elapsed().as_micros().to_string()
}

/// Orders of all kinds for some circuits in turn; in the end all of them are forced open.
pub(crate) fn flicker(circuits: u64, times: u64, policy: Policy) -> String {
    let orders = ["open", "reset", "disable", "close", "force_open"];
    let last = (0..circuits).map(|index| (index, "force_open"));
    for (index, given) in
        (0..times).zip(orders.into_iter().cycle()).map(|(time, given)| (time % circuits, given)).chain(last)
    {
        order(&format!("storm-{index}"), given, policy);
    }
    "ok".to_owned()
}

/// The circuit of this name, which is made if there is none.
pub(crate) fn circuit(name: &str, policy: Policy) -> CircuitBreaker {
    Registry::global().get_or_register(key(name), policy).expect("a circuit")
}

/// Gives a manual order to a circuit.
pub(crate) fn order(name: &str, order: &str, policy: Policy) {
    let circuit = circuit(name, policy);
    match order.split_once(':') {
        Some(("open_for", time)) => circuit.open_for(super::millis(time)),
        Some(("force_open", reason)) => circuit.force_open_because(reason),
        None if order == "open" => circuit.open(),
        None if order == "close" => circuit.close(),
        None if order == "reset" => circuit.reset(),
        None if order == "force_open" => circuit.force_open_because(REASON),
        None if order == "disable" => circuit.disable(),
        None if order == "metrics_only" => circuit.metrics_only(),
        _ => panic!("{order}: no order"),
    }
}

/// Calls that are in flight.
#[derive(Default)]
pub(crate) struct Calls {
    begun: Vec<(mpsc::Sender<String>, JoinHandle<()>)>,
    loads: Vec<JoinHandle<Load>>,
}

/// What a thread of a load saw.
#[derive(Default)]
struct Load {
    rejected: u64,
    /// When each admitted call began and ended.
    admitted: Vec<(Duration, Duration)>,
    /// The longest that a rejection took.
    longest: Duration,
}

impl Calls {
    /// Begins a call that goes on until it is ended, and says whether it was admitted.
    pub(crate) fn begin(&mut self, name: &str) -> String {
        let (end, ended) = mpsc::channel::<String>();
        let (admit, admitted) = mpsc::channel();
        let name = name.to_owned();
        let thread = thread::spawn(move || {
            let admit_inside = admit.clone();
            let outcome = guarded(&name, move || {
                let _ = admit_inside.send(true);
                result(&ended.recv().unwrap_or_else(|_| "ok".to_owned()))
            });
            let _ = admit.send(!matches!(outcome, Err(CallError::Rejected)));
        });
        let was_admitted = admitted.recv().expect("an answer");
        if was_admitted {
            self.begun.push((end, thread));
        }
        if was_admitted { "1" } else { "0" }.to_owned()
    }

    /// Ends the oldest call that was begun.
    pub(crate) fn end(&mut self, outcome: &str) -> String {
        let (end, thread) = self.begun.remove(0);
        end.send(outcome.to_owned()).expect("a call in flight");
        thread.join().expect("no panic");
        "ok".to_owned()
    }

    /// Calls on many threads for a while. Each call takes the time of `work`, and so does the pause
    /// after it.
    pub(crate) fn load(&mut self, name: &str, threads: u64, time: Duration, work: Duration, outcome: &str) {
        for _ in 0..threads {
            let (name, outcome) = (name.to_owned(), outcome.to_owned());
            self.loads.push(thread::spawn(move || {
                let mut load = Load::default();
                let end = Instant::now() + time;
                while Instant::now() < end {
                    let asked = now();
                    let mut admitted = None;
                    let answer = guarded(&name, || {
                        let begun = now();
                        thread::sleep(work);
                        admitted = Some((begun, now()));
                        result(&outcome)
                    });
                    if let Some(span) = admitted {
                        load.admitted.push(span);
                    } else {
                        assert!(matches!(answer, Err(CallError::Rejected)));
                        load.rejected += 1;
                        load.longest = load.longest.max(since(asked));
                    }
                    thread::sleep(work);
                }
                load
            }));
        }
    }

    /// Waits for the end of the loads. Admitted calls are listed as `begin-end` in microseconds.
    pub(crate) fn loaded(&mut self) -> String {
        let loads: Vec<Load> = self.loads.drain(..).map(|thread| thread.join().expect("no panic")).collect();
        let spans: Vec<String> = loads
            .iter()
            .flat_map(|load| &load.admitted)
            .map(|(begin, end)| format!("{}-{}", begin.as_micros(), end.as_micros()))
            .collect();
        Report::default()
            .with("rejected", loads.iter().map(|load| load.rejected).sum::<u64>())
            .with("longest", loads.iter().map(|load| load.longest.as_micros()).max().unwrap_or(0))
            .with("spans", spans.join(","))
            .to_string()
    }
}
