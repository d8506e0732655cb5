//! Instructions per call, counted by callgrind.

mod locked;

use std::collections::HashSet;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use crate::subjects;

/// What one call executes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerCall {
    pub(crate) instructions: f64,
    /// `lock`-prefixed ones, and exchanges with memory, which lock without a prefix.
    pub(crate) locked: f64,
}

/// What happens once has happened after so many calls.
const BEFORE: u64 = 1_000;
const COUNTED: u32 = 10_000;

/// Counts with callgrind.
pub(crate) struct Counter {
    program: PathBuf,
    /// The addresses of the locked instructions in the program.
    locked: HashSet<u64>,
}

impl Counter {
    /// Counts the instructions of a build of this program. `None` where there is no valgrind.
    pub(crate) fn new(program: PathBuf) -> Option<Self> {
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().ok()?;
        Some(Self { locked: locked::addresses(&program).unwrap_or_default(), program })
    }

    /// Instructions of one call of each of these cases, all counted in one process.
    pub(crate) fn count(&self, cases: &[String]) -> io::Result<Vec<PerCall>> {
        let folder = env::temp_dir().join(format!("breaker-box-callgrind-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let counts = self.profile(cases, &folder);
        fs::remove_dir_all(&folder)?;
        counts
    }

    fn profile(&self, cases: &[String], folder: &Path) -> io::Result<Vec<PerCall>> {
        let profile = folder.join("profile");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--dump-instr=yes", "--dump-line=no"])
            .args(["--compress-strings=no", "--compress-pos=no", "--dump-before=*end_of_part*"])
            .arg(format!("--callgrind-out-file={}", profile.display()))
            .arg(&self.program)
            .arg("count-all")
            .args(cases)
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        // Two parts for each case: before, and counted. Parts are numbered from 1.
        let of_case = |number: usize| {
            let part = fs::read_to_string(profile.with_extension((2 * number + 2).to_string()))?;
            let (all, locked) = locked::count_instructions(&part, &self.locked);
            #[allow(clippy::cast_precision_loss)] // Counts stay far below 2^53.
            let per_call = |executed: u64| executed as f64 / f64::from(COUNTED);
            Ok(PerCall { instructions: per_call(all), locked: per_call(locked) })
        };
        (0..cases.len()).map(of_case).collect()
    }
}

/// What runs under callgrind.
pub(crate) fn make_calls(cases: &[&str]) -> Result<(), Box<dyn Error>> {
    for name in cases {
        let run = (subjects::find(name)?.make)();
        let mut turn = 0;
        run.run(&mut turn, BEFORE);
        end_of_part();
        run.run(&mut turn, COUNTED.into());
        end_of_part();
    }
    Ok(())
}

/// callgrind writes what it has counted before it enters this.
#[inline(never)]
fn end_of_part() {
    black_box(());
}
