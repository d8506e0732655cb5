//! Everything at once: random orders while random things fail. Afterwards all agree.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::{throughout, until};

const INSTANCES: usize = 4;
const CIRCUITS: usize = 6;
const STEPS: usize = 120;
/// The longest back-off between two connections, a heartbeat, and time for a busy machine.
const HEALED: Duration = Duration::from_secs(30);

pub(crate) fn instances_agree_after_whatever_went_wrong() {
    let seed = std::env::var("BREAKER_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
        now.as_secs() % 1_000_000 + 1
    });
    let mut chaos = Chaos::new(seed);
    for step in 0..STEPS {
        let done = chaos.step();
        chaos.trace.push(format!("{step}: {done}"));
        std::thread::sleep(Duration::from_millis(chaos.random.below(120)));
    }
    chaos.heal();
    chaos.all_agree();
}

struct Chaos {
    seed: u64,
    random: Random,
    server: Server,
    proxies: Vec<Proxy>,
    instances: Vec<Instance>,
    trace: Vec<String>,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let server = Server::start();
        let proxies: Vec<Proxy> = (0..INSTANCES).map(|_| Proxy::to(server.port())).collect();
        let instances = (0..INSTANCES).map(|index| spawn(index, &proxies[index])).collect();
        Self { seed, random: Random(seed), server, proxies, instances, trace: Vec::new() }
    }

    /// Something happens; returns what.
    fn step(&mut self) -> String {
        let index = self.random.index(INSTANCES);
        match self.random.below(20) {
            0..12 => {
                let circuit = format!("c{}", self.random.index(CIRCUITS));
                let orders = ["force_open", "disable", "reset", "close", "open_for:600000", "metrics_only", "reset"];
                let order = orders[self.random.index(orders.len())];
                if self.random.below(4) == 0 {
                    self.instances[index].trip(&circuit);
                    return format!("i{index} trips {circuit}");
                }
                self.instances[index].order(&circuit, order);
                format!("i{index} {order} {circuit}")
            }
            12..16 => {
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
            16 => {
                self.instances[index].pause();
                std::thread::sleep(Duration::from_millis(self.random.below(1_500)));
                self.instances[index].resume();
                format!("i{index} was stopped")
            }
            17 => {
                let next = spawn(index, &self.proxies[index]);
                std::mem::replace(&mut self.instances[index], next).kill();
                format!("i{index} was killed and is new")
            }
            18 => {
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
        }
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
        let story = format!("seed {}\n{}", self.seed, self.trace.join("\n"));
        until(&format!("all is settled\n{story}"), HEALED, || {
            self.instances.iter_mut().all(|instance| instance.status().number("pending") == 0)
        });
        until(&format!("all agree\n{story}"), HEALED, || self.agree());
        throughout(&format!("all agree\n{story}"), Duration::from_secs(3), || self.agree());
        // And whoever starts now agrees with them.
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

fn spawn(index: usize, proxy: &Proxy) -> Instance {
    Instance::spawn(&format!("i{index}"), &Options::joins(&proxy.url()).with("adopt_within", 300).with("pulse", 20_000))
}

/// Xorshift.
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
