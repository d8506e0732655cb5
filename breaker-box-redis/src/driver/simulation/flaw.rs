//! Ways in which the link could be wrong. Each must be found out by the invariants.

/// What is wrong in a run. The world applies it between link, circuits and store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A lease counts from when it was granted, not from when it was asked for.
    LeaseFromReceipt,
    /// An older record is adopted over a newer one.
    NoVersionCheck,
    /// A state is adopted whatever the circuit has done since.
    NoExpectedGeneration,
    /// What was adopted is published again.
    EchoIsPublished,
    /// After a reconnection nothing is read.
    NoReading,
    /// Heartbeats are not sent.
    NoBeat,
    /// A manual order is given the time at which it arrives.
    OrderAtArrival,
    /// Probes are not held.
    NoHold,
    /// A message that was on its way for long opens for the whole time that it says.
    LateMessage,
    /// What was lost is not written again.
    NoRestore,
}

impl Flaw {
    pub(super) const ALL: [Self; 10] = [
        Self::LeaseFromReceipt,
        Self::NoVersionCheck,
        Self::NoExpectedGeneration,
        Self::EchoIsPublished,
        Self::NoReading,
        Self::NoBeat,
        Self::OrderAtArrival,
        Self::NoHold,
        Self::LateMessage,
        Self::NoRestore,
    ];
}
