//! The command line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The options of a run.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub(crate) length: Duration,
    pub(crate) threads: usize,
    pub(crate) tasks: usize,
    pub(crate) circuits: usize,
    pub(crate) seed: u64,
}

pub(crate) const USAGE: &str = "\
soak [SECONDS] [--threads N] [--tasks N] [--circuits N] [--seed N]

SECONDS     length of the run, 60 by default; for longer runs use --release
--threads   threads that call, 8 by default
--tasks     asynchronous tasks that call, 64 by default
--circuits  circuits on the manual clock, 2000 by default; a quarter as many run on real time
--seed      seed of all random decisions; by default another one each time";

impl Arguments {
    /// Reads the words after the program's name.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = u64::from(since_1970.subsec_nanos()) ^ since_1970.as_secs();
        let mut arguments = Self { length: Duration::from_secs(60), threads: 8, tasks: 64, circuits: 2_000, seed };
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or_else(|| format!("{word} N"));
            match &*word {
                "--threads" => arguments.threads = number()?,
                "--tasks" => arguments.tasks = number()?,
                "--circuits" => arguments.circuits = number()?,
                "--seed" => arguments.seed = number()? as u64,
                seconds => {
                    let seconds = seconds.parse().map_err(|_| format!("`{seconds}` is not a number of seconds"))?;
                    arguments.length = Duration::from_secs(seconds);
                }
            }
        }
        if arguments.circuits < 32 {
            return Err("at least 32 circuits".to_owned());
        }
        Ok(arguments)
    }

    /// The command that repeats this run.
    pub(crate) fn command(&self) -> String {
        let Self { length, threads, tasks, circuits, seed } = self;
        let seconds = length.as_secs();
        format!(
            "cargo run --release -p soak -- {seconds} --threads {threads} --tasks {tasks} --circuits {circuits} --seed {seed}"
        )
    }
}
