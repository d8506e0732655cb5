//! Commands per second that reach Redis, its bytes per open circuit, and its time per opening.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, Policy, Registry};
use redis::{Client, Connection, cmd};

use super::figures::millis;
use super::joined::join;
use super::server::Store;
use crate::many_circuits::resident;

const CIRCUITS: u32 = 10_000;
const PER_SECOND: u32 = 100_000;

pub(crate) fn report(store: &Store) -> Result<(), Box<dyn Error>> {
    let mut redis = Client::open(store.url())?.get_connection()?;
    let registry = Registry::new();
    let fleet = join(&registry, &store.url(), "commands")?;
    let breaker = registry.register("payment_api", Policy::new())?;

    let idle = commands_during(&mut redis, Duration::from_secs(20), |_| {})?;
    println!("scripts per second of one instance, idle: {idle:.2}");
    let busy = commands_during(&mut redis, Duration::from_secs(20), |until| call_at_pace(&breaker, until))?;
    println!("scripts per second of one instance with {PER_SECOND} calls/s on a closed circuit: {busy:.2}");

    cmd("CONFIG").arg("RESETSTAT").exec(&mut redis)?;
    let alone = Registry::new();
    let resident_before = resident();
    open_all(&alone)?;
    let grown_alone = resident().saturating_sub(resident_before);
    let (before, resident_before) = (used_memory(&mut redis)?, resident());
    let begin = Instant::now();
    open_all(&registry)?;
    let ordered = begin.elapsed();
    fleet.settled(Duration::from_mins(5))?;
    let settled = begin.elapsed();
    let grown = used_memory(&mut redis)?.saturating_sub(before);
    let grown_here = resident().saturating_sub(resident_before);
    println!(
        "bytes of the instance per open circuit: {} alone, {} in a fleet",
        grown_alone / u64::from(CIRCUITS),
        grown_here / u64::from(CIRCUITS)
    );
    println!(
        "{CIRCUITS} openings at once: ordered in {:.1} ms, in Redis after {:.1} s, {} bytes of Redis per open circuit, {:.1} µs of its \
         script time per opening",
        millis(ordered),
        settled.as_secs_f64(),
        grown / u64::from(CIRCUITS),
        script_time(&mut redis)?.as_secs_f64() * 1e6 / f64::from(CIRCUITS)
    );
    Ok(())
}

fn open_all(registry: &Registry) -> Result<(), Box<dyn Error>> {
    for number in 0..CIRCUITS {
        registry.get_or_register(format!("circuit-{number}"), Policy::new())?.open_for(Duration::from_mins(10));
    }
    Ok(())
}

/// How many scripts were run for the instance in a second.
fn commands_during(
    redis: &mut Connection,
    length: Duration,
    work: impl FnOnce(Instant),
) -> Result<f64, Box<dyn Error>> {
    let until = Instant::now() + length;
    let before = scripts(redis, "calls=")?;
    work(until);
    thread::sleep(until.saturating_duration_since(Instant::now()));
    let after = scripts(redis, "calls=")?;
    #[allow(clippy::cast_precision_loss)] // A few thousand commands.
    let commands = (after - before) as f64;
    Ok(commands / length.as_secs_f64())
}

fn call_at_pace(breaker: &CircuitBreaker, until: Instant) {
    let begin = Instant::now();
    let mut calls = 0;
    while Instant::now() < until {
        for _ in 0..PER_SECOND / 1_000 {
            let _ = breaker.call(|| Ok::<u64, u64>(1));
        }
        calls += 1;
        thread::sleep((begin + Duration::from_millis(calls)).saturating_duration_since(Instant::now()));
    }
}

fn used_memory(redis: &mut Connection) -> Result<u64, Box<dyn Error>> {
    number(redis, "memory", "used_memory")
}

/// What all scripts took since the statistics were reset.
fn script_time(redis: &mut Connection) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::from_micros(scripts(redis, "usec=")?))
}

/// The sum of a statistic over the commands that run scripts. An instance that has subscribed sends
/// no others.
fn scripts(redis: &mut Connection, statistic: &str) -> Result<u64, Box<dyn Error>> {
    let text: String = cmd("INFO").arg("commandstats").query(redis)?;
    let lines = text.lines().filter(|line| line.starts_with("cmdstat_eval"));
    Ok(lines
        .filter_map(|line| line.split([',', ':']).find_map(|part| part.strip_prefix(statistic))?.parse::<u64>().ok())
        .sum())
}

fn number(redis: &mut Connection, section: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let text: String = cmd("INFO").arg(section).query(redis)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(line.ok_or_else(|| format!("INFO {section} has no {name}"))?.trim().parse()?)
}
