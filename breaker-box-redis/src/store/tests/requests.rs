//! Random requests that a fleet could make.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use breaker_core::State;

use super::random::Random;
use crate::protocol::{
    Answer, AnswerBody, BATCH, Body, Lease, Name, Proposal, Record, Report, Request, Right, StoreTime, Tallied,
    Verdict, Version,
};

const SECOND: u64 = 1_000_000;

/// What a sequence of requests is mostly about.
#[derive(Clone, Copy, PartialEq)]
enum Topic {
    Everything,
    Probes,
    Votes,
    Counts,
    Storm,
}

/// What instances have learned from answers, and the time.
pub(super) struct Fleet {
    pub(super) random: Random,
    pub(super) now: u64,
    topic: Topic,
    /// About how much time passes between two requests, in microseconds.
    pace: u64,
    known: HashMap<Name, Record>,
}

impl Fleet {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let now = 1_700_000_000 * SECOND + random.below(SECOND);
        let topic = random.one_of(&[
            Topic::Everything,
            Topic::Probes,
            Topic::Probes,
            Topic::Votes,
            Topic::Counts,
            Topic::Storm,
        ]);
        let pace = random.one_of(match topic {
            Topic::Storm => &[0, 5_000, 20_000],
            Topic::Everything => &[300_000, SECOND, 70 * SECOND, 700 * SECOND],
            _ => &[5_000, 300_000, SECOND, SECOND, 20 * SECOND],
        });
        Self { random, now, topic, pace, known: HashMap::new() }
    }

    /// Lets some time pass: none, a little, exactly what something lasts, sometimes a lot or
    /// backwards.
    pub(super) fn wait(&mut self) -> StoreTime {
        self.now += match self.random.below(8) {
            0..=2 => 0,
            3 => 1,
            4 => self.random.one_of(&[50_000, SECOND, 5 * SECOND]).min(2 * self.pace),
            _ => self.random.below(2 * self.pace + 1),
        };
        if self.topic == Topic::Everything {
            match self.random.below(120) {
                0..=3 => self.now += self.random.below(40 * 86_400) * SECOND,
                4..=7 => self.now -= self.random.below(100 * SECOND),
                8 | 9 => self.now -= self.random.below(7_200 * SECOND),
                _ => {}
            }
        } else if self.random.one_in(100) {
            self.now -= self.random.below(10 * self.pace + 1);
        }
        StoreTime(self.now)
    }

    pub(super) fn instance(&mut self) -> &'static str {
        if self.topic == Topic::Probes && self.random.one_in(2) {
            return "a";
        }
        self.random.one_of(&["a", "b", "c", "web 3/größe#1"])
    }

    fn name(&mut self) -> Name {
        if self.topic == Topic::Probes && !self.random.one_in(8) {
            return Name("x".into());
        }
        Name(self.random.one_of(&["x", "x", "x", "y", "a%2Fb/orders", "~00"]).into())
    }

    fn names(&mut self) -> Vec<Name> {
        (0..self.random.below(4)).map(|_| self.name()).collect()
    }

    /// Mostly the version that is known, sometimes another.
    fn version(&mut self, name: &Name) -> Version {
        match self.random.below(if self.topic == Topic::Everything { 20 } else { 100 }) {
            0 => Version(0),
            1 => Version(self.now),
            _ => self.known.get(name).map_or(Version(0), |record| record.version),
        }
    }

    /// Exactly what is waited for, or about that.
    fn duration(&mut self) -> Duration {
        match self.random.below(8) {
            0 => Duration::MAX,
            1 => Duration::ZERO,
            2..=5 => Duration::from_micros(self.random.one_of(&[50_000, SECOND, 5 * SECOND])),
            _ => Duration::from_micros(self.random.below(8 * self.pace + 2)),
        }
    }

    /// About now.
    fn time(&mut self) -> StoreTime {
        let ago = self.random.one_of(&[0, 0, 5_000, SECOND, 1_000 * SECOND]);
        let ahead = self.random.one_of(&[0, 0, 0, 0, SECOND, 1_000 * SECOND]);
        StoreTime(self.now - self.random.below(ago + 1) + self.random.below(ahead + 1))
    }

    pub(super) fn request(&mut self) -> Request {
        Request { shard: u16::from(self.random.one_in(20)), body: self.body() }
    }

    fn body(&mut self) -> Body {
        let name = self.name();
        let probed =
            self.topic == Topic::Probes && self.known.get(&name).is_some_and(|record| record.state == State::Open);
        let kind = match (self.topic, self.random.one_in(2)) {
            _ if probed && !self.random.one_in(6) => self.random.one_of(&[5, 10, 10, 11, 11, 12, 13, 13, 14, 15]),
            (Topic::Everything | Topic::Probes, _) | (_, false) => self.random.below(20),
            (Topic::Votes | Topic::Storm, true) => 5,
            (Topic::Counts, true) => 18,
        };
        match kind {
            0 | 1 => Body::Read { after: self.version(&name) },
            2 => Body::Beat { within: self.duration(), held: self.names() },
            3..=9 => {
                let large =
                    self.topic != Topic::Probes && self.random.one_in(if self.topic == Topic::Storm { 2 } else { 30 });
                let count = if large { BATCH as u64 } else { self.random.one_of(&[1, 1, 2, 3]) };
                Body::Propose((0..count).map(|number| self.proposal(number)).collect())
            }
            10..=12 => Body::Lease {
                version: self.version(&name),
                name,
                slots: u32::try_from(self.random.below(4)).unwrap(),
                max: u32::try_from(self.random.below(4)).unwrap(),
                ttl: self.duration(),
            },
            13..=15 => Body::Report(Report {
                version: self.version(&name),
                name,
                successes: u32::try_from(self.random.below(3)).unwrap(),
                failures: u32::try_from(self.random.below(2)).unwrap(),
                success_threshold: u32::try_from(self.random.below(4)).unwrap(),
                failure_threshold: u32::try_from(self.random.below(4)).unwrap(),
                next_openings: 2,
                next_period: self.duration(),
            }),
            16 => Body::Release { names: self.names() },
            17 => Body::Active { names: self.names() },
            18 => Body::Count((0..=self.random.below(2)).map(|_| self.tallied()).collect()),
            _ if self.random.one_in(2) => Body::Leave { names: self.names() },
            _ => Body::Withdraw { names: self.names() },
        }
    }

    fn proposal(&mut self, number: u64) -> Proposal {
        // Those of a large batch are different circuits.
        let name = if number < 3 { self.name() } else { Name(format!("batch/{number}").into()) };
        let expected = self.version(&name);
        let right = match (self.topic, self.random.one_in(2)) {
            (Topic::Everything, _) | (_, false) => self.random.below(10),
            (Topic::Votes, true) => 0,
            (Topic::Probes, true) => self.random.one_of(&[4, 5, 6, 6, 6]),
            (Topic::Counts | Topic::Storm, true) => 8,
        };
        let right = match right {
            0..=3 => Right::Vote {
                expected,
                instances: u32::try_from(self.random.below(4)).unwrap(),
                share: self.random.one_of(&[0.0, 0.0, 0.34, 0.07, 1.0, 0.5, f64::NAN]),
            },
            4 => Right::Authority { expected },
            5 | 6 => Right::Probe { expected },
            7..=8 => Right::Order { at: self.time() },
            _ => {
                let ordered = if self.random.one_in(2) { self.time() } else { StoreTime(0) };
                Right::Restore { floor: expected, ordered }
            }
        };
        let automatic = matches!(right, Right::Vote { .. } | Right::Authority { .. } | Right::Probe { .. });
        let states = [State::Open, State::Open, State::Closed, State::ForcedOpen, State::Disabled, State::MetricsOnly];
        let text = |text: String| -> Option<Arc<str>> { Some(text.into()) };
        Proposal {
            name,
            full_name: if self.random.one_in(8) { text("long".repeat(100)) } else { None },
            state: self.random.one_of(if automatic { &states[..3] } else { &states[..] }),
            period: self.duration(),
            openings: u32::try_from(self.random.below(5)).unwrap(),
            cause: self.random.one_of(&["failure_rate", "manual", "tripped"]).into(),
            reason: match self.random.below(6) {
                0 => text("no route to host: größe".to_owned()),
                1 => text("ü".repeat(300)),
                2 => text(String::new()),
                _ => None,
            },
            right,
        }
    }

    fn tallied(&mut self) -> Tallied {
        let some = u64::from(!self.random.one_in(3));
        let window = self.random.one_of(&[1, 10 * SECOND, 10 * SECOND, 60 * SECOND]);
        Tallied {
            name: self.name(),
            window: Duration::from_micros(window),
            calls: some * self.random.below(1_000),
            failures: some * self.random.below(100),
            slow: some * self.random.below(3),
        }
    }

    /// Remembers the records in an answer.
    pub(super) fn learn(&mut self, request: &Request, answer: &Answer) {
        match (&request.body, &answer.body) {
            (_, AnswerBody::Records { records, .. }) => self.known.extend(records.iter().cloned()),
            (Body::Propose(proposals), AnswerBody::Proposed(verdicts)) => {
                proposals.iter().zip(verdicts).for_each(|(proposal, verdict)| self.judged(&proposal.name, verdict));
            }
            (Body::Report(report), AnswerBody::Reported(verdict)) => self.judged(&report.name, verdict),
            (Body::Lease { name, .. }, AnswerBody::Lease(Lease::Conflict(record))) => self.is(name, record.as_ref()),
            _ => {}
        }
    }

    fn judged(&mut self, name: &Name, verdict: &Verdict) {
        match verdict {
            Verdict::Applied(record) => self.is(name, Some(record)),
            Verdict::Conflict(record) => self.is(name, record.as_ref()),
            Verdict::Noted { .. } | Verdict::Foreign => {}
        }
    }

    fn is(&mut self, name: &Name, record: Option<&Record>) {
        match record {
            Some(record) => self.known.insert(name.clone(), record.clone()),
            None => self.known.remove(name),
        };
    }
}
