//! The process of an instance: a service with annotated functions that joins a fleet. A test
//! steers it by lines on its standard input, and each is answered by one line on its standard
//! output.

mod calls;
mod fleet;
mod history;
mod logs;
mod pulse;

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use breaker_box::{CircuitBreaker, Policy, Registry, State};
use rustix::time::{ClockId, clock_gettime};

use self::calls::Calls;
pub(crate) use self::calls::REASON;
use self::history::History;
use self::pulse::Pulse;
use super::options::{Options, policy};
use super::report::Report;

/// The first argument of a process that is an instance.
pub(crate) const INSTANCE: &str = "instance";

/// Runs the instance if this process is one, and says whether it was.
pub(crate) fn run() -> bool {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(INSTANCE) {
        return false;
    }
    let options = Options::parse(arguments);
    logs::collect(&options);
    let default = policy(options.get("policy").unwrap_or(""));
    Registry::global().set_default_policy(default).expect("a valid policy");
    let mut instance = Instance {
        history: History::of(Registry::global(), options.get("blocks").is_some()),
        pulse: options.number("pulse").map(|microseconds| Pulse::start(Duration::from_micros(microseconds))),
        fleet: None,
        calls: Calls::default(),
        policy: default,
        options,
    };
    if instance.options.get("late").is_none() {
        instance.join();
    }
    answer("ready");
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let words: Vec<&str> = line.split_whitespace().collect();
        if words == ["exit"] {
            break;
        }
        answer(&instance.obey(&words));
    }
    drop(instance.fleet.take());
    answer("bye");
    // Threads of calls that never end do not keep the process.
    std::process::exit(0);
}

fn answer(text: &str) {
    let mut output = std::io::stdout().lock();
    // A test that has ended reads no answers.
    let _ = writeln!(output, "{text}").and_then(|()| output.flush());
}

struct Instance {
    options: Options,
    policy: Policy,
    history: History,
    pulse: Option<Pulse>,
    fleet: Option<breaker_box_redis::Fleet>,
    calls: Calls,
}

impl Instance {
    fn join(&mut self) {
        self.fleet = fleet::join(&self.options, Registry::global());
    }

    fn obey(&mut self, words: &[&str]) -> String {
        let registry = Registry::global();
        match *words {
            ["call", name, outcome, times] => calls::call(name, outcome, number(times)),
            ["begin", name] => self.calls.begin(name),
            ["end", outcome] => self.calls.end(outcome),
            ["load", name, threads, time, work, outcome] => {
                self.calls.load(name, number(threads), millis(time), millis(work), outcome);
                "ok".to_owned()
            }
            ["loaded"] => self.calls.loaded(),
            ["storm", count] => calls::storm(number(count)),
            ["flicker", circuits, times] => calls::flicker(number(circuits), number(times), self.policy),
            ["open_among", count] => {
                let open = |index: &u64| registry.state(format!("storm-{index}").as_str()) == State::Open;
                (0..number(count)).filter(open).count().to_string()
            }
            ["order", name, order] => self.order(name, order, false),
            ["order", name, order, "here"] => self.order(name, order, true),
            ["state", name] => calls::circuit(name, self.policy).state().as_str().to_owned(),
            ["circuit", name] => describe(&calls::circuit(name, self.policy)),
            ["remove", name] => registry.unregister(calls::key(name)).map_or("none", |_| "ok").to_owned(),
            ["history", name] => self.history.of_circuit(name),
            ["publisher", name] => fleet::publisher(registry, &calls::key(name)),
            ["status"] => fleet::status(self.fleet.as_ref()),
            ["settled", time] => fleet::settled(self.fleet.as_ref(), millis(time)),
            ["join"] => {
                self.join();
                "ok".to_owned()
            }
            ["leave"] => {
                drop(self.fleet.take());
                "ok".to_owned()
            }
            ["pulse"] => self.pulse.as_ref().map_or_else(String::new, Pulse::report),
            ["memory"] => memory().to_string(),
            ["work"] => work().to_string(),
            ["measure", calls] => pulse::measure(number(calls)),
            _ => panic!("no command: {words:?}"),
        }
    }

    fn order(&self, name: &str, order: &str, only_here: bool) -> String {
        let give = || calls::order(name, order, self.policy);
        match &self.fleet {
            Some(fleet) if only_here => fleet.only_here(give),
            _ => give(),
        }
        "ok".to_owned()
    }
}

fn describe(circuit: &CircuitBreaker) -> String {
    let status = circuit.status();
    Report::default()
        .with("state", status.state.as_str())
        .with("openings", status.openings)
        .with("retry_after", status.retry_after.map_or(-1, |left| i64::try_from(left.as_micros()).expect("a time")))
        .with("late", status.totals.late)
        .with("rejected", status.totals.rejected)
        .with("successes", status.totals.successes)
        .with("failures", status.totals.failures)
        .with("failure_count", status.failure_count)
        .to_string()
}

/// The memory of this process in kilobytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    number(line.trim().trim_end_matches(" kB"))
}

/// How long this process has used a core, in microseconds.
fn work() -> u128 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("less than a second")).as_micros()
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text}: no number"))
}

fn millis(text: &str) -> Duration {
    Duration::from_millis(number(text))
}
