//! The guard: the main paths must not execute more instructions than what a person has committed.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::build::Build;
use crate::instructions::Counter;

/// The main paths where everything is optimized at once …
const WHOLE: &[&str] = &[
    "consecutive/handle",
    "consecutive/attribute",
    "calls/handle",
    "calls-25/handle",
    "time/handle",
    "consecutive-fail/handle",
    "calls-fail/handle",
    "open/handle",
    "open/attribute",
    "async/handle",
    "async/tower layer",
    "async-open/tower layer",
    "permit/handle",
];
/// … and those where it matters what the compiler inlines across crates.
const USERS: &[&str] = &[
    "consecutive/attribute",
    "realistic/handle",
    "realistic/attribute",
    "realistic-async/handle",
    "realistic-async/tower layer",
    "permit/handle",
];

const HEADER: &str = "\
# Instructions per call on the main paths, the guarded function included, as callgrind counts them.
# `cargo run --release -p bench -- guard` fails where one has grown by more than 5 %, or 10 % in the
# users' build: cargo's default release profile, in which unrelated code moves functions between
# codegen units.
# Changed on purpose: `cargo run --release -p bench -- guard --write`, and say why in the commit.
";

/// What is guarded in a build.
fn paths(build: Build) -> &'static [&'static str] {
    match build {
        Build::Whole => WHOLE,
        // The feature changes the paths, not what is inlined; one more build would tell nothing.
        Build::Users if cfg!(feature = "metrics") => &[],
        Build::Users => USERS,
    }
}

/// How much a figure may exceed the committed one.
fn tolerance(build: Build) -> f64 {
    match build {
        Build::Whole => 1.05,
        Build::Users => 1.1,
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

/// Compares with the committed file; false if a path has grown.
pub(crate) fn check() -> Result<bool, Box<dyn Error>> {
    let committed = fs::read_to_string(file())?;
    let mut passed = true;
    for (build, path, now) in count_all()? {
        let limit = committed_figure(&committed, &path);
        let verdict = match limit {
            None => "NOT COMMITTED",
            Some(figure) if now > figure * tolerance(build) => "GROWN",
            Some(figure) if now * tolerance(build) < figure => "less: commit it with --write",
            Some(_) => "holds",
        };
        passed &= !matches!(verdict, "NOT COMMITTED" | "GROWN");
        println!("{path:30} {now:7.1}  committed {:7.1}  {verdict}", limit.unwrap_or(f64::NAN));
    }
    Ok(passed)
}

/// Writes the file again.
pub(crate) fn write() -> Result<(), Box<dyn Error>> {
    let mut text = HEADER.to_owned();
    for (_, path, now) in count_all()? {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{path} {now:.1}");
    }
    print!("{text}");
    fs::write(file(), text)?;
    Ok(())
}

/// A build, what is guarded in it, and instructions per call.
type Counted = (Build, String, f64);

fn count_all() -> Result<Vec<Counted>, Box<dyn Error>> {
    let mut found = Vec::new();
    for build in [Build::Whole, Build::Users] {
        let paths: Vec<String> = paths(build).iter().map(|&path| path.to_owned()).collect();
        if paths.is_empty() {
            continue;
        }
        let counter = Counter::new(build.program()?).ok_or("valgrind is missing: apt-get install valgrind")?;
        let counts = counter.count(&paths)?;
        let prefix = if build == Build::Users { "users:" } else { "" };
        found.extend(
            paths.iter().zip(counts).map(|(path, count)| (build, format!("{prefix}{path}"), count.instructions)),
        );
    }
    Ok(found)
}

fn committed_figure(committed: &str, path: &str) -> Option<f64> {
    let mut figures = committed.lines().filter_map(|line| line.rsplit_once(' '));
    figures.find_map(|(name, figure)| (name == path).then(|| figure.trim().parse().ok()).flatten())
}
