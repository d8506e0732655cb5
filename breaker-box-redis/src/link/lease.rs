//! The probes of a circuit that is open in the fleet, and the leases that they need.

use std::time::Duration;

use super::input::{Generation, RequestId};
use super::time::Time;

/// An unused lease is kept for this time at least; see [`Lease::patience`].
pub(crate) const UNUSED: Duration = Duration::from_secs(1);
/// How long the report of a call that has just taken a slot may take, before the lease is given
/// back.
const GRACE: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
pub(crate) struct Probes {
    /// The generation that holds its probes.
    pub(crate) generation: Generation,
    /// `half_open_max_calls`, once a probe was wanted.
    pub(crate) max: u32,
    pub(crate) lease: Option<Lease>,
    pub(crate) requested: Option<RequestId>,
    /// When to ask again for rejected calls to be reported.
    pub(crate) listen_at: Option<Time>,
    /// Successes and failures that were reported.
    pub(crate) reported: (u32, u32),
    /// Since when the store has not answered.
    pub(crate) unanswered: Option<Time>,
    /// When probes go by local rules, because the store cannot be reached.
    pub(crate) release_at: Option<Time>,
    /// Whether they do.
    pub(crate) released: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lease {
    pub(crate) slots: u32,
    /// Counted from when it was asked for, so that it ends here before it ends in the store.
    pub(crate) until: Time,
    pub(crate) renew_at: Time,
    pub(crate) in_flight: u32,
    /// When it was last seen in use.
    pub(crate) used: Time,
    /// After how long unused it is given back. Where calls are rare, a short time would never meet
    /// one: each call would be rejected, and the circuit would never close. So it is as long as the
    /// circuit has been half-open, and other instances wait no longer than they have waited already.
    pub(crate) patience: Duration,
    /// No slot is free any more; it is given back at this time.
    pub(crate) returns_at: Option<Time>,
}

impl Probes {
    pub(crate) const fn new(generation: Generation) -> Self {
        Self {
            generation,
            max: 1,
            lease: None,
            requested: None,
            listen_at: None,
            reported: (0, 0),
            unanswered: None,
            release_at: None,
            released: false,
        }
    }

    pub(crate) fn wake(&self) -> Option<Time> {
        let lease = self.lease.map(|lease| lease.wake());
        self.listen_at.into_iter().chain(self.release_at).chain(lease).min()
    }

    /// How many slots to ask for when another is wanted; `None` if all are held here.
    pub(crate) fn wanted(&self) -> Option<u32> {
        let held = self.lease.map_or(0, |lease| lease.slots);
        (held < self.max).then_some(held + 1)
    }
}

impl Lease {
    /// One that was asked for at `sent`, of a circuit whose open period was over at `deadline`.
    pub(crate) fn new(slots: u32, sent: Time, ttl: Duration, now: Time, deadline: Time, before: Option<Self>) -> Self {
        let renewed = before.filter(|lease| lease.slots >= slots);
        Self {
            slots,
            until: sent + ttl,
            renew_at: sent + ttl / 3,
            in_flight: before.map_or(0, |lease| lease.in_flight),
            // One that was asked for because a call wanted it counts as used now.
            used: renewed.map_or(now, |lease| lease.used),
            patience: renewed.map_or(now.since(deadline).max(UNUSED), |lease| lease.patience),
            returns_at: None,
        }
    }

    fn wake(&self) -> Time {
        let next = match self.returns_at {
            Some(returns) => returns,
            None if self.in_flight > 0 => self.renew_at,
            None if self.is_kept() => self.renew_at.min(self.used + self.patience),
            None => self.used + self.patience,
        };
        next.min(self.until)
    }

    /// Whether it has to be renewed before it is used or given back.
    pub(crate) fn is_kept(&self) -> bool {
        self.in_flight > 0 || self.used + self.patience > self.until
    }

    pub(crate) fn is_unused(&self, now: Time) -> bool {
        self.in_flight == 0 && self.used + self.patience <= now
    }

    pub(crate) fn give_back(&mut self, now: Time) {
        self.returns_at = Some(now + GRACE);
    }
}
