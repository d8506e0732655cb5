//! The fleet's own thread. It runs the link, and carries out in the registry and in the store what
//! the link decides. Calls never wait for it, and it does not need the program's own runtime.

mod backoff;
mod board;
mod changes;
mod circuits;
mod clock;
#[cfg(feature = "cluster")]
mod cluster;
mod connect;
mod deliverer;
mod host;
mod known;
mod line;
mod lines;
mod links;
mod log;
mod lost;
mod mailbox;
mod open;
mod options;
mod peer;
mod problem;
mod random;
#[cfg(feature = "tls-rustls")]
mod roots;
#[cfg(feature = "sentinel")]
mod sentinel;
#[cfg(test)]
mod simulation;
mod survey;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use breaker_core::fleet::{self, FleetStatus};
use breaker_core::{AsKey as _, Event, EventType, Filter, Registry, Subscription};

use crate::error::FleetError;
use board::Board;
use changes::Happened;
pub(crate) use circuits::Circuits;
use clock::Clock;
use deliverer::Deliverer;
use known::Known;
use mailbox::Mailbox;
pub(crate) use options::Options;
use peer::FleetPeer;
use random::Random;
use worker::Worker;

/// The handle of the thread.
pub(crate) struct Driver {
    mailbox: Arc<Mailbox>,
    board: Arc<Board>,
    thread: ThreadId,
    process: u32,
    /// Hears of circuits that leave the registry.
    _leaving: Subscription,
}

impl Driver {
    pub(crate) fn start(registry: &Registry, options: Options) -> Result<Self, FleetError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(FleetError::Thread)?;
        let mut random = Random::new();
        let instance: Arc<str> = format!("{}-{:08x}", options.instance, random.next() >> 32).into();
        let process = process::id();
        let mailbox = Arc::new(Mailbox::default());
        let board = Arc::new(Board::default());
        board.update(|shown| shown.status.instance = instance.to_string());
        let known = Arc::new(Known::default());
        let circuits = Arc::clone(&options.circuits);
        let clock = Clock::new();
        let peer = FleetPeer {
            mailbox: Arc::clone(&mailbox),
            board: Arc::clone(&board),
            known: Arc::clone(&known),
            circuits: Arc::clone(&circuits),
            clock,
            process,
        };
        let membership = registry.join(Arc::new(peer)).map_err(|_| FleetError::AlreadyJoined)?;
        let leaving = hear_of_leaving(registry, Arc::clone(&mailbox), circuits, process);
        let deliverer = Deliverer::spawn(registry.downgrade()).map_err(FleetError::Thread)?;
        let surroundings = worker::Surroundings {
            registry: registry.downgrade(),
            membership,
            mailbox: Arc::clone(&mailbox),
            board: Arc::clone(&board),
            deliverer,
            known,
            clock,
            random,
            instance,
        };
        let ended = Arc::clone(&board);
        let body = move || {
            let work = || runtime.block_on(async { Worker::new(options, surroundings).run().await });
            // No event handler of the program runs on this thread.
            let panicked = catch_unwind(AssertUnwindSafe(|| fleet::defer_events(work))).is_err();
            if panicked {
                log::panicked();
            }
            ended.update(|shown| {
                if panicked {
                    shown.status.last_error = Some("the fleet's thread panicked".to_owned());
                }
                shown.status.connected = false;
                shown.ended = true;
            });
            // Does not wait for a DNS look-up that hangs.
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("breaker-fleet".to_owned()).spawn(body).map_err(FleetError::Thread)?;
        Ok(Self { mailbox, board, thread: thread.thread().id(), process, _leaving: leaving })
    }

    /// Waits until this instance has the state of the fleet, at most this long.
    pub(crate) fn wait_until_ready(&self, timeout: Duration) {
        self.board.wait(timeout, |shown| shown.ready || shown.ended);
    }

    pub(crate) fn status(&self) -> FleetStatus {
        if self.is_elsewhere() { FleetStatus::default() } else { self.board.status() }
    }

    pub(crate) fn settled(&self, timeout: Duration) -> Result<(), FleetError> {
        if self.is_elsewhere() {
            return Err(FleetError::NotSettled { pending: 0, connected: false });
        }
        let sequence = self.mailbox.sequence();
        let is_settled = |shown: &board::Shown| shown.settled && shown.handled >= sequence;
        let shown = self.board.wait(timeout, is_settled);
        if is_settled(&shown) {
            return Ok(());
        }
        Err(FleetError::NotSettled { pending: shown.status.pending, connected: shown.status.connected })
    }

    /// Ends the thread, and waits for that at most this long.
    pub(crate) fn leave(&self, timeout: Duration) {
        // A forked child has no such thread, and the locks may be held for ever.
        if self.is_elsewhere() {
            return;
        }
        self.mailbox.leave();
        // It cannot wait for itself.
        if thread::current().id() != self.thread {
            self.board.wait(timeout, |shown| shown.ended);
        }
    }

    fn is_elsewhere(&self) -> bool {
        process::id() != self.process
    }
}

fn hear_of_leaving(registry: &Registry, mailbox: Arc<Mailbox>, circuits: Arc<Circuits>, process: u32) -> Subscription {
    let filter = Filter::all().events([EventType::Evicted, EventType::Unregistered]);
    registry.subscribe(filter, move |event: &Event| {
        if process::id() == process {
            circuits.forget(event.key.as_key());
            mailbox.happened(&event.key, Happened::Forgotten);
        }
    })
}
