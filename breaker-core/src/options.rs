//! The options of a policy by name: how each is read, how a table inherits from another, and the
//! policy that they build.

mod aliases;
pub(crate) mod duration;
pub(crate) mod nearest;
pub(crate) mod problem;
pub(crate) mod text;
pub(crate) mod value;
pub(crate) mod values;

use std::rc::Rc;
use std::time::Duration;

use aliases::ALIASES;
use duration::format_duration;
use nearest::nearest;
use problem::{Place, Problems, SettingsProblem};
use text::{dotted, listed};
use value::Entries;
use values::Raw;

use crate::policy::{Cancellation, Policy, PolicyError, Window};

/// Reads a policy from its options, validated as in settings files.
pub(crate) fn read_policy(entries: &Entries) -> Result<Policy, Problems> {
    let mut options = Options::default();
    let mut problems = Problems::default();
    for (name, node) in entries {
        if problems.are_enough() {
            break;
        }
        let place = Rc::new(Place::of_key(dotted([name.as_str()])));
        let read = options.read(name, Raw::new(node, ""), &place);
        if let Err(message) = read.unwrap_or_else(|| Err(unknown_option(name, &[]))) {
            problems.push(SettingsProblem::new((*place).clone(), message));
        }
    }
    if problems.is_empty() {
        match options.build_policy("") {
            Ok(policy) => return Ok(policy),
            Err(found) => problems.extend(found),
        }
    }
    Err(problems)
}

/// The message for a name that is neither an option of a policy nor one of `others`.
pub(crate) fn unknown_option(name: &str, others: &[&str]) -> String {
    let names = || NAMES.iter().chain(others).copied();
    let alias = ALIASES.iter().find(|(_, aliases)| aliases.contains(&name)).map(|(meant, _)| *meant);
    let alias = alias.filter(|meant| names().any(|name| name == *meant));
    match alias.or_else(|| nearest(name, names())) {
        Some(meant) => format!("is not an option; did you mean `{meant}`?"),
        None => format!("is not an option; the options are {}", listed(names())),
    }
}

/// A value and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    /// Shared, because circuits inherit it.
    pub(crate) place: Rc<Place>,
}

/// One row per option: name, type, reader, and a valid value.
macro_rules! options {
    ($($name:ident: $type:ty, $read:ident, $example:literal;)*) => {
        /// The options of one table. Each value is valid by itself.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Options {
            $($name: Option<Located<$type>>,)*
        }

        /// Every option of a policy.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name),)*];

        impl Options {
            /// Reads the option of that name; `None` if there is none.
            pub(crate) fn read(&mut self, name: &str, raw: Raw<'_>, place: &Rc<Place>) -> Option<Result<(), String>> {
                match name {
                    $(stringify!($name) => {
                        let read = values::$read(Raw { example: $example, ..raw });
                        Some(read.map(|value| self.$name = Some(Located { value, place: Rc::clone(place) })))
                    })*
                    _ => None,
                }
            }

            /// These options, with missing ones taken from `base`.
            fn or(self, base: Self) -> Self {
                Self { $($name: self.$name.or(base.$name),)* }
            }
        }
    };
}

options! {
    failure_threshold: u32, count, "5";
    failures: u32, count, "5";
    within: Duration, period, "\"60s\"";
    failure_rate: f64, rate, "0.5";
    slow_call_rate: f64, rate, "0.8";
    slow_call: Duration, period, "\"2s\"";
    window: Window, window, "100";
    minimum_calls: u32, count, "20";
    hung_calls: u32, count, "10";
    hung_after: Duration, period, "\"30s\"";
    debounce: Duration, duration, "\"250ms\"";
    expiry: Duration, period, "\"30s\"";
    backoff_factor: f64, factor, "2.0";
    max_expiry: Duration, period, "\"5m\"";
    jitter: f64, jitter, "0.1";
    half_open_max_calls: u32, count, "1";
    success_threshold: u32, count, "1";
    half_open_failure_threshold: u32, count, "1";
    half_open_timeout: Duration, period, "\"30s\"";
    close_on_expiry: bool, flag, "true";
    ramp_up: Duration, period, "\"30s\"";
    ramp_up_from: f64, rate, "0.1";
    fail_slower_than: Duration, period, "\"2s\"";
    max_trip: Duration, period, "\"1h\"";
    on_cancel: Cancellation, cancellation, "\"failure\"";
}

