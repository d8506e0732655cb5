//! What the thread does: one turn after another, each with all that has arrived.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use breaker_core::WeakRegistry;
use breaker_core::fleet::Membership;
use redis::Value;
use tokio::task::yield_now;
use tokio::time::timeout_at;

use super::board::Board;
use super::circuits::Circuits;
use super::clock::Clock;
use super::connect::Channels;
use super::deliverer::Deliverer;
use super::host::{Applied, Host};
use super::known::Known;
use super::line::{Line, keep_connected};
use super::lines::{Lines, is_misled};
use super::links::Links;
use super::log;
use super::mailbox::{Event, Mailbox};
use super::options::Options;
use super::problem::Problem;
use super::random::Random;
use crate::link::{Failure, Input, Note, Output, Time};
use crate::protocol::{Answer, AnswerBody, Name, Record};
use crate::store::Store;

/// How long the answers to the last requests are awaited.
const LAST_ANSWERS: Duration = Duration::from_millis(400);
/// How many kinds of refusals are remembered.
const REFUSALS: usize = 16;

/// What the thread works with.
pub(super) struct Surroundings {
    pub(super) registry: WeakRegistry,
    pub(super) membership: Membership,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) board: Arc<Board>,
    pub(super) deliverer: Deliverer,
    pub(super) known: Arc<Known>,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) instance: Arc<str>,
}

pub(super) struct Worker {
    links: Links,
    host: Host,
    lines: Lines,
    circuits: Arc<Circuits>,
    store: Arc<Store>,
    mailbox: Arc<Mailbox>,
    board: Arc<Board>,
    deliverer: Deliverer,
    clock: Clock,
    /// The names of the fleet and of this instance, for the log.
    fleet: String,
    instance: Arc<str>,
    /// Whether there are connections to all shards.
    connected: bool,
    /// Whether it was logged that there is no connection.
    complained: bool,
    /// What was logged about refused requests since there is a connection.
    refusals: Vec<Problem>,
    errors: u64,
    last_error: Option<Problem>,
    notes: log::Notes,
    /// When this instance stops to wait for the last answers.
    leaving: Option<Time>,
}

impl Worker {
    /// Must be called within the runtime.
    pub(super) fn new(options: Options, surroundings: Surroundings) -> Self {
        let Surroundings { registry, membership, mailbox, board, deliverer, known, clock, mut random, instance } =
            surroundings;
        let settings = options.settings(Arc::clone(&instance), random.next());
        let links = Links::new(&settings, clock.now());
        let circuits = Arc::clone(&options.circuits);
        let host = Host::new(registry, membership, Arc::clone(&circuits), known, options.counted(), options.shards);
        let sharded = options.endpoint.is_cluster() && options.shards > 1;
        let store = Store::new(&options.prefix, options.endpoint.database(), sharded, &instance);
        let store = Arc::new(store);
        let fleet = options.prefix.clone();
        let connections = connect(options, &store, &mailbox, &mut random);
        Self {
            links,
            host,
            lines: connections,
            circuits,
            store,
            mailbox,
            board,
            deliverer,
            clock,
            fleet,
            instance,
            connected: false,
            complained: false,
            refusals: Vec::new(),
            errors: 0,
            last_error: None,
            notes: log::Notes::default(),
            leaving: None,
        }
    }

    pub(super) async fn run(mut self) {
        for input in self.host.joined() {
            self.report(input);
        }
        loop {
            self.turn();
            self.deliverer.wake();
            if self.has_left() {
                return self.leave();
            }
            // The connections run on this thread too.
            yield_now().await;
            self.wait().await;
        }
    }

    /// Leaves the fleet: from now on circuits follow local rules.
    fn leave(self) {
        let Self { host, deliverer, .. } = self;
        drop(host);
        deliverer.wake();
    }

