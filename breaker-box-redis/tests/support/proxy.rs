//! A TCP proxy that misbehaves on request.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use super::server::free_port;

/// What the proxy does with what passes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Forward,
    /// Each piece of data arrives this much later, in both directions.
    Delay(Duration),
    /// Nothing passes any more. New connections are accepted, and none is closed.
    Swallow,
    /// Answers of the server are swallowed, requests are not.
    SwallowAnswers,
    /// Connections are closed as soon as they are accepted.
    Refuse,
    /// The next data from the server break off in the middle, and the connection is closed.
    Truncate,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    target: u16,
    mode: Mode,
    /// Both ends of each connection.
    connections: Vec<(TcpStream, TcpStream)>,
    accepted: usize,
    ended: bool,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy to a port, which forwards.
    pub(crate) fn to(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        let state = State { target, mode: Mode::Forward, connections: Vec::new(), accepted: 0, ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { continue };
                if accepting.state.lock().expect("no panic").ended {
                    return;
                }
                accepting.accept(client);
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.shared.state.lock().expect("no panic").mode = mode;
        self.shared.changed.notify_all();
    }

    /// Leads to another port from now on, and closes all connections.
    pub(crate) fn lead_to(&self, target: u16) {
        self.shared.state.lock().expect("no panic").target = target;
        self.cut();
    }

    /// Closes all connections.
    pub(crate) fn cut(&self) {
        for (client, server) in self.shared.state.lock().expect("no panic").connections.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }

    /// Closes the direction to the clients, and goes on to read what they send.
    pub(crate) fn half_close(&self) {
        for (client, _) in &self.shared.state.lock().expect("no panic").connections {
            let _ = client.shutdown(Shutdown::Write);
        }
    }

    /// How many connections were accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.state.lock().expect("no panic").accepted
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state.lock().expect("no panic").ended = true;
        self.shared.changed.notify_all();
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, client: TcpStream) {
        let mut state = self.state.lock().expect("no panic");
        state.accepted += 1;
        if state.mode == Mode::Refuse {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", state.target)) else { return };
        for stream in [&client, &server] {
            stream.set_nodelay(true).expect("an option of a socket");
        }
        let copy = |stream: &TcpStream| stream.try_clone().expect("a copy of a handle");
        state.connections.push((copy(&client), copy(&server)));
        for (from, to, answers) in [(copy(&client), copy(&server), false), (server, client, true)] {
            let shared = Arc::clone(self);
            thread::spawn(move || shared.pump(from, to, answers));
        }
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream, answers: bool) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let passes = match self.mode_that_passes(answers) {
                None => break,
                Some(Mode::Delay(time)) => {
                    thread::sleep(time);
                    length
                }
                Some(Mode::Truncate) if answers => {
                    let _ = to.write_all(&buffer[..length / 2]);
                    break;
                }
                Some(_) => length,
            };
            if to.write_all(&buffer[..passes]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    /// Waits until the mode lets data pass. What came before it was swallowed comes through later,
    /// as it does when a network heals before the connection is given up. `None` at the end.
    fn mode_that_passes(&self, answers: bool) -> Option<Mode> {
        let mut state = self.state.lock().expect("no panic");
        loop {
            if state.ended {
                return None;
            }
            match state.mode {
                Mode::Swallow => {}
                Mode::SwallowAnswers if answers => {}
                mode => return Some(mode),
            }
            state = self.changed.wait(state).expect("no panic");
        }
    }
}