impl Options {
    /// These options, with what they inherit from `base`. A condition named here replaces all
    /// conditions of `base`. The options that belong to a condition (`within`, `slow_call`,
    /// `window`, `minimum_calls`, `hung_after`) are inherited if the condition is present, and so is
    /// every other option.
    pub(crate) fn inherit(self, mut base: Self) -> Self {
        let names_condition = self.failure_threshold.is_some()
            || self.failures.is_some()
            || self.failure_rate.is_some()
            || self.slow_call_rate.is_some()
            || self.hung_calls.is_some();
        if names_condition {
            base.failure_threshold = None;
            base.failures = None;
            base.failure_rate = None;
            base.slow_call_rate = None;
            base.hung_calls = None;
        }
        // If they are named here, they stay. That is a mistake, which is reported later.
        if self.failures.is_none() && base.failures.is_none() {
            base.within = None;
        }
        if self.slow_call_rate.is_none() && base.slow_call_rate.is_none() {
            base.slow_call = None;
        }
        if self.hung_calls.is_none() && base.hung_calls.is_none() {
            base.hung_after = None;
        }
        let rates = [&self.failure_rate, &self.slow_call_rate, &base.failure_rate, &base.slow_call_rate];
        if rates.into_iter().all(Option::is_none) {
            base.window = None;
            base.minimum_calls = None;
        }
        self.or(base)
    }
}

impl Options {
    /// Builds the policy of `table` (its dotted name, or an empty text) from its options.
    pub(crate) fn build_policy(&self, table: &str) -> Result<Policy, Vec<SettingsProblem>> {
        let mut checks = Checks { table, problems: Vec::new() };
        checks.require_partners(self);
        if !checks.problems.is_empty() {
            return Err(checks.problems);
        }
        let mut policy = self.unchecked_policy();
        let is_inherited = self.on_cancel.place().is_some_and(|place| !checks.is_own(place));
        if policy.on_cancel == Cancellation::Slow && policy.slow_after().is_none() && is_inherited {
            // Without a limit no call is slow, so that `slow` is the same as `ignore`.
            policy.on_cancel = Cancellation::Ignore;
        }
        policy.validate().map_err(|error| {
            checks.refuse(self, &error);
            checks.problems
        })?;
        Ok(policy)
    }

    /// The policy, provided that every option has the options it requires.
    fn unchecked_policy(&self) -> Policy {
        let mut policy = Policy::new();
        let failures = self.failures.value().zip(self.within.value());
        let failure_rate = self.failure_rate.value().zip(self.window.value());
        let slow = self.slow_call_rate.value().zip(self.slow_call.value()).zip(self.window.value());
        let hung = self.hung_calls.value().zip(self.hung_after.value());
        let threshold = self.failure_threshold.value();
        // Named conditions replace the one of `Policy::new`.
        let named = [threshold.is_some(), failures.is_some(), failure_rate.is_some(), slow.is_some(), hung.is_some()];
        if named.contains(&true) {
            policy.consecutive_failures = threshold;
            policy.failures_within = failures;
            policy.failure_rate = failure_rate;
            policy.slow_call_rate = slow.map(|((rate, longer_than), window)| (rate, longer_than, window));
            policy.hung_calls = hung;
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
        policy.ramp_up = self.ramp_up.value();
        policy.ramp_up_from = self.ramp_up_from.value().unwrap_or(policy.ramp_up_from);
        policy.fail_slower_than = self.fail_slower_than.value();
        policy.max_trip = self.max_trip.value().unwrap_or(policy.max_trip);
        policy.on_cancel = self.on_cancel.value().unwrap_or(policy.on_cancel);
        policy
    }
}

/// Checks that options that require one another are present.
struct Checks<'a> {
    table: &'a str,
    problems: Vec<SettingsProblem>,
}

