//! A `redis-server` of a test's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, Connection};

/// A server without persistence on a socket in a directory of its own. It ends when this is dropped.
pub(super) struct Server {
    child: Child,
    directory: PathBuf,
}

impl Server {
    /// # Panics
    ///
    /// If there is no `redis-server`, or it does not answer within ten seconds.
    pub(super) fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // Relaxed: only the numbers must differ.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("breaker-box-store-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for the server");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--loglevel", "warning"])
            .arg("--unixsocket")
            .arg(directory.join("socket"))
            .arg("--dir")
            .arg(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests need redis-server (Debian: apt-get install redis-server)");
        let server = Self { child, directory };
        let deadline = Instant::now() + Duration::from_secs(10);
        while server.try_connect().is_none() {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(2));
        }
        server
    }

    pub(super) fn connect(&self) -> Connection {
        self.try_connect().expect("a connection to redis-server")
    }

    pub(super) fn client(&self) -> Client {
        let url = format!("unix://{}", self.directory.join("socket").display());
        Client::open(url).expect("the URL of a socket")
    }

    fn try_connect(&self) -> Option<Connection> {
        self.client().get_connection().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
