//! Changes to circuits.

use super::keyspace::{Id, Kind, Stored};
use super::{Call, MINUTE};
use crate::protocol::{Name, Proposal, Right, Verdict};
use crate::store::bounds;
use breaker_core::State;

impl Call<'_> {
    pub(super) fn propose(&mut self, proposal: &Proposal) -> Verdict {
        let (name, now) = (&proposal.name, self.now);
        let old = self.load(name);
        let period = if proposal.state == State::Open { bounds::micros(proposal.period) } else { 0 };
        // An order in the future dates from before the clock was set back, and would prevail for
        // too long. A minute is allowed for the difference between the clocks of two servers.
        let mut ordered = old.as_ref().map_or(0, |old| old.ordered);
        if ordered > now + MINUTE {
            ordered = 0;
        }
        let mut floor = 0;
        match proposal.right {
            Right::Order { at } => {
                let mut at = bounds::time(at);
                if at > now + MINUTE {
                    at = now;
                }
                if at < ordered {
                    return self.conflict(old.as_ref());
                }
                ordered = at;
            }
            Right::Restore { floor: below, ordered: known } => {
                floor = bounds::version(below);
                let known = bounds::time(known).min(now + MINUTE);
                if old.as_ref().is_some_and(|old| old.version >= floor || ordered > known) {
                    return self.conflict(old.as_ref());
                }
                ordered = known;
            }
            Right::Vote { expected, .. } | Right::Authority { expected } | Right::Probe { expected } => {
                let version = old.as_ref().map_or(0, |old| old.version);
                if version != bounds::version(expected) || old.as_ref().is_some_and(Stored::is_manual) {
                    return self.conflict(old.as_ref());
                }
            }
        }
        match proposal.right {
            Right::Vote { instances, share, .. } => {
                let (votes, needed) = self.vote(name, period, instances.max(1), bounds::share(share));
                if votes < needed {
                    return Verdict::Noted { votes, needed };
                }
            }
            Right::Probe { .. } if self.leases(name).mine == 0 => return self.conflict(old.as_ref()),
            _ => {}
        }
        let record = Stored {
            version: 0,
            state: proposal.state,
            until: 0,
            period,
            openings: bounds::openings(proposal.openings),
            instance: "".into(),
            cause: bounds::word(&proposal.cause).into(),
            ordered,
            reason: proposal.reason.as_deref().map(bounds::reason).filter(|reason| !reason.is_empty()).map(Into::into),
            full_name: proposal.full_name.clone(),
            successes: 0,
            failures: 0,
        };
        self.write(name, old.as_ref(), record, floor)
    }

    /// Adds this instance's vote. Returns how many votes there are, and how many are needed.
    fn vote(&mut self, name: &Name, period: u64, instances: u32, share: f64) -> (u32, u32) {
        let (me, now) = (self.me, self.now);
        let id = Id::of(Kind::Votes, name);
        let votes = self.shard.keys.scores(id.clone());
        votes.insert(me.into(), now + period);
        votes.retain(|_, until| *until >= now);
        let count = u32::try_from(votes.len()).expect("few instances");
        let latest = votes.values().copied().max().unwrap_or(now);
        self.shard.keys.expire_in(&id, latest - now + 1_000, now);
        if share <= 0.0 {
            return (count, instances);
        }
        // 0.07 × 100 is a little above 7.
        let part = (share * f64::from(self.mark_active(name)) - 1e-9).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the number of instances")]
        let part = part as u32;
        (count, instances.max(part))
    }
}
