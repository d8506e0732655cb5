//! Instances of a service, each a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::child::{INSTANCE, REASON};
use super::options::Options;
use super::process::{Signal, signal};
use super::report::Report;
use super::until;

/// How long an answer may take on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// What an instance may need at most, in kilobytes. A fresh one takes 9,000.
const MEMORY: i64 = 30_000;

/// An instance. When it is dropped it leaves its fleet, and is checked: none of its calls was
/// disturbed, nothing panicked, its memory is bounded, and its log holds no secret.
#[derive(Debug)]
pub(crate) struct Instance {
    name: String,
    options: Options,
    process: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    directory: TempDir,
    secrets: Vec<String>,
    memory: i64,
}

impl Instance {
    /// Starts a process, and returns when it has joined.
    pub(crate) fn spawn(name: &str, options: &Options) -> Self {
        let instance = Self::launch(name, options);
        assert_eq!(instance.answer(), "ready", "of {name}");
        instance
    }

    /// Starts many processes at once, named by their numbers.
    pub(crate) fn spawn_many(count: usize, options: &Options) -> Vec<Self> {
        let instances: Vec<Self> = (0..count).map(|index| Self::launch(&format!("i{index}"), options)).collect();
        for instance in &instances {
            assert_eq!(instance.answer(), "ready", "of {}", instance.name);
        }
        instances
    }

    fn launch(name: &str, options: &Options) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the log");
        let mut options = options.clone().with("name", name).with("log", directory.path().join("log").display());
        if options.get("pulse").is_none() {
            options = options.with("pulse", 5_000);
        }
        let mut process = Command::new(std::env::current_exe().expect("the path of this program"))
            .arg(INSTANCE)
            .args(options.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let secrets = Vec::new();
        Self { name: name.to_owned(), options, process, input, answers, directory, secrets, memory: MEMORY }
    }

    /// A text that must not be in its log.
    pub(crate) fn keeps_secret(&mut self, text: &str) {
        self.secrets.push(text.to_owned());
    }

    /// It may take this many kilobytes of memory.
    pub(crate) fn may_take(&mut self, memory: i64) {
        self.memory = memory;
    }

    /// Sends a command and waits for the answer.
    pub(crate) fn send(&mut self, command: &str) -> String {
        self.tell(command);
        self.answer()
    }

    /// Sends a command. The answer must be fetched.
    pub(crate) fn tell(&mut self, command: &str) {
        let input = self.input.as_mut().expect("a living process");
        writeln!(input, "{command}").unwrap_or_else(|error| panic!("{command} to {}: {error}", self.name));
    }

