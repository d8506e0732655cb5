//! Times. These tests run alone.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::report::Report;
use crate::support::server::Server;
use crate::support::until;

pub(crate) const TESTS: &[Test] = &tests![

    ; alone:
    an_opening_is_everywhere_among_fifty_processes_within_fifty_milliseconds,
    with_redis_dead_or_silent_calls_take_what_they_take_without_a_fleet,
];

const SOON: Duration = Duration::from_secs(60);

/// Openings in a round.
const ROUND: usize = 10;
/// Something else on the machine may disturb some of the rounds.
const ROUNDS: usize = 12;

fn an_opening_is_everywhere_among_fifty_processes_within_fifty_milliseconds() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("pulse", 1_000_000).with("heartbeat", 5_000);
    let mut instances = Instance::spawn_many(50, &options);
    for instance in &mut instances {
        instance.wait_for_status("connected", 1, SOON);
        for opening in 0..ROUND * ROUNDS {
            instance.call(&format!("payment-{opening}"), "ok", 1);
            // So that most circuits are closed, or an instance would doubt itself.
            instance.call(&format!("healthy-{opening}"), "ok", 1);
        }
    }
    let is_fast = (0..ROUNDS).any(|round| {
        let openings = round * ROUND..(round + 1) * ROUND;
        let mut times: Vec<Duration> = openings.flat_map(|opening| spread(&mut instances, opening)).collect();
        times.sort_unstable();
        let [median, slowest] = [50, 99].map(|percent| times[times.len() * percent / 100]);
        println!("an opening in fifty processes: median {median:?}, p99 {slowest:?}");
        let is_fast = slowest < Duration::from_millis(50);
        if !is_fast {
            std::thread::sleep(Duration::from_secs(1));
        }
        is_fast
    });
    assert!(is_fast);
}

/// How long an opening takes to each of the other instances.
fn spread(instances: &mut [Instance], opening: usize) -> Vec<Duration> {
    let circuit = format!("payment-{opening}");
    let opener = opening % instances.len();
    instances[opener].fail(&circuit);
    // No queries while it spreads: the instances note the time themselves.
    std::thread::sleep(Duration::from_millis(200));
    let begun = instances[opener].when(&circuit, "closed:open:consecutive_failures");
    let others = instances.iter_mut().enumerate().filter(|(index, _)| *index != opener);
    others.map(|(_, instance)| instance.when(&circuit, "closed:open:remote").saturating_sub(begun)).collect()
}

fn with_redis_dead_or_silent_calls_take_what_they_take_without_a_fleet() {
    let mut server = Server::start();
    let silent = Server::start();
    let join = |server: &Server| Instance::spawn("joined", &Options::joins(&server.url()).with("pulse", 0));
    let (mut with_dead, mut with_silent) = (join(&server), join(&silent));
    let mut alone = Instance::spawn("alone", &Options::alone().with("pulse", 0));
    server.kill();
    silent.pause();
    for joined in [&mut with_dead, &mut with_silent] {
        joined.wait_for_status("connected", 0, SOON);
        // Something else on the machine may disturb one measurement.
        until("they are alike", SOON, || {
            let [of_joined, of_alone] = [measure(joined), measure(&mut alone)];
            println!("median and p99.9 of a call in ns: {of_joined:?} with a fleet, {of_alone:?} without");
            (0..2).all(|index| of_joined[index] * 10 <= of_alone[index] * 12 + 100)
        });
    }
}

/// The median and the p99.9 of many calls, in nanoseconds.
fn measure(instance: &mut Instance) -> [i64; 2] {
    let report = Report::parse(&instance.send("measure 1000000"));
    assert_eq!(report.number("failed"), 0);
    [report.number("median"), report.number("slowest")]
}
