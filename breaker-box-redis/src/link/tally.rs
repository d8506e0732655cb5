//! Calls that are counted over the fleet: what was counted here is sent, and the sums are judged.

use std::collections::BTreeMap;
use std::time::Duration;

use breaker_core::{Policy, State, Window};

use super::Link;
use super::counting::{Counted, Counting};
use super::decision::{Decision, Kind};
use super::input::{Called, Circuit};
use super::output::Output;
use super::request::Purpose;
use crate::protocol::{BATCH, Body, LONGEST, Name, Sums, Tallied, Version};

/// What one circuit costs the store at each flush, and the share of its time that all instances
/// together may take.
const COST: Duration = Duration::from_micros(30);
const SHARE: u32 = 4;
/// A sum over fewer instances adds nothing to what the circuit itself counts.
const INSTANCES: u32 = 2;

impl Link {
    pub(super) fn counting_due(&mut self) {
        if !self.settings.counts || !self.connected {
            self.counting = Counting::default();
            return;
        }
        if self.counting.due.is_none_or(|due| due <= self.now) {
            self.counting.due = Some(self.now + self.flush_interval());
            self.outputs.push(Output::Count);
        }
    }

    /// Grows with the fleet, so that the store has time for other things.
    fn flush_interval(&self) -> Duration {
        let instances = self.shards.iter().map(|shard| shard.instances).max().unwrap_or(0);
        let needed = COST.saturating_mul(instances.saturating_mul(self.counting.dirty)) * SHARE;
        self.settings.flush_every.max(needed)
    }

    pub(super) fn counted(&mut self, called: &[Called]) {
        let mut shards: BTreeMap<u16, Vec<Tallied>> = BTreeMap::new();
        let mut dirty = 0;
        for called in called {
            if let Some(tallied) = self.tally(called) {
                dirty += 1;
                shards.entry(called.circuit.shard).or_default().push(tallied);
            }
        }
        self.counting.dirty = dirty;
        self.counting.has_begun = true;
        if !self.connected {
            return;
        }
        for (shard, tallied) in shards {
            for batch in tallied.chunks(BATCH) {
                let names = batch.iter().map(|tallied| tallied.name.clone()).collect();
                self.send(shard, Purpose::Count(names), Body::Count(batch.to_vec()));
            }
        }
    }

    /// What was counted since the last time; `None` if nothing was, or if it does not count.
    fn tally(&mut self, called: &Called) -> Option<Tallied> {
        let name = called.circuit.name.clone();
        let entry = self.entries.get(&name);
        let version = entry.map_or(Version(0), super::entry::Entry::version);
        let closed = entry.is_none_or(super::entry::Entry::is_closed);
        let new = Counted {
            circuit: called.circuit.clone(),
            policy: called.policy,
            calls: called.calls,
            failures: called.failures,
            slow: called.slow,
            version,
        };
        let old = self.counting.circuits.insert(name.clone(), new);
        let (calls, failures, slow) = match old {
            // What was counted before the circuit closed belongs to the time before.
            Some(old) if old.version == version => (old.calls, old.failures, old.slow),
            None if self.counting.has_begun => (0, 0, 0),
            _ => return None,
        };
        let window = window(&called.policy)?;
        if !closed {
            return None;
        }
        let tallied = Tallied {
            name,
            window,
            calls: called.calls.saturating_sub(calls),
            failures: called.failures.saturating_sub(failures),
            slow: called.slow.saturating_sub(slow),
        };
        (tallied.calls + tallied.failures + tallied.slow > 0).then_some(tallied)
    }

    pub(super) fn sums(&mut self, names: &[Name], sums: &[Sums]) {
        for (name, sums) in names.iter().zip(sums) {
            let Some(counted) = self.counting.circuits.get(name) else { continue };
            if let Some(cause) = holds(&counted.policy, sums) {
                let (circuit, policy) = (counted.circuit.clone(), counted.policy);
                self.open_by_sums(circuit, &policy, cause);
            }
        }
    }

    fn open_by_sums(&mut self, circuit: Circuit, policy: &Policy, cause: &str) {
        let now = self.now;
        let entry = self.entries.get_or_new(&circuit.name, circuit.shard);
        if !entry.is_closed() || entry.is_unsettled() {
            return;
        }
        let before = entry.local.as_ref().map(|local| local.openings);
        let before = before.or_else(|| entry.known.as_ref().map(|known| known.record.openings));
        let openings = before.unwrap_or(0).saturating_add(1);
        entry.decision = Some(Decision {
            kind: Kind::Counted,
            generation: None,
            state: State::Open,
            deadline: now + period(policy, openings),
            openings,
            cause: cause.into(),
            reason: None,
            expected: Version(0),
        });
        entry.circuit = Some(circuit);
        self.write_soon();
    }
}

impl super::entry::Entry {
    /// Closed here and in the fleet, or on the way to it.
    fn is_closed(&self) -> bool {
        self.local.as_ref().is_none_or(|local| matches!(local.state, State::Closed | State::RampingUp))
            && self.known.as_ref().is_none_or(|known| known.record.state == State::Closed)
    }
}

/// The window that is counted over the fleet: that of the rates, or else that of the failures. A
/// window of a number of calls has no place in time, and stays local.
fn window(policy: &Policy) -> Option<Duration> {
    let values = policy.values();
    let rates = values.window.and_then(Window::as_time);
    let within = values.failures_within.map(|(_, within)| within);
    rates.or(within).map(|window| window.min(LONGEST))
}

/// The condition that the sums fulfil.
#[expect(clippy::cast_precision_loss, reason = "rates are compared")]
fn holds(policy: &Policy, sums: &Sums) -> Option<&'static str> {
    if sums.instances < INSTANCES || sums.calls == 0 {
        return None;
    }
    let values = policy.values();
    let counted = window(policy)?;
    let time = values.window.and_then(Window::as_time).is_some();
    let enough = time && values.minimum_calls.is_none_or(|least| sums.calls >= u64::from(least));
    let reaches = |part: u64, rate: f64| part as f64 / sums.calls as f64 >= rate;
    let within = values.failures_within.filter(|(_, within)| (*within).min(LONGEST) == counted);
    if within.is_some_and(|(failures, _)| sums.failures >= u64::from(failures)) {
        Some("failures_within")
    } else if enough && values.failure_rate.is_some_and(|rate| reaches(sums.failures, rate)) {
        Some("failure_rate")
    } else if enough && values.slow_call_rate.is_some_and(|(rate, _)| reaches(sums.slow, rate)) {
        Some("slow_call_rate")
    } else {
        None
    }
}

/// How long the policy opens the circuit for, without jitter.
fn period(policy: &Policy, openings: u32) -> Duration {
    let values = policy.values();
    let (Some(factor), Some(max)) = (values.backoff_factor, values.max_expiry) else { return values.expiry };
    let grown = factor.powi(i32::try_from(openings.saturating_sub(1)).unwrap_or(i32::MAX));
    Duration::try_from_secs_f64(values.expiry.as_secs_f64() * grown).map_or(max, |period| period.min(max))
}
