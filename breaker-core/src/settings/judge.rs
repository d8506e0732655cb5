//! Options that stand together: each with its partner, and a policy that can be meant.

use super::error::{Place, SettingsProblem};
use super::options::{Found, Options};
use super::values::written;
use crate::policy::{Policy, PolicyError};

impl Options {
    /// The policy that the options of `table` (its dotted name, or nothing) make, or what is wrong
    /// with them.
    pub(super) fn policy(&self, table: &str) -> Result<Policy, Vec<SettingsProblem>> {
        let mut judge = Judge { table, problems: Vec::new() };
        judge.demand_partners(self);
        if !judge.problems.is_empty() {
            return Err(judge.problems);
        }
        let policy = self.unchecked_policy();
        policy.validate().map_err(|error| {
            judge.refuse(self, &error);
            judge.problems
        })?;
        Ok(policy)
    }

    /// The policy where every option has its partner.
    fn unchecked_policy(&self) -> Policy {
        let mut policy = Policy::new();
        let failures = self.failures.value().zip(self.within.value());
        let failure_rate = self.failure_rate.value().zip(self.window.value());
        let slow = self.slow_call_rate.value().zip(self.slow_call.value()).zip(self.window.value());
        let threshold = self.failure_threshold.value();
        // Named conditions replace the one of `Policy::new`.
        if threshold.is_some() || failures.is_some() || failure_rate.is_some() || slow.is_some() {
            policy.consecutive_failures = threshold;
            policy.failures_within = failures;
            policy.failure_rate = failure_rate;
            policy.slow_call_rate = slow.map(|((rate, longer_than), window)| (rate, longer_than, window));
        }
        policy.minimum_calls = self.minimum_calls.value();
        policy.debounce = self.debounce.value().unwrap_or(policy.debounce);
        policy.expiry = self.expiry.value().unwrap_or(policy.expiry);
        policy.progressive = self.backoff_factor.value().zip(self.max_expiry.value());
        policy.jitter = self.jitter.value().unwrap_or(policy.jitter);
        policy.half_open_max_calls = self.half_open_max_calls.value().unwrap_or(policy.half_open_max_calls);
        policy.success_threshold = self.success_threshold.value().unwrap_or(policy.success_threshold);
        policy.half_open_failure_threshold =
            self.half_open_failure_threshold.value().unwrap_or(policy.half_open_failure_threshold);
        policy.half_open_timeout = self.half_open_timeout.value();
        policy.close_on_expiry = self.close_on_expiry.value().unwrap_or(policy.close_on_expiry);
        policy.fail_slower_than = self.fail_slower_than.value();
        policy.max_trip = self.max_trip.value().unwrap_or(policy.max_trip);
        policy.on_cancel = self.on_cancel.value().unwrap_or(policy.on_cancel);
        policy
    }
}

struct Judge<'a> {
    table: &'a str,
    problems: Vec<SettingsProblem>,
}

impl Judge<'_> {
    fn demand_partners(&mut self, options: &Options) {
        let Options { failures, within, failure_rate, slow_call_rate, slow_call, window, minimum_calls, .. } = options;
        self.demand(failures.place(), within.is_some(), "`within` beside it, such as `\"60s\"`");
        self.demand(within.place(), failures.is_some(), "`failures` beside it, such as `5`");
        self.demand(slow_call_rate.place(), slow_call.is_some(), "`slow_call` beside it, such as `\"2s\"`");
        self.demand(slow_call.place(), slow_call_rate.is_some(), "`slow_call_rate` beside it, such as `0.8`");
        // Both rates have one window: its absence is told once.
        let rate = failure_rate.place().or(slow_call_rate.place());
        self.demand(rate, window.is_some(), "`window` beside it, such as `100` or `\"60s\"`");
        for option in [window.place(), minimum_calls.place()] {
            self.demand(option, rate.is_some(), "`failure_rate` or `slow_call_rate` beside it");
        }
        let Options { backoff_factor, max_expiry, .. } = options;
        self.demand(backoff_factor.place(), max_expiry.is_some(), "`max_expiry` beside it, such as `\"5m\"`");
        self.demand(max_expiry.place(), backoff_factor.is_some(), "`backoff_factor` beside it, such as `2.0`");
    }

    fn demand(&mut self, option: Option<&Place>, has_partner: bool, need: &str) {
        if let (Some(place), false) = (option, has_partner) {
            self.note(place.clone(), format!("needs {need}"));
        }
    }

    /// Values that are each in their range may still contradict one another.
    fn refuse(&mut self, options: &Options, error: &PolicyError) {
        let place = |found: Option<&Place>| found.cloned().unwrap_or_default();
        match error {
            PolicyError::MinimumAboveWindow { window, .. } => self.note(
                place(options.minimum_calls.place()),
                format!("is more than the window of {window} calls holds: write at most `{window}`"),
            ),
            PolicyError::MaxBelowInitial { initial, .. } => self.note(
                place(options.max_expiry.place()),
                format!("is shorter than the expiry of {initial:?}: write at least `{:?}`", written(*initial)),
            ),
            // The readers let no other through; a rule that comes later is told in the policy's own
            // words.
            other => {
                self.note(Place { key: self.table.to_owned(), ..Place::default() }, format!("is refused: {other}"));
            }
        }
    }

    fn note(&mut self, place: Place, message: String) {
        // An inherited value stands in another table than the one it is wrong for.
        let is_own =
            self.table.is_empty() || place.key.strip_prefix(self.table).is_some_and(|rest| rest.starts_with('.'));
        let message = if is_own { message } else { format!("{message} (inherited by `{}`)", self.table) };
        self.problems.push(SettingsProblem::new(place, message));
    }
}

/// The parts of an option that may not be there.
trait MaybeFound<T> {
    fn value(&self) -> Option<T>;
    fn place(&self) -> Option<&Place>;
}

impl<T: Copy> MaybeFound<T> for Option<Found<T>> {
    fn value(&self) -> Option<T> {
        self.as_ref().map(|found| found.value)
    }

    fn place(&self) -> Option<&Place> {
        self.as_ref().map(|found| &*found.place)
    }
}
