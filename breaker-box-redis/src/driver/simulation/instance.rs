//! An instance: a real registry with a clock of its own, the link, and what is between them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_core::fleet::{Change, Generation, Peer, ProbeReport, Shared};
use breaker_core::{AsKey as _, CircuitBreaker, Key, KeyRef, ManualClock, Permit, Policy, Registry, State};

use super::super::changes::{Changes, Happened};
use super::super::circuits::Circuits;
use super::super::host::{Applied, Host};
use super::super::known::Known;
use super::flaw::Flaw;
use super::invariants::Watched;
use crate::link::{Adoption, Input, Link, Output, Settings, Time, Why};
use crate::names::Names;
use crate::protocol::{Name, Request};

/// How far the store's clock is ahead of true time.
pub(super) const AHEAD: u64 = 1_700_000_000_000_000;

struct Told {
    changes: Mutex<Changes>,
    known: Arc<Known>,
    circuits: Arc<Circuits>,
    now: Mutex<Time>,
}

impl Told {
    fn happened(&self, circuit: &CircuitBreaker, happened: Happened) {
        self.changes.lock().unwrap().add(circuit.key(), happened);
    }
}

impl Peer for Told {
    fn initial(&self, key: KeyRef<'_>) -> Option<Shared> {
        let named = self.circuits.made(key);
        self.known.initial(&named.name, *self.now.lock().unwrap())
    }

    fn changed(&self, circuit: &CircuitBreaker, change: &Change) {
        self.happened(circuit, Happened::Changed(change.clone()));
    }

    fn probe_wanted(&self, circuit: &CircuitBreaker, generation: Generation) {
        self.happened(circuit, Happened::ProbeWanted(generation));
    }

    fn probe_settled(&self, circuit: &CircuitBreaker, report: &ProbeReport) {
        self.happened(circuit, Happened::ProbeSettled(report.clone()));
    }
}

pub(super) struct Instance {
    pub(super) id: Arc<str>,
    pub(super) registry: Registry,
    pub(super) link: Link,
    pub(super) host: Host,
    told: Arc<Told>,
    clock: ManualClock,
    /// By how much its clock is ahead of true time.
    ahead: u64,
    /// Connections are numbered; `None` while there is none.
    pub(super) connection: Option<u32>,
    pub(super) connections: u32,
    pub(super) paused: bool,
    /// What arrived while it was paused.
    pub(super) inbox: VecDeque<Input>,
    /// In true time.
    pub(super) wake_at: Option<u64>,
    pub(super) permits: Vec<(Key, Permit)>,
    pub(super) sends: Vec<(crate::link::RequestId, Request)>,
    pub(super) reconnects: bool,
    pub(super) watched: Watched,
    lease: Duration,
    flaw: Option<Flaw>,
}

/// How a run is set up.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) instances: usize,
    pub(super) policies: BTreeMap<Key, Policy>,
    pub(super) votes: u32,
    pub(super) heartbeat: Duration,
    pub(super) lease: Duration,
    pub(super) flaw: Option<Flaw>,
}

