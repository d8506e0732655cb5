//! Leases for probes, and their results.

use std::time::Duration;

use super::Call;
use super::keyspace::{Id, Kind, Lease as Held, Stored};
use crate::protocol::{Lease, Name, Report, Verdict, Version};
use crate::store::bounds;
use breaker_core::State;

/// The valid leases for a circuit.
pub(super) struct Leases {
    others: u32,
    pub(super) mine: u32,
    /// When the first lease of the others lapses, and the last.
    first: u64,
    latest: u64,
}

impl Call<'_> {
    pub(super) fn leases(&mut self, name: &Name) -> Leases {
        let (me, now) = (self.me, self.now);
        let all = self.shard.keys.leases(name);
        all.retain(|_, lease| lease.until > now && lease.until - now <= lease.ttl);
        let others = || all.iter().filter(|(holder, _)| holder.as_ref() != me).map(|(_, lease)| lease);
        Leases {
            others: others().map(|lease| lease.slots).sum(),
            mine: all.get(me).map_or(0, |lease| lease.slots),
            first: others().map(|lease| lease.until).min().unwrap_or(now),
            latest: others().map(|lease| lease.until).max().unwrap_or(now),
        }
    }

    /// The record, if it is open at this version; else what the caller holds against it.
    fn open_at(&mut self, name: &Name, version: Version) -> Result<Stored, Option<Stored>> {
        match self.load(name) {
            Some(record) if record.version == bounds::version(version) && record.state == State::Open => Ok(record),
            other => Err(other),
        }
    }

    pub(super) fn lease(&mut self, name: &Name, version: Version, slots: u32, max: u32, ttl: u64) -> Lease {
        let (me, now) = (self.me, self.now);
        match self.open_at(name, version) {
            Err(other) => return Lease::Conflict(other.map(|record| record.record(now))),
            Ok(record) if record.left(now) > 0 => return Lease::Early(Duration::from_micros(record.left(now))),
            Ok(_) => {}
        }
        let leases = self.leases(name);
        let slots = slots.min(max.saturating_sub(leases.others));
        if slots == 0 {
            return Lease::Full(Duration::from_micros(leases.first - now));
        }
        self.shard.keys.leases(name).insert(me.into(), Held { until: now + ttl, ttl, slots });
        self.shard.keys.expire_in(&Id::of(Kind::Leases, name), ttl.max(leases.latest - now), now);
        Lease::Granted(slots)
    }

    pub(super) fn report(&mut self, report: &Report) -> Verdict {
        let record = match self.open_at(&report.name, report.version) {
            Ok(record) => record,
            Err(other) => return self.conflict(other.as_ref()),
        };
        if self.leases(&report.name).mine == 0 {
            return self.conflict(Some(&record));
        }
        let successes = record.successes + u64::from(report.successes);
        let failures = record.failures + u64::from(report.failures);
        let (state, period, openings, cause) = if failures >= u64::from(report.failure_threshold.max(1)) {
            let openings = bounds::openings(report.next_openings);
            (State::Open, bounds::micros(report.next_period), openings, "probe_failed")
        } else if successes >= u64::from(report.success_threshold.max(1)) {
            (State::Closed, 0, 0, "probes_succeeded")
        } else {
            let stored = self.shard.keys.record(&report.name).expect("it was loaded");
            (stored.successes, stored.failures) = (successes, failures);
            let votes = u32::try_from(successes).expect("below the threshold");
            return Verdict::Noted { votes, needed: report.success_threshold.max(1) };
        };
        let decided = Stored {
            state,
            period,
            openings,
            cause: cause.into(),
            reason: None,
            successes: 0,
            failures: 0,
            ..record.clone()
        };
        self.write(&report.name, Some(&record), decided, 0)
    }
}
