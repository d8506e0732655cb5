//! The variants that are compared: each of three settings off and on.

use std::time::Duration;

use breaker_box::Policy;

/// A way to set the breakers of the fleet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) probe_limit: bool,
    pub(crate) jitter: bool,
    pub(crate) progressive: bool,
}

const EXPIRY: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(40);
/// More probes than a client ever sends.
const NO_LIMIT: u32 = 1_000;

impl Variant {
    /// All of them, those with a fixed expiry first.
    pub(crate) const ALL: [Self; 8] = [
        Self::new(false, false, false),
        Self::new(true, false, false),
        Self::new(false, true, false),
        Self::new(true, true, false),
        Self::new(false, false, true),
        Self::new(true, false, true),
        Self::new(false, true, true),
        Self::new(true, true, true),
    ];

    const fn new(probe_limit: bool, jitter: bool, progressive: bool) -> Self {
        Self { probe_limit, jitter, progressive }
    }

    pub(crate) fn policy(self) -> Policy {
        let policy = Policy::consecutive_failures(5).half_open_max_calls(if self.probe_limit { 1 } else { NO_LIMIT });
        let policy = policy.jitter(if self.jitter { 0.5 } else { 0.0 });
        if self.progressive { policy.progressive_expiry(EXPIRY, 2.0, LONGEST) } else { policy.expiry(EXPIRY) }
    }

    /// What is on, in a few words.
    pub(crate) fn name(self) -> String {
        let expiry = if self.progressive { "progressive expiry" } else { "fixed expiry" };
        let rest = match (self.probe_limit, self.jitter) {
            (false, false) => "",
            (true, false) => ", one probe",
            (false, true) => ", jitter",
            (true, true) => ", one probe, jitter",
        };
        format!("{expiry}{rest}")
    }
}
