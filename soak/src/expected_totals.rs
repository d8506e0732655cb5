//! The results of one circuit's calls as the program knows them, and what the circuit's totals must
//! be.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use breaker_box::Totals;

/// How a call ended, as its caller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Completion {
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
    /// The circuit was never asked.
    Never,
}

const COMPLETIONS: usize = Completion::Never as usize + 1;

/// What is known about a circuit from its policies and the manual commands it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A cancelled call is only cancelled. No call is slow, or it is not known which.
    Plain,
    /// A cancelled call counts as a failure.
    CancelFails,
    /// Every call that is timed is slow.
    AlwaysSlow,
    /// It is disabled now and then, and counts nothing meanwhile.
    MayBeDisabled,
}

/// Whether calls can be slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    Never,
    Perhaps,
}

/// The calls of one circuit, by how they ended.
#[derive(Debug, Default)]
pub(crate) struct ExpectedTotals {
    given: [AtomicU64; COMPLETIONS],
    /// Calls that may not have been counted: the circuit may have been disabled, or the call may
    /// have been part of a probe.
    uncertain: [AtomicU64; COMPLETIONS],
    /// How many of `given` were reported calls (`record_success`, `record_failure`), which are
    /// never late and never timed.
    reports: AtomicU64,
    /// Odd while the circuit may be disabled.
    disabled_epoch: AtomicU32,
}

impl ExpectedTotals {
    /// The epoch of a nested call, which may be part of a probe and then is not counted. Odd, as
    /// while the circuit may be disabled.
    pub(crate) const NESTED: u32 = u32::MAX;

    /// How often the circuit was disabled or enabled again.
    pub(crate) fn disabled_epoch(&self) -> u32 {
        // SeqCst, as all of `disabled_epoch`: a call that reads the same number before and after
        // must not have overlapped with a change.
        self.disabled_epoch.load(Ordering::SeqCst)
    }

    /// Called before the circuit is disabled; false if it is disabled already.
    pub(crate) fn begin_disabled(&self) -> bool {
        let odd = |epoch: u32| (epoch % 2 == 0).then_some(epoch + 1);
        // SeqCst: as `disabled_epoch`.
        self.disabled_epoch.fetch_update(Ordering::SeqCst, Ordering::SeqCst, odd).is_ok()
    }

    /// Called after the circuit was enabled again, by the thread that disabled it.
    pub(crate) fn end_disabled(&self) {
        // SeqCst: as `disabled_epoch`.
        self.disabled_epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Records how a call ended that was made, or reported, in that `disabled_epoch`.
    pub(crate) fn record(&self, end: Completion, disabled_epoch: u32, is_report: bool) {
        let is_certain = disabled_epoch % 2 == 0 && self.disabled_epoch() == disabled_epoch;
        let counts = if is_certain { &self.given } else { &self.uncertain };
        // Relaxed, both: counts, compared after the threads were joined.
        counts[end as usize].fetch_add(1, Ordering::Relaxed);
        if is_report && is_certain {
            self.reports.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn of(&self, end: Completion) -> u64 {
        // Relaxed: as in `note`.
        self.given[end as usize].load(Ordering::Relaxed) + self.uncertain_of(end)
    }

    fn uncertain_of(&self, end: Completion) -> u64 {
        // Relaxed: as in `note`.
        self.uncertain[end as usize].load(Ordering::Relaxed)
    }

    /// Checks that the totals of the circuit are what its calls add up to.
    ///
    /// A call is counted in the total of its completion, or as late. So each total is at most the
    /// number of such calls, and the sum of the differences is the number of late calls.
    pub(crate) fn compare(&self, totals: &Totals, profile: Profile, slow: Slow) -> Result<(), String> {
        let cancelled_failures = if profile == Profile::CancelFails { totals.cancelled } else { 0 };
        let own_failures = totals.failures.checked_sub(totals.panicked + cancelled_failures);
        let own_failures =
            own_failures.ok_or_else(|| format!("more panics and cancellations than failures: {totals:?}"))?;
        let found = [
            (Completion::Success, totals.successes),
            (Completion::Failure, own_failures),
            (Completion::Ignored, totals.ignored),
            (Completion::Cancelled, totals.cancelled),
            (Completion::Panicked, totals.panicked),
        ];
        let (mut missing, mut uncertain) = (0, 0);
        for (end, counted) in found {
            let given = self.of(end);
            let missed = given.checked_sub(counted);
            missing +=
                missed.ok_or_else(|| format!("{counted} counted as {end:?}, but only {given} were: {totals:?}"))?;
            uncertain += self.uncertain_of(end);
        }
        // Calls that are missing are late, or uncertain ones that were not counted.
        let nowhere = missing.checked_sub(totals.late);
        if nowhere.is_none_or(|nowhere| nowhere > uncertain) {
            return Err(format!(
                "{missing} are in no total, but {} are late ({uncertain} in doubt): {totals:?}",
                totals.late
            ));
        }
        let rejected = self.of(Completion::Rejected);
        if totals.rejected != rejected {
            return Err(format!("{} counted as rejected, but {rejected} were", totals.rejected));
        }
        self.compare_slow(totals, profile, slow)
    }

    fn compare_slow(&self, totals: &Totals, profile: Profile, slow: Slow) -> Result<(), String> {
        // Relaxed: as in `note`.
        let reports = self.reports.load(Ordering::Relaxed);
        let timed = (totals.successes + totals.failures).saturating_sub(reports);
        let holds = match (profile, slow) {
            (Profile::AlwaysSlow, _) => totals.slow == timed,
            (_, Slow::Never) => totals.slow == 0,
            (_, Slow::Perhaps) => totals.slow <= timed,
        };
        if holds { Ok(()) } else { Err(format!("{} slow calls of {timed} that were timed: {totals:?}", totals.slow)) }
    }
}
