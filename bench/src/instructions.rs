//! Instructions per call, counted by callgrind: the difference of two loop lengths.

mod locked;

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// What one call executes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerCall {
    pub(crate) instructions: f64,
    /// `lock`-prefixed ones, and exchanges with memory, which lock without a prefix.
    pub(crate) locked: f64,
}

const SHORT: u32 = 1_000;
const LONG: u32 = 11_000;

/// Counts with callgrind.
pub(crate) struct Counter {
    /// The addresses of the locked instructions in this program.
    locked: HashSet<u64>,
}

impl Counter {
    /// `None` where there is no valgrind.
    pub(crate) fn new() -> Option<Self> {
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().ok()?;
        Some(Self { locked: env::current_exe().and_then(|program| locked::addresses(&program)).unwrap_or_default() })
    }

    /// Instructions of one call of a case.
    pub(crate) fn count(&self, case: &str) -> io::Result<PerCall> {
        let (short, long) = (self.run(case, SHORT)?, self.run(case, LONG)?);
        let calls = f64::from(LONG - SHORT);
        let per_call = |short: u64, long: u64| {
            #[allow(clippy::cast_precision_loss)] // Counts stay far below 2^53.
            let difference = long.saturating_sub(short) as f64;
            difference / calls
        };
        Ok(PerCall { instructions: per_call(short.0, long.0), locked: per_call(short.1, long.1) })
    }

    /// All instructions, and the locked ones, of a process that makes so many calls.
    fn run(&self, case: &str, calls: u32) -> io::Result<(u64, u64)> {
        let file = env::temp_dir().join(format!("breaker-box-callgrind-{}", std::process::id()));
        let output = Command::new("valgrind")
            .args([
                "--tool=callgrind",
                "--dump-instr=yes",
                "--dump-line=no",
                "--compress-strings=no",
                "--compress-pos=no",
            ])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(env::current_exe()?)
            .args(["count", case, &calls.to_string()])
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        let profile = fs::read_to_string(&file)?;
        fs::remove_file(&file)?;
        Ok(locked::count_instructions(&profile, &self.locked))
    }
}