impl Instance {
    pub(super) fn new(setup: &Setup, number: u32, now: u64, seed: u64) -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().expect("the default policy is valid");
        let ahead = seed % 1_000_000_000;
        let known = Arc::new(Known::default());
        let circuits = Arc::new(Circuits::new(Names::readable(), None));
        let time = Time(now + ahead);
        let told = Arc::new(Told {
            changes: Mutex::default(),
            known: Arc::clone(&known),
            circuits: Arc::clone(&circuits),
            now: Mutex::new(time),
        });
        let membership = registry.join(told.clone()).expect("nobody has joined");
        let id: Arc<str> = format!("i{number}").into();
        let settings = Settings {
            instance: Arc::clone(&id),
            shards: 1,
            votes: setup.votes,
            share: 0.0,
            heartbeat: setup.heartbeat,
            lease: setup.lease,
            flush_every: Duration::from_millis(100),
            counts: false,
            share_reasons: false,
            seed,
        };
        let host = Host::new(registry.downgrade(), membership, circuits, known, Vec::new(), 1);
        clock.advance(Duration::from_micros(now));
        Self {
            id,
            registry,
            link: Link::new(settings, time),
            host,
            told,
            clock,
            ahead,
            connection: None,
            connections: 0,
            paused: false,
            inbox: VecDeque::new(),
            wake_at: None,
            permits: Vec::new(),
            sends: Vec::new(),
            reconnects: false,
            watched: Watched::default(),
            lease: setup.lease,
            flaw: setup.flaw,
        }
    }

    /// Its clocks go on, even while it is stopped.
    pub(super) fn advance_to(&mut self, now: u64) {
        let old = u64::try_from(self.clock.elapsed().as_micros()).unwrap();
        self.clock.advance(Duration::from_micros(now.saturating_sub(old)));
        *self.told.now.lock().unwrap() = Time(now + self.ahead);
    }

    pub(super) fn breaker(&self, key: &Key, policies: &BTreeMap<Key, Policy>) -> CircuitBreaker {
        self.registry.get_or_register(key, policies[key]).expect("a valid policy and key")
    }

    /// Tells the link what happened here, as the thread of the fleet would.
    pub(super) fn pump(&mut self, now: u64) -> Result<(), String> {
        if self.paused {
            return Ok(());
        }
        loop {
            let changes = self.told.changes.lock().unwrap().take();
            if changes.is_empty() {
                return Ok(());
            }
            for (key, all) in changes {
                for happened in all {
                    if let Some(mut input) = self.host.happened(&key, happened) {
                        self.flawed_input(&mut input);
                        self.feed(input, now)?;
                    }
                }
            }
        }
    }

    pub(super) fn tick(&mut self, now: u64) -> Result<(), String> {
        self.wake_at = None;
        self.feed(Input::Tick, now)
    }

    /// Hands an input to the link, and does what the link says.
    pub(super) fn feed(&mut self, input: Input, now: u64) -> Result<(), String> {
        if self.paused {
            self.inbox.push_back(input);
            return Ok(());
        }
        let time = Time(now + self.ahead);
        let mut input = input;
        if let (Some(Flaw::LateMessage), Input::Received(message)) = (self.flaw, &mut input) {
            message.now = crate::protocol::StoreTime(now + AHEAD);
        }
        let mut inputs = VecDeque::from([input]);
        let mut steps = 0;
        while let Some(input) = inputs.pop_front() {
            steps += 1;
            if steps > 1_000 {
                return Err(format!("{}: an endless loop between link and circuits", self.id));
            }
            self.watched.hears(&input);
            for output in self.link.step(input, time) {
                self.watched.wants(&output);
                let Some(output) = self.flawed_output(output) else { continue };
                self.watched.check(&output, &self.host)?;
                match self.host.apply(output, time) {
                    Applied::Done => {}
                    Applied::Answer(mut answer) => {
                        self.watched.applied(&answer)?;
                        self.flawed_input(&mut answer);
                        inputs.push_back(answer);
                    }
                    Applied::Other(output) => self.carry_out(output),
                }
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { id, request } => self.sends.push((id, request)),
            Output::WakeAt(time) => self.wake_at = Some(time.0 - self.ahead),
            Output::Reconnect => self.reconnects = true,
            _ => {}
        }
    }

    fn flawed_input(&self, input: &mut Input) {
        let Input::Adopted { circuit: Some(circuit), adoption, .. } = input else { return };
        if self.flaw != Some(Flaw::EchoIsPublished) || !matches!(adoption, Adoption::Applied(_)) {
            return;
        }
        if let Some(mut change) = self.host.now(&circuit.key) {
            change.why = Why::Manual;
            *adoption = Adoption::Moved(change);
        }
    }

    /// What a wrong link would want instead.
    fn flawed_output(&mut self, output: Output) -> Option<Output> {
        use crate::protocol::Body;
        let Some(flaw) = self.flaw else { return Some(output) };
        match (flaw, output) {
            (Flaw::LeaseFromReceipt, Output::Grant { circuit, generation, slots, .. }) if slots > 0 => {
                let within = self.lease;
                Some(Output::Grant { circuit, generation, slots, within })
            }
            (Flaw::NoExpectedGeneration, Output::Adopt { name, version, state, .. }) => {
                let key = crate::names::key(&name.0)?;
                let expected = self.host.generation(&key).map(|(generation, _)| generation);
                Some(Output::Adopt { name, expected, version, state })
            }
            (Flaw::NoHold, Output::Hold { .. }) => None,
            (Flaw::NoReading, Output::Send { id, request }) if self.connections > 1 => match request.body {
                Body::Read { .. } => None,
                _ => Some(Output::Send { id, request }),
            },
            (Flaw::NoBeat, Output::Send { id, request }) => match request.body {
                Body::Beat { .. } => None,
                _ => Some(Output::Send { id, request }),
            },
            (Flaw::NoRestore | Flaw::OrderAtArrival, Output::Send { id, mut request }) => {
                flawed_proposals(flaw, &mut request);
                Some(Output::Send { id, request })
            }
            (_, output) => Some(output),
        }
    }

    /// Does what a link without versions would do with records of a message.
    pub(super) fn unversioned(&mut self, records: &[(Name, crate::protocol::Record)], now: u64) -> Result<(), String> {
        if self.flaw != Some(Flaw::NoVersionCheck) || self.paused {
            return Ok(());
        }
        for (name, record) in records {
            let output = Output::Remember { name: name.clone(), record: record.clone(), deadline: None };
            self.watched.check(&output, &self.host)?;
        }
        let _ = now;
        Ok(())
    }

    /// Until when the link takes a circuit to be open at this version, in true time.
    pub(super) fn deadline(&self, name: &Name, version: crate::protocol::Version) -> Option<u64> {
        let (known, deadline) = self.watched.deadlines.get(name)?;
        (*known == version).then(|| deadline.0.saturating_sub(self.ahead))
    }

    /// What is in force for calls here.
    pub(super) fn state(&self, name: &Key) -> Option<(State, Option<Duration>, u32)> {
        let breaker = self.registry.get(name)?;
        let status = breaker.status();
        Some((status.state, status.retry_after, status.openings))
    }

    pub(super) fn name(key: &Key) -> Name {
        Names::readable().name(key.as_key()).name
    }
}

fn flawed_proposals(flaw: Flaw, request: &mut Request) {
    use crate::protocol::{Body, Right, StoreTime, Version};
    let Body::Propose(proposals) = &mut request.body else { return };
    for proposal in proposals {
        match &mut proposal.right {
            // Never applied.
            Right::Restore { floor, ordered } if flaw == Flaw::NoRestore => {
                (*floor, *ordered) = (Version(0), StoreTime(0));
                proposal.right = Right::Probe { expected: Version(1) };
            }
            Right::Order { at } if flaw == Flaw::OrderAtArrival => *at = StoreTime(u64::MAX / 2),
            _ => {}
        }
    }
}
