//! The guard: the main paths must not execute more instructions than what a person has committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::instructions::Counter;

/// The main paths.
const GUARDED: [&str; 10] = [
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
];

/// How much a figure may exceed the committed one.
const TOLERANCE: f64 = 1.05;

const HEADER: &str = "\
# Instructions per call on the main paths, the guarded function included, as callgrind counts them.
# `cargo run --release -p bench -- guard` fails where one has grown by more than 5 %.
# Changed on purpose: `cargo run --release -p bench -- guard --write`, and say why in the commit.
";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

/// Compares with the committed file; false if a path has grown.
pub(crate) fn check() -> io::Result<bool> {
    let committed = fs::read_to_string(file())?;
    let mut passed = true;
    for (path, now) in count_all()? {
        let limit = committed_figure(&committed, path);
        let verdict = match limit {
            None => "NOT COMMITTED",
            Some(figure) if now > figure * TOLERANCE => "GROWN",
            Some(figure) if now * TOLERANCE < figure => "less: commit it with --write",
            Some(_) => "holds",
        };
        passed &= !matches!(verdict, "NOT COMMITTED" | "GROWN");
        println!("{path:26} {now:7.1}  committed {:7.1}  {verdict}", limit.unwrap_or(f64::NAN));
    }
    Ok(passed)
}

/// Writes the file again.
pub(crate) fn write() -> io::Result<()> {
    let mut text = HEADER.to_owned();
    for (path, now) in count_all()? {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{path} {now:.1}");
    }
    print!("{text}");
    fs::write(file(), text)
}

fn count_all() -> io::Result<Vec<(&'static str, f64)>> {
    let counter = Counter::new(env::current_exe()?)
        .ok_or_else(|| io::Error::other("valgrind is missing: apt-get install valgrind"))?;
    let counts = counter.count(&GUARDED.map(str::to_owned))?;
    Ok(GUARDED.into_iter().zip(counts).map(|(path, count)| (path, count.instructions)).collect())
}

fn committed_figure(committed: &str, path: &str) -> Option<f64> {
    let mut figures = committed.lines().filter_map(|line| line.split_once(' '));
    figures.find_map(|(name, figure)| (name == path).then(|| figure.trim().parse().ok()).flatten())
}
