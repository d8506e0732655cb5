//! The table of options: the name of each, an example, and the options that it requires.

use super::suggestion::closest;

/// An option of the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionName {
    Identifier,
    Scope,
    Kind,
    ErrorHandler,
    Fallback,
    Registry,
    MetricsOnly,
    Crate,
    Policy,
    FailureThreshold,
    Failures,
    Within,
    FailureRate,
    SlowCallRate,
    SlowCall,
    Window,
    MinimumCalls,
    HungCalls,
    HungAfter,
    Debounce,
    Expiry,
    BackoffFactor,
    MaxExpiry,
    Jitter,
    HalfOpenMaxCalls,
    SuccessThreshold,
    HalfOpenFailureThreshold,
    HalfOpenTimeout,
    CloseOnExpiry,
    RampUp,
    RampUpFrom,
    FailSlowerThan,
    MaxTrip,
    OnCancel,
}

/// The properties of an option that do not depend on its value.
struct Row {
    option: OptionName,
    name: &'static str,
    /// An example of its use, for messages.
    example: &'static str,
    /// Groups of options; one member of each is required with this option.
    partners: &'static [&'static [OptionName]],
}

impl OptionName {
    /// The option of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.option)
    }

    /// The option that the author of an unknown name most likely meant.
    pub(crate) fn meant_by(name: &str) -> Option<Self> {
        let elsewhere = ALIASES.iter().find(|(_, names)| names.contains(&name));
        elsewhere.map(|(option, _)| *option).or_else(|| Self::named(closest(name, TABLE.iter().map(|row| row.name))?))
    }

    /// The advice for a name that stands for something a circuit breaker does not do.
    pub(crate) fn unsupported(name: &str) -> Option<&'static str> {
        UNSUPPORTED.iter().find(|(names, _)| names.contains(&name)).map(|(_, instead)| *instead)
    }

    /// Its name in the source.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// An example of its use.
    pub(crate) fn example(self) -> &'static str {
        self.row().example
    }

    /// Returns whether it stands alone, without a value.
    pub(crate) const fn is_bare(self) -> bool {
        matches!(self, Self::MetricsOnly | Self::CloseOnExpiry)
    }

    /// Groups of options; one member of each is required with this option.
    pub(crate) fn partners(self) -> &'static [&'static [Self]] {
        self.row().partners
    }

    /// Returns whether it is part of an inline policy, which `policy = …` excludes.
    pub(crate) fn is_inline_policy(self) -> bool {
        let is = |name| TABLE.iter().position(|row| row.option == name);
        is(self) > is(Self::Policy)
    }

    /// Every name, for a message.
    pub(crate) fn all_names() -> String {
        TABLE.iter().map(|row| format!("`{}`", row.name)).collect::<Vec<_>>().join(", ")
    }

    fn row(self) -> &'static Row {
        // The table is complete, which a test checks; the first row is a fallback that avoids a
        // panic.
        TABLE.iter().find(|row| row.option == self).unwrap_or(&TABLE[0])
    }
}

macro_rules! row {
    ($option:ident, $name:literal, $example:literal $(, requires $($partners:expr),+)?) => {
        Row { option: OptionName::$option, name: $name, example: $example, partners: &[$($(&$partners),+)?] }
    };
}

