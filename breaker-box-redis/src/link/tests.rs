//! The rules of the link, one by one. The whole is in `driver/simulation.rs`.

mod adopting;
mod opening;
mod orders;
mod probes;
mod reading;
mod sums;

use std::sync::Arc;
use std::time::Duration;

use breaker_core::{Key, State};

use super::{Adoption, Change, Circuit, Generation, Input, Link, Note, Output, RequestId, Settings, Time, Why};
use crate::protocol::{
    Answer, AnswerBody, Body, Epoch, Head, Message, Name, Proposal, Record, Request, StoreTime, Verdict, Version,
};

const SECOND: Duration = Duration::from_secs(1);
/// How far the store's clock is ahead.
const AHEAD: u64 = 1_000_000_000;

/// A link, and all that it has wanted and was not looked at yet.
struct Bench {
    link: Link,
    now: Time,
    outputs: Vec<Output>,
    wake_at: Option<Time>,
    /// What the store says of itself.
    epoch: u64,
    version: u64,
}

fn settings() -> Settings {
    Settings {
        instance: "me".into(),
        shards: 1,
        votes: 2,
        share: 0.0,
        heartbeat: 5 * SECOND,
        lease: 2 * SECOND,
        flush_every: Duration::from_millis(100),
        counts: false,
        share_reasons: false,
        seed: 7,
    }
}

/// Connected to a store that has nothing.
fn connected() -> Bench {
    with(settings())
}

fn with(settings: Settings) -> Bench {
    let mut bench = Bench::new(settings);
    bench.connect();
    bench.outputs.clear();
    bench
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let now = Time(50_000_000);
        Self { link: Link::new(settings, now), now, outputs: Vec::new(), wake_at: None, epoch: 1, version: 0 }
    }

    fn step(&mut self, input: Input) {
        for output in self.link.step(input, self.now) {
            match output {
                Output::WakeAt(time) => self.wake_at = Some(time),
                output => self.outputs.push(output),
            }
        }
    }

    /// Connects, and answers the first requests.
    fn connect(&mut self) {
        self.step(Input::Connected);
        for (id, request) in self.sent() {
            let body = match request.body {
                Body::Read { .. } => AnswerBody::Records { records: Vec::new(), more: false },
                _ => AnswerBody::Alive { instances: 1, missing: Vec::new() },
            };
            self.answer(id, body);
        }
    }

    /// Lets time pass.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake_at) = self.wake_at.filter(|wake_at| *wake_at <= end) {
            self.wake_at = None;
            self.now = self.now.max(wake_at);
            self.step(Input::Tick);
        }
        self.now = end;
    }

    fn head(&self) -> Head {
        Head { now: StoreTime(self.now.0 + AHEAD), epoch: Epoch(self.epoch), version: Version(self.version) }
    }

    fn answer(&mut self, id: RequestId, body: AnswerBody) {
        let answer = Ok(Answer { head: self.head(), body });
        self.step(Input::Answered { id, answer });
    }

    /// The requests since the last time.
    fn sent(&mut self) -> Vec<(RequestId, Request)> {
        let all = std::mem::take(&mut self.outputs);
        let (sent, others) = all.into_iter().partition(|output| matches!(output, Output::Send { .. }));
        self.outputs = others;
        let sent: Vec<Output> = sent;
        let request = |output| match output {
            Output::Send { id, request } => (id, request),
            other => unreachable!("{other:?}"),
        };
        sent.into_iter().map(request).collect()
    }

    /// The only request of its kind since the last time.
    fn request<T>(&mut self, kind: impl Fn(&Body) -> Option<T>) -> (RequestId, T) {
        let found = self.sent().into_iter().filter_map(|(id, request)| Some((id, kind(&request.body)?)));
        let mut found: Vec<(RequestId, T)> = found.collect();
        assert_eq!(found.len(), 1, "requests of this kind");
        found.remove(0)
    }

    /// The proposals that are written within ten milliseconds.
    fn written(&mut self) -> (RequestId, Vec<Proposal>) {
        self.pass(Duration::from_millis(10));
        self.request(|body| match body {
            Body::Propose(proposals) => Some(proposals.clone()),
            _ => None,
        })
    }

    fn writes_nothing(&mut self) {
        self.pass(Duration::from_millis(10));
        let sent = self.sent();
        assert!(!sent.iter().any(|(_, request)| matches!(request.body, Body::Propose(_))), "{sent:?}");
    }

    /// What the link wants, but for requests.
    fn wanted(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    fn notes(&mut self) -> Vec<Note> {
        let note = |output| match output {
            Output::Note(note) => Some(note),
            _ => None,
        };
        self.wanted().into_iter().filter_map(note).collect()
    }

    /// The adoptions that are wanted.
    fn adoptions(&mut self) -> Vec<(Option<Generation>, State, Option<Duration>)> {
        let adoption = |output| match output {
            Output::Adopt { expected, state, .. } => Some((expected, state.state, state.left)),
            _ => None,
        };
        self.wanted().into_iter().filter_map(adoption).collect()
    }

    /// A message with one record, which is the next version of the shard.
    fn receive(&mut self, name: &str, record: Record) {
        let previous = Version(self.version);
        self.version = record.version.0;
        self.message(previous, vec![(Name(name.into()), record)]);
    }

    fn message(&mut self, previous: Version, records: Vec<(Name, Record)>) {
        let Head { now, epoch, version } = self.head();
        self.step(Input::Received(Message { shard: 0, now, epoch, previous, version, records }));
    }

    /// The circuit here has adopted what was wanted last.
    fn adopted(&mut self, name: &str, version: u64, generation: u32) {
        self.step(Input::Adopted {
            circuit: Some(circuit(name)),
            name: Name(name.into()),
            version: Version(version),
            adoption: Adoption::Applied(Generation(generation)),
        });
    }

    fn changed(&mut self, name: &str, change: Change) {
        self.step(Input::Changed { circuit: circuit(name), change });
    }

    /// A circuit opens here by its policy.
    fn opens(&mut self, name: &str) {
        self.changed(name, open(1, Why::Condition));
    }
}

fn circuit(name: &str) -> Circuit {
    Circuit { key: Arc::new(Key::new(name)), name: Name(name.into()), shard: 0, full_name: None }
}

fn change(generation: u32, state: State, why: Why) -> Change {
    Change {
        generation: Generation(generation),
        state,
        left: None,
        openings: 0,
        why,
        cause: "manual",
        reason: None,
        only_here: false,
    }
}

/// Open for ten seconds.
fn open(generation: u32, why: Why) -> Change {
    Change { left: Some(10 * SECOND), openings: 1, ..change(generation, State::Open, why) }
}

/// A record of another instance; an open one for ten seconds.
fn record(version: u64, state: State) -> Record {
    let period = if state == State::Open { 10 * SECOND } else { Duration::ZERO };
    Record {
        version: Version(version),
        state,
        left: period,
        period,
        openings: u32::from(state == State::Open),
        instance: "other".into(),
        cause: "failure_rate".into(),
        ordered: StoreTime(0),
        reason: None,
        full_name: None,
    }
}

/// What the store answers if it applies a proposal.
fn applied(proposal: &Proposal, version: u64) -> Verdict {
    Verdict::Applied(Record {
        version: Version(version),
        state: proposal.state,
        left: proposal.period,
        period: proposal.period,
        openings: proposal.openings,
        instance: "me".into(),
        cause: proposal.cause.clone(),
        ..record(version, proposal.state)
    })
}