    pub(crate) fn answer(&self) -> String {
        match self.answers.recv_timeout(ANSWER_WITHIN) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("{} does not answer", self.name),
            Err(RecvTimeoutError::Disconnected) => panic!("{} has ended:\n{}", self.name, self.log()),
        }
    }

    /// Calls a circuit, and says how many calls were admitted.
    pub(crate) fn call(&mut self, circuit: &str, outcome: &str, times: u64) -> u64 {
        self.send(&format!("call {circuit} {outcome} {times}")).parse().expect("a count")
    }

    /// Opens a circuit by failures. An instance in which most circuits are open does not vote.
    pub(crate) fn fail(&mut self, circuit: &str) {
        self.call(circuit, "fail", 20);
    }

    /// Opens a circuit by what the dependency says, which needs no vote.
    pub(crate) fn trip(&mut self, circuit: &str) {
        self.call(circuit, "trip:600000", 1);
    }

    pub(crate) fn order(&mut self, circuit: &str, order: &str) {
        self.send(&format!("order {circuit} {order}"));
    }

    pub(crate) fn state(&mut self, circuit: &str) -> String {
        self.send(&format!("state {circuit}"))
    }

    pub(crate) fn circuit(&mut self, circuit: &str) -> Report {
        Report::parse(&self.send(&format!("circuit {circuit}")))
    }

    /// The changes of a circuit: when, and `from:to:cause`.
    pub(crate) fn history(&mut self, circuit: &str) -> Vec<(Duration, String)> {
        let line = self.send(&format!("history {circuit}"));
        let change = |text: &str| {
            let (at, change) = text.split_once(':').expect("a change");
            (Duration::from_micros(at.parse().expect("a time")), change.to_owned())
        };
        line.split_whitespace().map(change).collect()
    }

    /// When this change happened for the first time.
    pub(crate) fn when(&mut self, circuit: &str, change: &str) -> Duration {
        let mut found = None;
        let what = format!("{circuit} changes in {}: {change}", self.name);
        // A change is seen a little earlier than it is noted.
        until(&what, Duration::from_secs(20), || {
            found = self.history(circuit).into_iter().find(|(_, happened)| happened.contains(change));
            found.is_some()
        });
        found.expect("a change").0
    }

    pub(crate) fn status(&mut self) -> Report {
        Report::parse(&self.send("status"))
    }

    pub(crate) fn publisher(&mut self, circuit: &str) -> Report {
        Report::parse(&self.send(&format!("publisher {circuit}")))
    }

    pub(crate) fn wait_for(&mut self, circuit: &str, state: &str, within: Duration) {
        let what = format!("{circuit} is {state} in {}", self.name);
        until(&what, within, || self.state(circuit) == state);
    }

    pub(crate) fn wait_for_status(&mut self, field: &str, value: i64, within: Duration) {
        let what = format!("{field} is {value} in {}", self.name);
        until(&what, within, || self.status().number(field) == value);
    }

    /// Waits until everything decided here is in Redis.
    pub(crate) fn settle(&mut self) {
        assert_eq!(self.send("settled 20000"), "ok", "of {}", self.name);
    }

    /// How long it uses a core while it is left alone for a while.
    pub(crate) fn work_in(&mut self, time: Duration) -> Duration {
        let mut work = || Duration::from_micros(self.send("work").parse().expect("a time"));
        let before = work();
        thread::sleep(time);
        work().saturating_sub(before)
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        signal(self.process.id(), Signal::KILL);
        let _ = self.process.wait();
        self.input = None;
    }

    pub(crate) fn pause(&self) {
        signal(self.process.id(), Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        signal(self.process.id(), Signal::CONT);
    }

    /// Everything that it has logged: a line begins with level and target.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// The lines at `info` and above that contain a text.
    pub(crate) fn lines_with(&self, text: &str) -> Vec<String> {
        let loud = |line: &&str| ["ERROR ", "WARN ", "INFO "].iter().any(|level| line.starts_with(level));
        self.log().lines().filter(loud).filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    /// Leaves the fleet, ends, and is checked.
    fn end(&mut self) {
        if self.input.is_some() {
            let memory: i64 = self.send("memory").parse().expect("a number");
            assert!(memory < self.memory, "{} takes {memory} kB", self.name);
            if self.options.number("pulse") != Some(0) {
                self.check_calls();
            }
            self.tell("exit");
            assert_eq!(self.answer(), "bye", "of {}", self.name);
            self.input = None;
            self.process.wait().expect("the end of the process");
        }
        let log = self.log();
        assert!(!log.contains("PANIC"), "{}:\n{log}", self.name);
        for line in log.lines() {
            let is_loud = ["ERROR ", "WARN ", "INFO "].iter().any(|level| line.starts_with(level));
            assert!(!line.contains("redis://") && !line.contains("127.0.0.1"), "{} logs a URL: {line}", self.name);
            assert!(!is_loud || !line.contains(REASON), "{} logs a reason: {line}", self.name);
        }
        for secret in &self.secrets {
            assert!(!log.contains(secret.as_str()), "{} logs {secret}:\n{log}", self.name);
        }
    }

    /// No healthy call was rejected, waited for anything, or took longer than one without a fleet.
    fn check_calls(&mut self) {
        let pulse = Report::parse(&self.send("pulse"));
        assert_eq!((pulse.number("failed"), pulse.number("waits")), (0, 0), "calls of {}: {pulse}", self.name);
        if pulse.number("calls") < 200 {
            return;
        }
        let (shared, local) = (pulse.number("shared_median"), pulse.number("local_median"));
        assert!(shared <= 5 * local + 2_000, "calls of {}: {pulse}", self.name);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(40)..];
            eprintln!("the end of the log of {}:\n{}", self.name, last.join("\n"));
        } else {
            self.end();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