    /// Waits until something has arrived, or the link wants to be woken.
    async fn wait(&self) {
        let until = match (self.links.wake_at(), self.leaving) {
            (Some(wake_at), Some(leaving)) => Some(wake_at.min(leaving)),
            (one, other) => one.or(other),
        };
        match until.and_then(|until| self.clock.instant(until)) {
            // Which of the two it was shows in the mailbox and on the clock.
            Some(until) => drop(timeout_at(until.into(), self.mailbox.arrived()).await),
            None => self.mailbox.arrived().await,
        }
    }

    fn turn(&mut self) {
        let mut contents = self.mailbox.take();
        let overflowed = contents.changes.take_overflowed();
        for (key, all) in contents.changes.take() {
            for happened in all {
                if let Some(input) = self.host.happened(&key, happened) {
                    self.report(input);
                }
            }
        }
        if overflowed {
            for input in self.host.present() {
                self.report(input);
            }
        }
        for event in contents.events {
            self.handle(event);
        }
        let now = self.clock.now();
        for shard in self.links.due(now) {
            self.feed(shard, Input::Tick);
        }
        if contents.leave && self.leaving.is_none() {
            for shard in self.links.shards() {
                self.feed(shard, Input::Leave);
            }
            self.leaving = Some(now + LAST_ANSWERS);
        }
        self.host.look_around(now);
        self.show(contents.sequence);
    }

