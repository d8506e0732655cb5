//! A Redis of our own: started on a free port, killed and started again.

use std::env;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Store {
    program: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Store {
    /// Starts a server on a free port of the loopback interface.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let program = find().ok_or(
            "this example starts a Redis, and found neither `redis-server` nor `valkey-server`: \
             `apt-get install redis-server`, `brew install redis` or `dnf install valkey`",
        )?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut store = Self { program, port, process: None };
        store.restart()?;
        Ok(store)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it without any data.
    pub(crate) fn restart(&mut self) -> Result<(), Box<dyn Error>> {
        let port = self.port.to_string();
        let process = Command::new(&self.program)
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()?;
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.answers() {
            if Instant::now() > deadline {
                return Err("the Redis that was started does not answer".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends it at once, without a word to its clients.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // An error means that it has ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn answers(&self) -> bool {
        let ask = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer)?;
            Ok::<_, std::io::Error>(answer)
        };
        ask().is_ok_and(|answer| answer == *b"+PONG")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.kill();
    }
}

fn find() -> Option<PathBuf> {
    let names = ["redis-server", "valkey-server"];
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let places = folders
        .iter()
        .flat_map(|folder| names.map(|name| folder.join(name).with_extension(env::consts::EXE_EXTENSION)));
    places.into_iter().find(|place| place.is_file())
}
