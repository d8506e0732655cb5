//! Everything at once: random orders while random things fail. Afterwards all agree.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] =
    &tests![every_circuit_recovers_after_whatever_went_wrong, instances_agree_after_whatever_went_wrong,];

const INSTANCES: usize = 4;
const CIRCUITS: usize = 6;
const STEPS: usize = 120;
/// The longest back-off between two connections, a heartbeat, and time for a busy machine.
const HEALED: Duration = Duration::from_secs(30);

fn instances_agree_after_whatever_went_wrong() {
    let mut chaos = Chaos::new("");
    for _ in 0..STEPS {
        if chaos.random.below(20) < 12 {
            chaos.decide();
        } else {
            chaos.fault();
        }
        std::thread::sleep(Duration::from_millis(chaos.random.below(120)));
    }
    chaos.heal();
    chaos.all_agree();
}

fn every_circuit_recovers_after_whatever_went_wrong() {
    let directory = tempfile::tempdir().expect("a directory");
    let down = directory.path().join("down");
    let mut chaos = Chaos::new("failures=3,progressive=300:1.5:1500");
    for _ in 0..12 {
        // The dependency fails and recovers while other things fail.
        if chaos.random.below(2) == 0 {
            std::fs::write(&down, "").expect("a file");
        } else {
            let _ = std::fs::remove_file(&down);
        }
        chaos.calls(&down, 900);
        for _ in 0..3 {
            chaos.fault();
            std::thread::sleep(Duration::from_millis(chaos.random.below(200)));
        }
        chaos.called();
    }
    let _ = std::fs::remove_file(&down);
    chaos.heal();
    chaos.calls(&down, 8_000);
    chaos.called();
    let story = chaos.story();
    until(&format!("all are closed\n{story}"), HEALED, || {
        circuits().all(|circuit| chaos.instances.iter_mut().all(|instance| instance.call(&circuit, "ok", 1) == 1))
    });
    chaos.all_agree();
}

/// The seed of a run: that of the environment, or the time.
fn seed() -> u64 {
    let given = std::env::var("BREAKER_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
        now.as_secs() % 1_000_000 + 1
    })
}

struct Chaos {
    seed: u64,
    random: Random,
    server: Server,
    proxies: Vec<Proxy>,
    policy: String,
    instances: Vec<Instance>,
    trace: Vec<String>,
}

impl Chaos {
    fn new(policy: &str) -> Self {
        let seed = seed();
        let server = Server::start();
        let proxies: Vec<Proxy> = (0..INSTANCES).map(|_| Proxy::to(server.port())).collect();
        let policy = policy.to_owned();
        let mut chaos =
            Self { seed, random: Random(seed), server, proxies, policy, instances: Vec::new(), trace: Vec::new() };
        chaos.instances = (0..INSTANCES).map(|index| chaos.spawn(index)).collect();
        chaos
    }

    fn spawn(&self, index: usize) -> Instance {
        let options = Options::joins(&self.proxies[index].url()).with("adopt_within", 300).with("pulse", 20_000);
        let options = if index.is_multiple_of(2) { options } else { options.with("spread", "agreed:2") };
        Instance::spawn(&format!("i{index}"), &options.policy(&self.policy))
    }

    fn story(&self) -> String {
        format!("seed {}\n{}", self.seed, self.trace.join("\n"))
    }

    /// Something is decided somewhere.
    fn decide(&mut self) {
        let index = self.random.index(INSTANCES);
        let circuit = format!("c{}", self.random.index(CIRCUITS));
        let orders = ["force_open", "disable", "reset", "close", "open_for:600000", "metrics_only", "reset", "trip"];
        let order = orders[self.random.index(orders.len())];
        if order == "trip" {
            self.instances[index].trip(&circuit);
        } else {
            self.instances[index].order(&circuit, order);
        }
        self.trace.push(format!("i{index} {order} {circuit}"));
    }

    /// All instances call all circuits for some milliseconds.
    fn calls(&mut self, down: &Path, time: u64) {
        for instance in &mut self.instances {
            for circuit in circuits() {
                instance.send(&format!("load {circuit} 1 {time} 10 file:{}", down.display()));
            }
        }
        self.trace.push(format!("the dependency is {}", if down.exists() { "down" } else { "up" }));
    }

    fn called(&mut self) {
        for instance in &mut self.instances {
            instance.tell("loaded");
        }
        for instance in &mut self.instances {
            instance.answer();
        }
    }

    /// Something goes wrong.
    fn fault(&mut self) {
        let index = self.random.index(INSTANCES);
        let what = match self.random.below(8) {
            0..4 => {
                let modes = [
                    Mode::Forward,
                    Mode::Forward,
                    Mode::Delay(Duration::from_millis(100)),
                    Mode::Swallow,
                    Mode::SwallowAnswers,
                    Mode::Refuse,
                    Mode::Truncate,
                ];
                let mode = modes[self.random.index(modes.len())];
                self.proxies[index].set(mode);
                if self.random.below(2) == 0 {
                    self.proxies[index].cut();
                }
                format!("i{index}'s network: {mode:?}")
            }
            4 => {
                self.instances[index].pause();
                std::thread::sleep(Duration::from_millis(self.random.below(1_500)));
                self.instances[index].resume();
                format!("i{index} was stopped")
            }
            5 => {
                let next = self.spawn(index);
                std::mem::replace(&mut self.instances[index], next).kill();
                format!("i{index} was killed and is new")
            }
            6 => {
                let commands: [&[&str]; 4] = [
                    &["FLUSHALL"],
                    &["SCRIPT", "FLUSH"],
                    &["CLIENT", "KILL", "TYPE", "normal"],
                    &["CLIENT", "PAUSE", "300", "ALL"],
                ];
                let command = commands[self.random.index(commands.len())];
                self.server.command(command);
                command.join(" ")
            }
            _ => {
                self.server.kill();
                std::thread::sleep(Duration::from_millis(self.random.below(700)));
                self.server.run();
                "Redis was killed and is empty".to_owned()
            }
        };
        self.trace.push(what);
    }

    fn heal(&mut self) {
        for proxy in &self.proxies {
            proxy.set(Mode::Forward);
        }
        for instance in &mut self.instances {
            instance.wait_for_status("connected", 1, HEALED);
        }
    }

    fn all_agree(&mut self) {
        let story = self.story();
        until(&format!("all is settled\n{story}"), HEALED, || {
            self.instances.iter_mut().all(|instance| instance.status().number("pending") == 0)
        });
        until(&format!("all agree\n{story}"), HEALED, || self.agree());
        throughout(&format!("all agree\n{story}"), Duration::from_secs(3), || self.agree());
        // So does an instance that starts now.
        let mut late = Instance::spawn("late", &Options::joins(&self.server.url()));
        for circuit in circuits() {
            assert_eq!(late.state(&circuit), self.instances[0].state(&circuit), "{circuit} of a new instance\n{story}");
        }
    }

    fn agree(&mut self) -> bool {
        circuits().all(|circuit| {
            let states: Vec<String> = self.instances.iter_mut().map(|instance| instance.state(&circuit)).collect();
            states.iter().all(|state| *state == states[0])
        })
    }
}

fn circuits() -> impl Iterator<Item = String> {
    (0..CIRCUITS).map(|circuit| format!("c{circuit}"))
}

/// A generator of random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).expect("a length"))).expect("an index")
    }
}
