//! Compares the cost of breaker-box with its peers: times, instructions, allocations. See
//! `docs/performance.md`.

mod allocations;
mod attribute_cost;
mod case;
mod chart;
#[cfg(feature = "fleet")]
mod fleet;
mod goals;
mod guard;
mod guarded_function;
mod instructions;
mod many_circuits;
mod measure;
mod results;
mod run;
mod scale;
mod subjects;
mod table;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, io};

use crate::case::Case;

const USAGE: &str = "\
table [ROUNDS]        the whole table; writes docs/performance-table.md and docs/performance.svg
list                  the names of all cases
case NAME [THREADS]   one case for ten seconds, for a profiler
count NAME CALLS      so many calls of one case, for callgrind
instructions [PART]   instructions and locked instructions per call of the cases whose name holds PART
scale                 a million keyed circuits
attribute [FUNCTIONS] what the attribute adds to compile time, program and futures
fleet                 what a fleet costs; with the feature fleet, and redis-server
guard [--write]       the instruction counts of the main paths against bench/instructions.txt";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["table"] => table(33)?,
        ["table", rounds] => table(rounds.parse()?)?,
        ["list"] => subjects::all().iter().for_each(|case| println!("{:40} {}", case.name(), case.configuration)),
        ["case", name] => profile(&find(name)?, 1),
        ["case", name, threads] => profile(&find(name)?, threads.parse()?),
        ["count", name, calls] => (find(name)?.make)().run(&mut 0, calls.parse()?),
        ["instructions"] => instructions("")?,
        ["instructions", part] => instructions(part)?,
        ["attribute"] => println!("{}", attribute_cost::report(500)?),
        ["attribute", functions] => println!("{}", attribute_cost::report(functions.parse()?)?),
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
    let results = results::Results::measure(rounds);
    let markdown = table::markdown(&results);
    println!("{markdown}");
    let documents = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    fs::write(format!("{documents}/performance-table.md"), markdown)?;
    chart::draw(&results, &format!("{documents}/performance.svg"))
}

fn find(name: &str) -> Result<Case, String> {
    subjects::all()
        .into_iter()
        .find(|case| case.name() == name)
        .ok_or_else(|| format!("no case is called {name}; see list"))
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
    let counter = instructions::Counter::new().ok_or_else(|| io::Error::other("valgrind is missing"))?;
    for case in subjects::all().iter().filter(|case| case.name().contains(part) && case.group != case::TASKS) {
        let count = counter.count(&case.name())?;
        println!("{:40} {:8.1} instructions, {:.2} locked", case.name(), count.instructions, count.locked);
    }
    Ok(())
}
