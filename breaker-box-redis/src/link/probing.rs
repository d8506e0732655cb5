//! Probes of circuits that are open in the fleet: who wants one, and what came of it.

use std::time::Duration;

use super::Link;
use super::input::{Generation, ProbeReport};
use super::lease::{Lease, Probes};
use super::output::Output;
use super::request::Purpose;
use super::time::Time;
use crate::protocol::{Body, Name, Report};

/// Of a grant of no slots.
const NOTHING: Duration = Duration::from_secs(1);

impl Link {
    /// From now on the circuit here admits no probe without a lease.
    pub(super) fn hold(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (Some(local), Some(circuit)) = (&entry.local, &entry.circuit) else { return };
        let generation = local.generation;
        let circuit = circuit.clone();
        let before = entry.probes.replace(Probes::new(generation));
        self.outputs.push(Output::Hold { circuit: circuit.clone(), generation });
        if before.is_some_and(|probes| probes.lease.is_some()) {
            self.outputs.push(Output::Grant { circuit, generation, slots: 0, within: NOTHING });
        }
        if !self.connected {
            self.arm_release(name);
        }
    }

    /// What opens while the store cannot be reached is held as well, so that the instances do not
    /// all probe at once.
    pub(super) fn hold_if_cut_off(&mut self, name: &Name) {
        if !self.connected && self.entries.get(name).is_some_and(|entry| entry.open_until().is_some()) {
            self.hold(name);
        }
    }

    /// Local rules, unless the fleet has the circuit open.
    pub(super) fn release_if_unknown(&mut self, name: &Name) {
        let Some(entry) = self.entries.get(name) else { return };
        let undecided = entry.is_unsettled();
        if self.connected && entry.probes.is_some() && !undecided && !entry.is_open_in_fleet() {
            self.release_probes(name);
        }
    }

    pub(super) fn release_probes(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (Some(probes), Some(circuit)) = (&mut entry.probes, &entry.circuit) else { return };
        if !std::mem::replace(&mut probes.released, true) {
            probes.lease = None;
            probes.listen_at = None;
            probes.release_at = None;
            let (circuit, generation) = (circuit.clone(), probes.generation);
            self.outputs.push(Output::ReleaseProbes { circuit, generation });
        }
    }

    /// Everything that is held is released in time, each circuit and instance at a time of its own.
    pub(super) fn hold_until_release(&mut self) {
        self.file();
        let names: Vec<Name> = self.entries.with_probes().cloned().collect();
        for name in names {
            self.arm_release(&name);
        }
    }

    /// The store can be reached again.
    pub(super) fn stay_held(&mut self) {
        self.file();
        let names: Vec<Name> = self.entries.with_probes().cloned().collect();
        for name in names {
            if let Some(probes) = self.entries.get_mut(&name).and_then(|entry| entry.probes.as_mut()) {
                probes.release_at = None;
                probes.unanswered = None;
            }
        }
    }

    /// What was released is held again, where the fleet still has it open.
    pub(super) fn hold_again(&mut self, number: u16) {
        self.file();
        let names: Vec<Name> = self.entries.with_probes().cloned().collect();
        for name in names {
            let Some(entry) = self.entries.get(&name).filter(|entry| entry.shard == number) else { continue };
            let released = entry.probes.as_ref().is_some_and(|probes| probes.released);
            if released && entry.is_open_in_fleet() && entry.is_open_here() {
                self.hold(&name);
            } else {
                self.release_if_unknown(&name);
                // A call may have been rejected while nothing could be asked for.
                self.listen(&name);
            }
        }
    }

    /// After the open period and the time of a lease, with a share of the period at random.
    fn arm_release(&mut self, name: &Name) {
        let (cut_off, lease) = (self.cut_off, self.settings.lease);
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(local) = &entry.local else { return };
        let Some(probes) = entry.probes.as_mut().filter(|probes| !probes.released) else { return };
        let share = self.random.up_to(local.period / 4);
        probes.release_at = Some(local.deadline.max(cut_off) + lease + share);
        probes.requested = None;
    }

