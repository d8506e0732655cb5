//! The variants that are compared: each of four settings off and on.

use std::time::Duration;

use breaker_box::Policy;

/// A way to set the breakers of the fleet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting that is on or off")]
pub(crate) struct Variant {
    pub(crate) probe_limit: bool,
    pub(crate) jitter: bool,
    pub(crate) progressive: bool,
    pub(crate) ramp_up: bool,
}

const EXPIRY: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(40);
const RAMP_UP: Duration = Duration::from_secs(30);
/// More probes than a client ever sends.
const NO_LIMIT: u32 = 1_000;

impl Variant {
    /// All of them, those with a fixed expiry first, and each without a ramp-up before the same with
    /// one.
    pub(crate) fn all() -> Vec<Self> {
        let settings = (0..16_u8).map(|bits| [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0]);
        settings
            .map(|[ramp_up, probe_limit, jitter, progressive]| Self { probe_limit, jitter, progressive, ramp_up })
            .collect()
    }

    pub(crate) fn policy(self) -> Policy {
        let policy = Policy::consecutive_failures(5).half_open_max_calls(if self.probe_limit { 1 } else { NO_LIMIT });
        let policy = policy.jitter(if self.jitter { 0.5 } else { 0.0 });
        let policy = if self.ramp_up { policy.ramp_up(RAMP_UP) } else { policy };
        if self.progressive { policy.progressive_expiry(EXPIRY, 2.0, LONGEST) } else { policy.expiry(EXPIRY) }
    }

    /// What is on, in a few words.
    pub(crate) fn name(self) -> String {
        let expiry = if self.progressive { "progressive expiry" } else { "fixed expiry" };
        let settings = [(self.probe_limit, "one probe"), (self.jitter, "jitter"), (self.ramp_up, "ramp-up")];
        let on = settings.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| name);
        std::iter::once(expiry).chain(on).collect::<Vec<_>>().join(", ")
    }
}
