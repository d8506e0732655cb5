//! Compares the cost of breaker-box with its peers: times, instructions, allocations. See
//! `docs/performance.md`.

mod allocations;
mod attribute_cost;
mod build;
mod case;
mod chart;
mod dependency_cost;
#[cfg(feature = "fleet")]
mod fleet;
mod goals;
mod guard;
mod guarded_function;
mod instructions;
mod many_circuits;
mod measure;
mod neighbour;
mod results;
mod rounds;
mod run;
mod scale;
mod scratch;
mod subjects;
mod table;
mod times;
mod worker;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, io};

use crate::build::Build;
use crate::case::Case;
use crate::results::Results;

const USAGE: &str = "\
table [ROUNDS]        the whole table, in both builds; writes docs/performance-table.md and docs/performance.svg
list                  the names of all cases
case NAME [THREADS]   one case for ten seconds, for a profiler
compare PART [ROUNDS] the times of the groups whose name holds PART, in both builds
instructions [PART]   instructions and locked instructions per call of the cases whose name holds PART
scale                 a million keyed circuits
attribute [FUNCTIONS] what the attribute adds to compile time, program and futures
dependency            packages and compile time of a dependency on this library, and on peers
fleet                 what a fleet costs; with the feature fleet, and redis-server
neighbour             what a busy process beside it does to a call
guard [--write]       the instruction counts of the main paths against bench/instructions.txt";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["table"] => table(60)?,
        ["table", rounds] => table(rounds.parse()?)?,
        // What `table` starts in each build.
        ["worker"] => worker::serve()?,
        ["neighbour"] => println!("{}", neighbour::report()?),
        // The neighbour.
        ["busy"] => neighbour::compute(),
        ["list"] => subjects::all().iter().for_each(|case| println!("{:40} {}", case.name(), case.configuration)),
        ["case", name] => profile(&subjects::find(name)?, 1),
        ["case", name, threads] => profile(&subjects::find(name)?, threads.parse()?),
        ["compare", part] => println!("{}", table::groups(&Results::only_times(part, 50)?)),
        ["compare", part, rounds] => println!("{}", table::groups(&Results::only_times(part, rounds.parse()?)?)),
        // What `instructions` and `guard` start under callgrind.
        ["count-all", ref names @ ..] => instructions::make_calls(names)?,
        ["instructions"] => instructions("")?,
        ["instructions", part] => instructions(part)?,
        ["attribute"] => println!("{}", attribute_cost::report(500)?),
        ["attribute", functions] => println!("{}", attribute_cost::report(functions.parse()?)?),
        ["dependency"] => println!("{}", dependency_cost::report()?),
        ["scale"] => println!("{}", scale::report()),
        #[cfg(feature = "fleet")]
        ["fleet"] => fleet::report()?,
        #[cfg(feature = "fleet")]
        ["fleet-instance", url, prefix] => fleet::run_instance(url, prefix)?,
        ["guard"] if !guard::check()? => return Ok(ExitCode::FAILURE),
        ["guard"] => {}
        ["guard", "--write"] => guard::write()?,
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(rounds: usize) -> Result<(), Box<dyn Error>> {
    let results = Results::measure(rounds)?;
    let markdown = table::markdown(&results);
    println!("{markdown}");
    let documents = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    fs::write(format!("{documents}/performance-table.md"), markdown)?;
    chart::draw(&results, Build::Users, &format!("{documents}/performance.svg"))
}

/// Batches with a fresh subject each second.
fn profile(case: &Case, threads: usize) {
    println!("{}: {}", case.name(), case.configuration);
    for _ in 0..10 {
        let batch = measure::batch(&*(case.make)(), threads, Duration::from_secs(1));
        println!("{:.2} ns per call and thread{}", batch.nanoseconds, if batch.disturbed { ", disturbed" } else { "" });
    }
}

fn instructions(part: &str) -> io::Result<()> {
    let counter =
        instructions::Counter::new(env::current_exe()?).ok_or_else(|| io::Error::other("valgrind is missing"))?;
    let cases = subjects::all();
    let chosen = cases.iter().filter(|case| case.name().contains(part) && case.group != case::TASKS);
    let names: Vec<String> = chosen.map(Case::name).collect();
    for (name, count) in names.iter().zip(counter.count(&names)?) {
        println!("{name:40} {:8.1} instructions, {:.2} locked", count.instructions, count.locked);
    }
    Ok(())
}
