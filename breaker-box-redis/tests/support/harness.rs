//! Runs tests, many at once: they wait for leases and reconnections most of the time. The harness
//! of the standard library would run two at a time on two cores. The process of an instance is this
//! program too, which that harness does not allow for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// A test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    /// It measures times, or needs the machine: it runs after the others.
    pub(crate) alone: bool,
}

/// How many tests run at once.
const AT_ONCE: usize = 6;

/// Lists the tests of a module by their functions; those after `alone` run one after another.
macro_rules! tests {
    ($($(#[$attribute:meta])* $test:ident),* $(,)? $(; alone: $($alone:ident),* $(,)?)?) => {
        [
            $(
                $(#[$attribute])*
                Test { name: concat!(module_path!(), "::", stringify!($test)), run: $test, alone: false },
            )*
            $($(Test { name: concat!(module_path!(), "::", stringify!($alone)), run: $alone, alone: true },)*)?
        ]
    };
}
pub(crate) use tests;

/// The arguments that choose tests, as those of the standard library's harness. Others are ignored.
#[derive(Default)]
struct Chosen {
    names: Vec<String>,
    skipped: Vec<String>,
    exact: bool,
    ignored: bool,
    list: bool,
}

impl Chosen {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut chosen = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--exact" => chosen.exact = true,
                "--ignored" => chosen.ignored = true,
                "--list" => chosen.list = true,
                "--skip" => chosen.skipped.extend(arguments.next()),
                "--test-threads" | "--format" | "--color" | "-Z" => drop(arguments.next()),
                option if option.starts_with('-') => {}
                _ => chosen.names.push(argument),
            }
        }
        chosen
    }

    fn includes(&self, test: &Test) -> bool {
        let fits = |text: &String| if self.exact { test.name == text } else { test.name.contains(text) };
        // No test is marked to be ignored.
        !self.ignored && (self.names.is_empty() || self.names.iter().any(fits)) && !self.skipped.iter().any(fits)
    }
}

/// Runs the tests that the arguments of the program choose.
pub(crate) fn main(tests: &[&[Test]]) -> ExitCode {
    let chosen = Chosen::parse(std::env::args().skip(1));
    let tests = tests.iter().copied().flatten().copied().filter(|test| chosen.includes(test));
    let (alone, together): (Vec<Test>, Vec<Test>) = tests.partition(|test| test.alone);
    if chosen.list {
        for test in together.iter().chain(&alone) {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", together.len() + alone.len());
    let failed = Mutex::new(Vec::new());
    let next = Mutex::new(together.iter());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(test) = take(&next) {
                    run(test, &failed);
                }
            });
        }
    });
    for test in &alone {
        run(test, &failed);
    }
    let failed = failed.into_inner().expect("no panic");
    if failed.is_empty() {
        println!("\ntest result: ok.");
        ExitCode::SUCCESS
    } else {
        println!("\ntest result: FAILED: {}", failed.join(", "));
        ExitCode::FAILURE
    }
}

fn take<'a>(next: &Mutex<impl Iterator<Item = &'a Test>>) -> Option<&'a Test> {
    next.lock().expect("no panic").next()
}

fn run(test: &Test, failed: &Mutex<Vec<&'static str>>) {
    let start = Instant::now();
    // A thread of its own, so that a panic names the test.
    let work = || catch_unwind(AssertUnwindSafe(test.run)).is_ok();
    let passed = thread::scope(|scope| {
        let thread = thread::Builder::new().name(test.name.to_owned()).spawn_scoped(scope, work);
        thread.expect("a thread").join().unwrap_or(false)
    });
    let seconds = start.elapsed().as_secs_f64();
    println!("test {} ... {} ({seconds:.1} s)", test.name, if passed { "ok" } else { "FAILED" });
    if !passed {
        failed.lock().expect("no panic").push(test.name);
    }
}
