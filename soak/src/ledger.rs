//! What the program itself knows about one circuit's calls, and what its totals must therefore be.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use breaker_box::Totals;

/// How a call ended, as its caller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum End {
    Success,
    Failure,
    Ignored,
    Cancelled,
    Panicked,
    Rejected,
    /// The classifier panicked: counted nowhere.
    Unclassified,
    /// Its permit or future was forgotten: counted nowhere.
    Forgotten,
    /// Nothing was ever asked.
    Never,
}

const ENDS: usize = End::Never as usize + 1;

/// What its policies, and the orders it gets, let us know about a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// A cancelled call is only cancelled; no call, or we know not which, is slow.
    Plain,
    /// A cancelled call counts as a failure.
    CancelFails,
    /// Every call that is timed is slow.
    AlwaysSlow,
    /// Now and then it is disabled, and counts nothing.
    MayBeDisabled,
}

/// Whether we know which calls are slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    Never,
    Perhaps,
}

/// The calls of one circuit, by how they ended.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    given: [AtomicU64; ENDS],
    /// Calls that may have met a disabled circuit, which counts nothing, or may have been part of a
    /// probe.
    doubtful: [AtomicU64; ENDS],
    /// Reports of calls made elsewhere, which are never late and never timed; among the given ones.
    reports: AtomicU64,
    /// Odd while the circuit may be disabled.
    stays: AtomicU32,
}

impl Ledger {
    /// In place of the number of stays: a call that may be part of a probe, which counts nowhere.
    /// Odd, as while it may be disabled.
    pub(crate) const INSIDE: u32 = u32::MAX;

    /// The number of times that a stay in "disabled" began or ended.
    pub(crate) fn stays(&self) -> u32 {
        // SeqCst, as all of `stays`: a call that finds the same number before and after must not
        // have run beside an order.
        self.stays.load(Ordering::SeqCst)
    }

    /// Called before the circuit is disabled. False if it is already.
    pub(crate) fn stay_begins(&self) -> bool {
        let odd = |stays: u32| (stays % 2 == 0).then_some(stays + 1);
        // SeqCst: as `stays`.
        self.stays.fetch_update(Ordering::SeqCst, Ordering::SeqCst, odd).is_ok()
    }

    /// Called by who began it, after the circuit was enabled again.
    pub(crate) fn stay_ends(&self) {
        // SeqCst: as `stays`.
        self.stays.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes the end of a call that was asked for when there had been `stays`, or only reported
    /// then.
    pub(crate) fn note(&self, end: End, stays: u32, is_report: bool) {
        let is_sure = stays % 2 == 0 && self.stays() == stays;
        let counts = if is_sure { &self.given } else { &self.doubtful };
        // Relaxed, both: counts, compared after the threads were joined.
        counts[end as usize].fetch_add(1, Ordering::Relaxed);
        if is_report && is_sure {
            self.reports.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn of(&self, end: End) -> u64 {
        // Relaxed: as in `note`.
        self.given[end as usize].load(Ordering::Relaxed) + self.doubtful_of(end)
    }

    fn doubtful_of(&self, end: End) -> u64 {
        // Relaxed: as in `note`.
        self.doubtful[end as usize].load(Ordering::Relaxed)
    }

    /// Whether the totals of the circuit are what its calls add up to.
    ///
    /// A call that was given an end is in the total of that end, or late; so each total is at most
    /// what was given, and what is missing in all of them together is exactly what is late.
    pub(crate) fn compare(&self, totals: &Totals, manner: Manner, slow: Slow) -> Result<(), String> {
        let cancelled_failures = if manner == Manner::CancelFails { totals.cancelled } else { 0 };
        let own_failures = totals.failures.checked_sub(totals.panicked + cancelled_failures);
        let own_failures =
            own_failures.ok_or_else(|| format!("more panics and cancellations than failures: {totals:?}"))?;
        let found = [
            (End::Success, totals.successes),
            (End::Failure, own_failures),
            (End::Ignored, totals.ignored),
            (End::Cancelled, totals.cancelled),
            (End::Panicked, totals.panicked),
        ];
        let (mut missing, mut doubtful) = (0, 0);
        for (end, counted) in found {
            let given = self.of(end);
            let missed = given.checked_sub(counted);
            missing +=
                missed.ok_or_else(|| format!("{counted} counted as {end:?}, but only {given} were: {totals:?}"))?;
            doubtful += self.doubtful_of(end);
        }
        // What is missing is late, or, if a disabled circuit or a probe may have had it, counted
        // nowhere.
        let nowhere = missing.checked_sub(totals.late);
        if nowhere.is_none_or(|nowhere| nowhere > doubtful) {
            return Err(format!(
                "{missing} are in no total, but {} are late ({doubtful} in doubt): {totals:?}",
                totals.late
            ));
        }
        let rejected = self.of(End::Rejected);
        if totals.rejected != rejected {
            return Err(format!("{} counted as rejected, but {rejected} were", totals.rejected));
        }
        self.compare_slow(totals, manner, slow)
    }

    fn compare_slow(&self, totals: &Totals, manner: Manner, slow: Slow) -> Result<(), String> {
        // Relaxed: as in `note`.
        let reports = self.reports.load(Ordering::Relaxed);
        let timed = (totals.successes + totals.failures).saturating_sub(reports);
        let holds = match (manner, slow) {
            (Manner::AlwaysSlow, _) => totals.slow == timed,
            (_, Slow::Never) => totals.slow == 0,
            (_, Slow::Perhaps) => totals.slow <= timed,
        };
        if holds { Ok(()) } else { Err(format!("{} slow calls of {timed} that were timed: {totals:?}", totals.slow)) }
    }
}
