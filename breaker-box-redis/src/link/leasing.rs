//! Leases: the store gives the slots for probes to one instance at a time.

use std::time::Duration;

use super::Link;
use super::input::RequestId;
use super::lease::Lease;
use super::request::Purpose;
use super::time::Time;
use crate::protocol::{self, Body, Name, Record, Verdict, Version};

/// How long to wait after a lease that was not answered.
const AGAIN: Duration = Duration::from_millis(100);

impl Link {
    /// Asks for one slot more than is held.
    pub(super) fn ask(&mut self, name: &Name) {
        let Some(probes) = self.entries.get(name).and_then(|entry| entry.probes.as_ref()) else { return };
        if let Some(slots) = probes.wanted() {
            self.request(name, slots);
        }
    }

    fn request(&mut self, name: &Name, slots: u32) {
        let ttl = self.settings.lease;
        let connected = self.connected;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (shard, version) = (entry.shard, entry.version());
        let open = entry.is_open_in_fleet();
        let Some(probes) = entry.probes.as_mut().filter(|probes| probes.requested.is_none()) else { return };
        if !connected || !open {
            return;
        }
        let max = probes.max;
        let purpose = Purpose::Lease { name: name.clone(), version };
        let id = self.send(shard, purpose, Body::Lease { name: name.clone(), version, slots, max, ttl });
        if let Some(probes) = self.entries.get_mut(name).and_then(|entry| entry.probes.as_mut()) {
            probes.requested = Some(id);
        }
    }

    pub(super) fn lease(
        &mut self,
        name: &Name,
        id: RequestId,
        version: Version,
        answer: protocol::Lease,
        sent: Time,
        written: Time,
    ) {
        let (now, ttl) = (self.now, self.settings.lease);
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (shard, known) = (entry.shard, entry.version());
        let deadline = entry.local.as_ref().map_or(now, |local| local.deadline);
        let Some(probes) = entry.probes.as_mut().filter(|probes| probes.requested == Some(id)) else { return };
        probes.requested = None;
        probes.unanswered = None;
        probes.release_at = None;
        if probes.released {
            return;
        }
        match answer {
            protocol::Lease::Granted(slots) if slots > 0 && known == version => {
                // From when it was asked for: it ends here before it ends in the store.
                let lease = Lease::new(slots, sent, ttl, now, deadline, probes.lease);
                if lease.until <= now {
                    return self.listen(name);
                }
                probes.lease = Some(lease);
                self.listen(name);
            }
            protocol::Lease::Granted(_) => self.listen(name),
            protocol::Lease::Full(left) => self.listen_in(name, left.min(ttl / 4)),
            protocol::Lease::Early(left) => self.listen_in(name, left),
            protocol::Lease::Conflict(Some(record)) => {
                self.learn(shard, name, record, written);
                self.listen_in(name, AGAIN);
                self.reconcile(name);
            }
            protocol::Lease::Conflict(None) => {
                // A lease that was to be renewed is lost too.
                if probes.lease.take_if(|lease| lease.in_flight == 0).is_some() {
                    self.revoke(name);
                }
                if known == version {
                    self.restore(name);
                }
                self.listen_in(name, AGAIN);
            }
            protocol::Lease::Foreign => self.foreign(name),
        }
    }

    fn listen_in(&mut self, name: &Name, wait: Duration) {
        let time = self.now + wait.max(Duration::from_millis(1));
        if let Some(probes) = self.entries.get_mut(name).and_then(|entry| entry.probes.as_mut()) {
            probes.listen_at = Some(time);
        }
    }

    pub(super) fn lease_unanswered(&mut self, name: &Name, id: RequestId) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(probes) = entry.probes.as_mut().filter(|probes| probes.requested == Some(id)) else { return };
        probes.requested = None;
        if self.connected {
            self.release_if_silent(name);
            self.listen_in(name, AGAIN);
        }
    }

    /// A lease is renewed while it is in use, given back when it is not, or lapses.
    pub(super) fn lease_due(&mut self, name: &Name, mut lease: Lease) {
        let (now, ttl) = (self.now, self.settings.lease);
        let mut renews = false;
        let mut ends = false;
        let mut returns = false;
        if lease.until <= now {
            ends = true;
        } else if let Some(at) = lease.returns_at {
            returns = at <= now;
        } else if lease.is_unused(now) {
            lease.give_back(now);
            ends = true;
        } else if lease.is_kept() && lease.renew_at <= now {
            lease.renew_at = now + ttl / 3;
            renews = true;
        }
        let Some(entry) = self.entries.get_mut(name) else { return };
        let shard = entry.shard;
        let Some(probes) = &mut entry.probes else { return };
        let over = returns || lease.until <= now;
        probes.lease = (!over).then_some(lease);
        if lease.returns_at.is_some() && ends {
            self.revoke(name);
        } else if ends {
            self.listen(name);
        }
        if renews {
            self.request(name, lease.slots);
        }
        if returns && self.connected {
            let id = self.send(shard, Purpose::Release(name.clone()), Body::Release { names: vec![name.clone()] });
            if let Some(probes) = self.entries.get_mut(name).and_then(|entry| entry.probes.as_mut()) {
                // The next lease is asked for after the answer, or else this could end it.
                probes.requested = Some(id);
            }
        }
    }

    pub(super) fn lease_returned(&mut self, name: &Name, id: RequestId) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if let Some(probes) = entry.probes.as_mut().filter(|probes| probes.requested == Some(id)) {
            probes.requested = None;
            self.listen(name);
        }
    }

    /// Results of probes here, added to those of the others.
    pub(super) fn reported(&mut self, shard: u16, name: &Name, verdict: Verdict, written: Time) {
        match verdict {
            Verdict::Applied(record) | Verdict::Conflict(Some(record)) => {
                self.adopt_report(shard, name, record, written);
            }
            Verdict::Conflict(None) => self.restore(name),
            Verdict::Noted { .. } => {}
            Verdict::Foreign => self.foreign(name),
        }
    }

    fn adopt_report(&mut self, shard: u16, name: &Name, record: Record, written: Time) {
        self.learn(shard, name, record, written);
        self.reconcile(name);
    }
}
