//! A Redis server of a test's own, on a free loopback port.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::process::{Signal, signal};
use super::until;

/// A Redis server. It is killed when it is dropped, and also when the process of the test ends in
/// any other way.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    directory: TempDir,
    /// A file with configuration, which it may rewrite.
    file: Option<PathBuf>,
    config: Vec<String>,
    running: Option<Running>,
}

/// A server and the shell that watches over it.
#[derive(Debug)]
struct Running {
    shell: Child,
    /// The shell kills the server when this is closed.
    leash: ChildStdin,
    pid: u32,
}

impl Server {
    /// A server that keeps nothing on disk.
    pub(crate) fn start() -> Self {
        Self::with(&["--save", "", "--appendonly", "no"])
    }

    /// A server that writes every change to disk before it answers.
    pub(crate) fn durable() -> Self {
        Self::with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server with these lines of configuration, in the form `--name value`.
    pub(crate) fn with(config: &[&str]) -> Self {
        Self::new(None, config)
    }

    /// A sentinel that alone decides whether the master of this name is dead.
    pub(crate) fn sentinel(name: &str, master: &Self) -> Self {
        let port = master.port;
        let file = format!(
            "sentinel monitor {name} 127.0.0.1 {port} 1\nsentinel down-after-milliseconds {name} 1000\n\
             sentinel failover-timeout {name} 5000\n"
        );
        Self::new(Some(&file), &["--sentinel"])
    }

    fn new(file: Option<&str>, config: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the server");
        let file = file.map(|text| {
            let path = directory.path().join("redis.conf");
            std::fs::write(&path, text).expect("a file with the configuration");
            path
        });
        let config = config.iter().map(ToString::to_string).collect();
        let mut server = Self { port: free_port(), directory, file, config, running: None };
        server.run();
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it (again), with the data on its disk.
    pub(crate) fn run(&mut self) {
        assert!(self.running.is_none(), "the server is running");
        // The server must not outlive the test, however that ends. A shell waits for the end of its
        // standard input, which comes with the end of the test's process, and kills the server.
        let script = r#"log=$1; shift; "$@" >"$log" 2>&1 </dev/null & echo $!; read -r _; kill -9 $! 2>/dev/null"#;
        let mut shell = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(self.directory.path().join("log"))
            .arg("redis-server")
            .args(&self.file)
            .args(["--bind", "127.0.0.1", "--port"])
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.directory.path())
            .args(&self.config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let leash = shell.stdin.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(shell.stdout.take().expect("a pipe")).read_line(&mut line).expect("a process id");
        let pid = line.trim().parse().expect("a process id");
        self.running = Some(Running { shell, leash, pid });
        until("the server answers", Duration::from_secs(60), || self.ping());
    }

    fn ping(&self) -> bool {
        // One that is still loading its data answers with another error.
        let (Ok(answer) | Err(answer)) = self.try_command(&["PING"]);
        answer.contains("PONG") || answer.contains("NOAUTH")
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            signal(running.pid, Signal::KILL);
            drop(running.leash);
            let _ = running.shell.wait();
        }
    }

    /// SIGSTOP: connections stay, nothing answers.
    pub(crate) fn pause(&self) {
        signal(self.pid(), Signal::STOP);
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) {
        signal(self.pid(), Signal::CONT);
    }

    fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server is running").pid
    }

    /// Answers a command as `redis-cli` prints it.
    ///
    /// # Panics
    ///
    /// If the server cannot be reached or answers with an error.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        self.try_command(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    pub(crate) fn try_command(&self, words: &[&str]) -> Result<String, String> {
        command(self.port, words)
    }

    /// The keys that match a pattern.
    pub(crate) fn keys(&self, pattern: &str) -> Vec<String> {
        self.command(&["KEYS", pattern]).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// A number from `INFO`.
    pub(crate) fn info(&self, field: &str) -> u64 {
        let info = self.command(&["INFO", "everything"]);
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':').map(str::to_owned));
        let value = value.unwrap_or_else(|| panic!("{field} is missing in {info}"));
        value.trim().parse().unwrap_or_else(|_| panic!("{field} is {value}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Answers a command to the server at a port as `redis-cli` prints it.
pub(crate) fn command(port: u16, words: &[&str]) -> Result<String, String> {
    let output = Command::new("timeout")
        .args(["20", "redis-cli", "-e", "-p"])
        .arg(port.to_string())
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("redis-cli");
    let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if output.status.success() { Ok(text) } else { Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))) }
}

/// A port that nobody listens on, and that stays free while its server is down: outside of the
/// range from which the system takes ports for outgoing connections, as is the port 10,000 above,
/// which a node of a cluster takes too.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 11_000;
    const COUNT: u16 = 9_000;
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        // Another run of the tests on this machine begins elsewhere.
        let start = RandomState::new().hash_one(std::process::id()) % u64::from(COUNT);
        AtomicU16::new(u16::try_from(start).expect("less than the count"))
    });

    loop {
        // Relaxed: only the numbers must differ.
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}