impl Checks<'_> {
    fn require_partners(&mut self, options: &Options) {
        let Options { failures, within, failure_rate, slow_call_rate, slow_call, window, minimum_calls, .. } = options;
        self.require(failures.place(), within.is_some(), "`within`, such as `\"60s\"`");
        self.require(within.place(), failures.is_some(), "`failures`, such as `5`");
        self.require(slow_call_rate.place(), slow_call.is_some(), "`slow_call`, such as `\"2s\"`");
        self.require(slow_call.place(), slow_call_rate.is_some(), "`slow_call_rate`, such as `0.8`");
        // Both rates share one window: its absence is reported once.
        let rate = failure_rate.place().or(slow_call_rate.place());
        self.require(rate, window.is_some(), "`window`, such as `100` or `\"60s\"`");
        for option in [window.place(), minimum_calls.place()] {
            self.require(option, rate.is_some(), "`failure_rate` or `slow_call_rate`");
        }
        let Options { hung_calls, hung_after, backoff_factor, max_expiry, ramp_up, ramp_up_from, .. } = options;
        self.require(hung_calls.place(), hung_after.is_some(), "`hung_after`, such as `\"30s\"`");
        self.require(hung_after.place(), hung_calls.is_some(), "`hung_calls`, such as `10`");
        self.require(backoff_factor.place(), max_expiry.is_some(), "`max_expiry`, such as `\"5m\"`");
        self.require(max_expiry.place(), backoff_factor.is_some(), "`backoff_factor`, such as `2.0`");
        self.require(ramp_up_from.place(), ramp_up.is_some(), "`ramp_up`, such as `\"30s\"`");
    }

    fn require(&mut self, option: Option<&Place>, has_partner: bool, need: &str) {
        if let (Some(place), false) = (option, has_partner) {
            self.note(place.clone(), format!("requires {need}"));
        }
    }

    /// Reports values that are each in their range but contradict one another.
    fn refuse(&mut self, options: &Options, error: &PolicyError) {
        let place = |found: Option<&Place>| found.cloned().unwrap_or_default();
        match error {
            PolicyError::MinimumAboveWindow { window, .. } => self.note(
                place(options.minimum_calls.place()),
                format!("is more than the window of {window} calls holds: write at most `{window}`"),
            ),
            PolicyError::MaxBelowInitial { initial, .. } => self.note(
                place(options.max_expiry.place()),
                format!("is shorter than the expiry of {initial:?}: write at least `{:?}`", format_duration(*initial)),
            ),
            PolicyError::NoSlowCallLimit => self.note(
                place(options.on_cancel.place()),
                "is `slow`, which requires `slow_call` or `fail_slower_than`, such as `\"2s\"`".to_owned(),
            ),
            // The readers allow no other error. One that a later rule adds is displayed as it is.
            other => self.note(Place::of_key(self.table.to_owned()), format!("is invalid: {other}")),
        }
    }

    fn note(&mut self, place: Place, message: String) {
        let message = if self.is_own(&place) { message } else { format!("{message} (inherited by `{}`)", self.table) };
        self.problems.push(SettingsProblem::new(place, message));
    }

    /// Whether the value is in the table itself, and not inherited from another one.
    fn is_own(&self, place: &Place) -> bool {
        self.table.is_empty() || place.key.strip_prefix(self.table).is_some_and(|rest| rest.starts_with('.'))
    }
}

/// The parts of an option that may be missing.
trait MaybeLocated<T> {
    fn value(&self) -> Option<T>;
    fn place(&self) -> Option<&Place>;
}

impl<T: Copy> MaybeLocated<T> for Option<Located<T>> {
    fn value(&self) -> Option<T> {
        self.as_ref().map(|located| located.value)
    }

    fn place(&self) -> Option<&Place> {
        self.as_ref().map(|located| &*located.place)
    }
}

#[cfg(all(test, feature = "settings"))]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_suggested_for_its_misspellings() {
        for name in NAMES {
            let suggestion = format!("is not an option; did you mean `{name}`?");
            for at in 0..name.len() {
                let (before, after) = name.split_at(at);
                let misspellings = [
                    format!("{before}{}", &after[1..]),
                    format!("{before}x{after}"),
                    format!("{before}x{}", &after[1..]),
                    format!("{before}{}{}", &after[1..].get(..1).unwrap_or_default(), after),
                ];
                for misspelt in misspellings.iter().filter(|misspelt| !NAMES.contains(&misspelt.as_str())) {
                    assert_eq!(unknown_option(misspelt, &[]), suggestion, "{misspelt}");
                }
            }
            assert_eq!(unknown_option(&name.to_uppercase().replace('_', "-"), &[]), suggestion);
        }
    }
}