/// In the order of the manual. What follows `policy` belongs to an inline policy. Of two names that
/// are equally close to an unknown one, the upper is suggested.
const TABLE: &[Row] = &[
    row!(Identifier, "identifier", "identifier = \"payment_api\""),
    row!(Scope, "scope", "scope = \"payments\""),
    row!(Kind, "kind", "kind = \"http\""),
    row!(ErrorHandler, "error_handler", "error_handler = |result| result.is_ok()"),
    row!(Fallback, "fallback", "fallback = |open| Err(open.into())"),
    row!(Registry, "registry", "registry = &REGISTRY"),
    row!(MetricsOnly, "metrics_only", "metrics_only"),
    row!(Crate, "crate", "crate = my_facade::breaker_box"),
    row!(Policy, "policy", "policy = Policy::consecutive_failures(5)"),
    row!(FailureThreshold, "failure_threshold", "failure_threshold = 5"),
    row!(Failures, "failures", "failures = 5", requires[OptionName::Within]),
    row!(Within, "within", "within = \"60s\"", requires[OptionName::Failures]),
    row!(FailureRate, "failure_rate", "failure_rate = 0.5", requires[OptionName::Window]),
    row!(SlowCallRate, "slow_call_rate", "slow_call_rate = 0.8", requires[OptionName::SlowCall], [OptionName::Window]),
    row!(SlowCall, "slow_call", "slow_call = \"2s\"", requires[OptionName::SlowCallRate]),
    row!(Window, "window", "window = 100", requires [OptionName::FailureRate, OptionName::SlowCallRate]),
    row!(MinimumCalls, "minimum_calls", "minimum_calls = 20"),
    row!(HungCalls, "hung_calls", "hung_calls = 10", requires[OptionName::HungAfter]),
    row!(HungAfter, "hung_after", "hung_after = \"30s\"", requires[OptionName::HungCalls]),
    row!(Debounce, "debounce", "debounce = \"250ms\""),
    row!(Expiry, "expiry", "expiry = \"30s\""),
    row!(BackoffFactor, "backoff_factor", "backoff_factor = 2.0", requires[OptionName::MaxExpiry]),
    row!(MaxExpiry, "max_expiry", "max_expiry = \"5m\"", requires[OptionName::BackoffFactor]),
    row!(Jitter, "jitter", "jitter = 0.1"),
    row!(HalfOpenMaxCalls, "half_open_max_calls", "half_open_max_calls = 1"),
    row!(SuccessThreshold, "success_threshold", "success_threshold = 1"),
    row!(HalfOpenFailureThreshold, "half_open_failure_threshold", "half_open_failure_threshold = 1"),
    row!(HalfOpenTimeout, "half_open_timeout", "half_open_timeout = \"30s\""),
    row!(CloseOnExpiry, "close_on_expiry", "close_on_expiry"),
    row!(RampUp, "ramp_up", "ramp_up = \"30s\""),
    row!(RampUpFrom, "ramp_up_from", "ramp_up_from = 0.1", requires[OptionName::RampUp]),
    row!(FailSlowerThan, "fail_slower_than", "fail_slower_than = \"2s\""),
    row!(MaxTrip, "max_trip", "max_trip = \"60s\""),
    row!(OnCancel, "on_cancel", "on_cancel = \"failure\""),
];

/// What other libraries call an option.
const ALIASES: &[(OptionName, &[&str])] = &[
    (OptionName::Identifier, &["name", "key", "id", "circuit"]),
    (OptionName::Scope, &["namespace", "group"]),
    (OptionName::Kind, &["type", "category"]),
    (OptionName::ErrorHandler, &["classify", "classifier", "is_failure", "on_error"]),
    (OptionName::Fallback, &["fallback_method", "on_open"]),
    (OptionName::MetricsOnly, &["dry_run", "shadow", "observe_only"]),
    (OptionName::Policy, &["config", "options", "settings"]),
    (OptionName::FailureThreshold, &["max_failures", "consecutive_failures"]),
    (OptionName::FailureRate, &["failure_ratio", "failure_rate_threshold", "error_rate"]),
    (OptionName::SlowCallRate, &["slow_call_rate_threshold"]),
    (OptionName::SlowCall, &["slow_call_duration", "slow_call_duration_threshold"]),
    (OptionName::Window, &["window_size", "sliding_window_size"]),
    (OptionName::MinimumCalls, &["minimum_throughput", "min_calls", "minimum_number_of_calls"]),
    (OptionName::Expiry, &["reset_timeout", "recovery_timeout", "open_timeout", "cool_down", "cooldown"]),
    (OptionName::BackoffFactor, &["multiplier"]),
    (OptionName::MaxExpiry, &["max_timeout"]),
    (OptionName::HalfOpenMaxCalls, &["max_probes"]),
    (OptionName::RampUp, &["slow_start", "slow_start_window", "warm_up", "warm_up_period"]),
    (OptionName::RampUpFrom, &["min_weight_percent"]),
    (OptionName::OnCancel, &["cancel", "cancellation"]),
];

/// What other libraries do as well, and how to do it with this one.
const UNSUPPORTED: &[(&[&str], &str)] = &[
    (
        &[
            "timeout",
            "timeout_ms",
            "timeout_secs",
            "timeout_duration",
            "time_limit",
            "call_timeout",
            "request_timeout",
            "execution_timeout",
            "deadline",
        ],
        "a circuit breaker does not interrupt calls: put the time limit into the body, around what it awaits; `expiry` is how \
            long the circuit stays open, and calls that take longer than `fail_slower_than` count as failures",
    ),
    (
        &["mode", "initial_state"],
        "a circuit begins closed or, with `metrics_only` alone, without effect; settings files have `mode` for the other \
            states",
    ),
    (
        &["retry", "retries", "max_retries", "attempts", "max_attempts"],
        "a circuit breaker does not repeat calls: put the retry into the body, or around the function",
    ),
];
