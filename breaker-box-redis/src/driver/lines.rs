//! The connections to the store, and the requests on them.

use std::collections::VecDeque;
use std::sync::Arc;

use redis::RedisError;
use redis::aio::MultiplexedConnection;

use super::lost::Lost;
use super::mailbox::{Event, Mailbox};
use super::problem::Problem;
use crate::link::{Failure, RequestId};
use crate::protocol::Request;
use crate::store::{self, Store};

/// How many requests of a connection may await their answers.
const IN_FLIGHT: usize = 64;
/// How many may wait behind them.
const WAITING: usize = 1024;

/// All connections of this instance: one, or in a cluster one for each shard.
pub(super) struct Lines {
    all: Vec<Line>,
    store: Arc<Store>,
    mailbox: Arc<Mailbox>,
}

#[derive(Default)]
struct Line {
    connection: Option<(MultiplexedConnection, Lost)>,
    in_flight: usize,
    waiting: VecDeque<(RequestId, Request)>,
}

impl Lines {
    pub(super) fn new(count: usize, store: Arc<Store>, mailbox: Arc<Mailbox>) -> Self {
        Self { all: std::iter::repeat_with(Line::default).take(count.max(1)).collect(), store, mailbox }
    }

    /// The connection that a shard is on.
    pub(super) fn line_of(&self, shard: u16) -> usize {
        if self.all.len() == 1 { 0 } else { usize::from(shard) % self.all.len() }
    }

    /// Whether there are connections to all shards.
    pub(super) fn are_connected(&self) -> bool {
        self.all.iter().all(|line| line.connection.is_some())
    }

    pub(super) fn connected(&mut self, line: usize, connection: MultiplexedConnection, lost: Lost) {
        self.all[line].connection = Some((connection, lost));
    }

    pub(super) fn disconnected(&mut self, line: usize) {
        self.all[line].connection = None;
        self.give_up_waiting(line);
    }

    fn give_up_waiting(&mut self, line: usize) {
        for (id, request) in std::mem::take(&mut self.all[line].waiting) {
            self.fail(request.shard, id);
        }
    }

    fn fail(&self, shard: u16, id: RequestId) {
        self.mailbox.put(Event::Answered { shard, id, answer: Err(Failure::Lost), problem: None, was_sent: false });
    }

    /// Gives up the connection of a shard, which is then made again.
    pub(super) fn reconnect(&self, shard: u16, problem: Problem) {
        let line = self.line_of(shard);
        if let Some((_, lost)) = &self.all[line].connection {
            lost.because(problem);
        }
    }

    /// Sends a request, now or when others have been answered. It fails at once if there is no
    /// connection, or if too many wait.
    pub(super) fn send(&mut self, id: RequestId, request: Request) {
        let number = self.line_of(request.shard);
        let line = &mut self.all[number];
        match &line.connection {
            Some((connection, _)) if line.in_flight < IN_FLIGHT => {
                line.in_flight += 1;
                let connection = connection.clone();
                tokio::spawn(call(id, request, connection, Arc::clone(&self.store), Arc::clone(&self.mailbox)));
            }
            Some(_) if line.waiting.len() < WAITING => line.waiting.push_back((id, request)),
            _ => self.fail(request.shard, id),
        }
    }

    /// A request that was sent has been answered, or will never be.
    pub(super) fn answered(&mut self, shard: u16) {
        let line = self.line_of(shard);
        self.all[line].in_flight = self.all[line].in_flight.saturating_sub(1);
        if let Some((id, request)) = self.all[line].waiting.pop_front() {
            self.send(id, request);
        }
    }

    /// Whether requests await their answers.
    pub(super) fn are_busy(&self) -> bool {
        self.all.iter().any(|line| line.connection.is_some() && line.in_flight > 0)
    }
}

async fn call(
    id: RequestId,
    request: Request,
    mut connection: MultiplexedConnection,
    store: Arc<Store>,
    mailbox: Arc<Mailbox>,
) {
    let (answer, problem) = match store.call(&request).run(&mut connection).await {
        Ok(value) => match store::answer(&request, &value) {
            Some(answer) => (Ok(answer), None),
            None => (Err(Failure::Malformed), Some(Problem::new("the answer cannot be read"))),
        },
        Err(error) => (Err(failure(&error)), Some(Problem::from(&error))),
    };
    mailbox.put(Event::Answered { shard: request.shard, id, answer, problem, was_sent: true });
}

fn failure(error: &RedisError) -> Failure {
    match error.code() {
        Some("READONLY") => Failure::ReadOnly,
        // The connection leads to the wrong node.
        None | Some("MOVED" | "ASK" | "CLUSTERDOWN" | "MASTERDOWN" | "TRYAGAIN") => Failure::Lost,
        Some(_) => Failure::Refused,
    }
}

/// Whether the error says that this connection leads to the wrong node.
pub(super) fn is_misled(problem: &Problem) -> bool {
    ["MOVED", "ASK", "MASTERDOWN", "READONLY"].iter().any(|code| problem.as_str().ends_with(code))
}