    pub(super) fn probe_wanted(&mut self, name: &Name, generation: Generation, max: u32) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(probes) = entry.probes.as_mut().filter(|probes| !probes.released) else { return };
        probes.max = max.max(1);
        if probes.generation == generation {
            self.ask(name);
        } else {
            self.listen(name);
        }
    }

    /// Asks for the next rejected call to be reported.
    pub(super) fn listen(&mut self, name: &Name) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (Some(probes), Some(circuit)) = (&mut entry.probes, &entry.circuit) else { return };
        probes.listen_at = None;
        if probes.released {
            return;
        }
        let (circuit, generation) = (circuit.clone(), probes.generation);
        match probes.lease.filter(|lease| lease.until > now && lease.returns_at.is_none()) {
            Some(Lease { slots, until, .. }) => {
                let within = until.since(now);
                self.outputs.push(Output::Grant { circuit, generation, slots, within });
            }
            None => self.outputs.push(Output::Hold { circuit, generation }),
        }
    }

    /// No more probes on the slots that were granted.
    pub(super) fn revoke(&mut self, name: &Name) {
        let Some(entry) = self.entries.get(name) else { return };
        let (Some(probes), Some(circuit)) = (&entry.probes, &entry.circuit) else { return };
        let (circuit, generation) = (circuit.clone(), probes.generation);
        let within = probes.lease.map_or(NOTHING, |lease| lease.until.since(self.now));
        self.outputs.push(Output::Grant { circuit, generation, slots: 0, within });
    }

    pub(super) fn probe_settled(&mut self, name: &Name, report: ProbeReport) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (shard, version) = (entry.shard, entry.version());
        let Some(probes) = entry.probes.as_mut().filter(|probes| probes.generation == report.generation) else {
            return;
        };
        let (successes, failures) = probes.reported;
        probes.reported = (report.successes, report.failures);
        let Some(lease) = probes.lease.as_mut().filter(|lease| lease.until > now) else { return };
        lease.in_flight = report.in_flight;
        lease.used = now;
        if report.in_flight > 0 && lease.returns_at.take().is_some() {
            self.listen(name);
        }
        let successes = report.successes.saturating_sub(successes);
        let failures = report.failures.saturating_sub(failures);
        // Where a threshold is reached here, the change of state says so.
        let decided = report.successes >= report.success_threshold || report.failures >= report.failure_threshold;
        if decided || successes + failures == 0 || !self.connected {
            return;
        }
        let body = Report {
            name: name.clone(),
            version,
            successes,
            failures,
            success_threshold: report.success_threshold,
            failure_threshold: report.failure_threshold,
            next_openings: report.next_openings,
            next_period: report.next_period,
        };
        self.send(shard, Purpose::Report(name.clone()), Body::Report(body));
    }

    pub(super) fn probes_due(&mut self, name: &Name) {
        let now = self.now;
        let Some(probes) = self.entries.get(name).and_then(|entry| entry.probes.as_ref()) else { return };
        let due = |time: Option<Time>| time.is_some_and(|time| time <= now);
        let (lease, listen, release) = (probes.lease, due(probes.listen_at), due(probes.release_at));
        if let Some(lease) = lease {
            self.lease_due(name, lease);
        }
        if listen {
            self.listen(name);
        }
        if release {
            self.release_probes(name);
        }
    }

    /// The store has not answered for longer than a lease lasts, though a probe is wanted.
    pub(super) fn release_if_silent(&mut self, name: &Name) {
        let now = self.now;
        let lease = self.settings.lease;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(local) = &entry.local else { return };
        let period = local.period;
        let Some(probes) = entry.probes.as_mut().filter(|probes| !probes.released) else { return };
        if probes.unanswered.is_none() {
            probes.unanswered = Some(now);
            let share = self.random.up_to(period / 4);
            probes.release_at = Some(now + lease + share);
        }
    }
}