    fn has_left(&self) -> bool {
        self.leaving.is_some_and(|until| !self.lines.are_busy() || until <= self.clock.now())
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Connected { line, connection, lost } => {
                self.lines.connected(line, connection, lost);
                if self.lines.are_connected() {
                    self.connected = true;
                    self.complained = false;
                    self.refusals.clear();
                    log::connected(&self.fleet, &self.instance);
                }
                for shard in self.shards_on(line) {
                    self.feed(shard, Input::Connected);
                }
            }
            Event::Failed { problem } => {
                self.errors += 1;
                self.complain(problem);
            }
            Event::Disconnected { line, problem } => {
                self.lines.disconnected(line);
                self.errors += 1;
                self.complain(problem);
                self.connected = false;
                for shard in self.shards_on(line) {
                    self.feed(shard, Input::Disconnected);
                }
            }
            Event::Answered { shard, id, mut answer, problem, was_sent } => {
                if was_sent {
                    self.lines.answered(shard);
                }
                if let (Err(failure), Some(problem)) = (&answer, problem) {
                    self.refused(shard, *failure, problem);
                }
                if let Ok(Answer { body: AnswerBody::Records { records, .. }, .. }) = &mut answer {
                    self.retain_own(shard, records);
                }
                self.feed(shard, Input::Answered { id, answer });
            }
            Event::Message { channel, payload } => self.receive(&channel, &payload),
            Event::Missed { line } => {
                for shard in self.shards_on(line) {
                    self.feed(shard, Input::Missed);
                }
            }
        }
    }

    fn shards_on(&self, line: usize) -> Vec<u16> {
        self.links.shards().filter(|shard| self.lines.line_of(*shard) == line).collect()
    }

    /// Logs once that there is no connection.
    fn complain(&mut self, problem: Problem) {
        if !self.complained {
            self.complained = true;
            log::disconnected(&self.fleet, &self.instance, &problem, self.connected);
        }
        self.last_error = Some(problem);
    }

    fn refused(&mut self, shard: u16, failure: Failure, problem: Problem) {
        self.errors += 1;
        if is_misled(&problem) {
            self.lines.reconnect(shard, problem.clone());
        } else if failure != Failure::Lost && self.refusals.len() < REFUSALS && !self.refusals.contains(&problem) {
            log::refused(&self.fleet, &self.instance, &problem);
            self.refusals.push(problem.clone());
        }
        self.last_error = Some(problem);
    }

    fn receive(&mut self, channel: &Value, payload: &Value) {
        let (Value::BulkString(channel), Value::BulkString(payload)) = (channel, payload) else { return };
        if let Some(mut message) = self.store.message(channel, payload) {
            self.retain_own(message.shard, &mut message.records);
            self.feed(message.shard, Input::Received(message));
        } else {
            self.errors += 1;
            self.notes.unreadable(self.clock.now());
        }
    }

    /// Removes the records of circuits that belong to another shard: they are from an instance with
    /// another number of shards. What their circuits do here is for the links of their own shards.
    fn retain_own(&mut self, shard: u16, records: &mut Vec<(Name, Record)>) {
        let all = records.len();
        records.retain(|(name, _)| self.links.shard_of_name(name) == shard);
        if records.len() < all {
            self.notes.misplaced(self.clock.now());
        }
    }

    /// Hands what happened to a circuit to the link of its shard.
    fn report(&mut self, input: Input) {
        if let Some(shard) = self.links.shard_of(&input) {
            self.feed(shard, input);
        }
    }

    /// Hands an input to the link of a shard, and does what the link says.
    fn feed(&mut self, shard: u16, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = self.clock.now();
            if self.leaving.is_some() && !matches!(input, Input::Answered { .. }) {
                continue;
            }
            for output in self.links.step(shard, input, now) {
                // A link knows only the circuits of its shard.
                if let Output::Survey { circuits } = output {
                    inputs.push_back(Input::Surveyed(self.host.survey(Some(shard), circuits, now)));
                    continue;
                }
                match self.host.apply(output, now) {
                    Applied::Done => {}
                    Applied::Answer(input) => inputs.push_back(input),
                    Applied::Other(output) => self.carry_out(shard, output, now),
                }
            }
        }
    }

    /// Carries out what is not for circuits.
    fn carry_out(&mut self, shard: u16, output: Output, now: Time) {
        match output {
            Output::Send { id, request } => self.lines.send(id, request),
            Output::Note(Note::DataLost { .. }) => self.notes.write(&Note::DataLost { shard }, &self.circuits, now),
            Output::Note(note) => self.notes.write(&note, &self.circuits, now),
            Output::Reconnect => self.lines.reconnect(shard, Problem::new("the server does not answer")),
            // The links themselves have taken note of the rest.
            _ => {}
        }
    }

    /// Shows the state to those who wait for it.
    fn show(&self, sequence: u64) {
        let status = self.links.status();
        let settled = self.connected && self.links.are_settled();
        let ready = self.links.are_ready();
        self.board.update(|shown| {
            shown.status.connected = self.connected;
            shown.status.instances = status.instances;
            shown.status.shared_circuits = status.shared_circuits;
            shown.status.pending = status.pending;
            shown.status.adopted = status.adopted;
            shown.status.published = status.published;
            shown.status.errors = self.errors;
            shown.status.last_error = self.last_error.as_ref().map(ToString::to_string);
            shown.handled = sequence;
            shown.ready = ready;
            shown.settled = settled;
        });
    }
}

/// Starts the connections.
fn connect(options: Options, store: &Arc<Store>, mailbox: &Arc<Mailbox>, random: &mut Random) -> Lines {
    let sharded = options.endpoint.is_cluster() && options.shards > 1;
    // In a cluster each shard may be on a node of its own.
    let groups: Vec<Vec<u16>> = if sharded {
        (0..options.shards).map(|shard| vec![shard]).collect()
    } else {
        vec![(0..options.shards).collect()]
    };
    let endpoint = Arc::new(options.endpoint);
    let lines = Lines::new(groups.len(), Arc::clone(store), Arc::clone(mailbox));
    for (number, shards) in groups.into_iter().enumerate() {
        let line = Line {
            number,
            endpoint: Arc::clone(&endpoint),
            channels: Channels { names: shards.iter().map(|shard| store.channel(*shard)).collect(), sharded },
            tag: format!("{}.{}", options.prefix, shards[0]),
        };
        tokio::spawn(keep_connected(line, Arc::clone(mailbox), random.fork()));
    }
    lines
}
