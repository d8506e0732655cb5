//! The table of options: how each is written, whether it is part of an inline policy, what it needs
//! beside it.

use super::nearest::nearest;

/// An option of the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Identifier,
    Scope,
    Kind,
    ErrorHandler,
    Fallback,
    Registry,
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
    FailSlowerThan,
    MaxTrip,
    OnCancel,
}

/// What is known of an option without looking at its value.
struct Row {
    key: Key,
    name: &'static str,
    /// A right use, for messages.
    example: &'static str,
    /// Each group needs one member beside this option.
    partners: &'static [&'static [Key]],
}

impl Key {
    /// The option of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.key)
    }

    /// The option that the author of an unknown name most likely meant.
    pub(crate) fn meant_by(name: &str) -> Option<Self> {
        let elsewhere = ELSEWHERE.iter().find(|(_, names)| names.contains(&name));
        elsewhere.map(|(key, _)| *key).or_else(|| Self::named(nearest(name, TABLE.iter().map(|row| row.name))?))
    }

    /// What to say of a name that stands for something a breaker does not do.
    pub(crate) fn not_done_here(name: &str) -> Option<&'static str> {
        NOT_DONE_HERE.iter().find(|(names, _)| names.contains(&name)).map(|(_, instead)| *instead)
    }

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// A right use of it.
    pub(crate) fn example(self) -> &'static str {
        self.row().example
    }

    /// Groups of options: one of each group has to stand beside this one.
    pub(crate) fn partners(self) -> &'static [&'static [Self]] {
        self.row().partners
    }

    /// Is it part of the policy, so that `policy = …` excludes it?
    pub(crate) fn is_inline_policy(self) -> bool {
        let is = |name| TABLE.iter().position(|row| row.key == name);
        is(self) > is(Self::Policy)
    }

    /// Every name, for a message.
    pub(crate) fn all_names() -> String {
        TABLE.iter().map(|row| format!("`{}`", row.name)).collect::<Vec<_>>().join(", ")
    }

    fn row(self) -> &'static Row {
        // The table is exhaustive (a test walks it); the first row stands in so that nothing here
        // can panic.
        TABLE.iter().find(|row| row.key == self).unwrap_or(&TABLE[0])
    }
}

macro_rules! row {
    ($key:ident, $name:literal, $example:literal $(, needs $($partners:expr),+)?) => {
        Row { key: Key::$key, name: $name, example: $example, partners: &[$($(&$partners),+)?] }
    };
}

/// In the order of the manual: what follows `policy` belongs to an inline policy. Where two names
/// are equally near to an unknown one, the upper is suggested.
const TABLE: &[Row] = &[
    row!(Identifier, "identifier", "identifier = \"payment_api\""),
    row!(Scope, "scope", "scope = \"payments\""),
    row!(Kind, "kind", "kind = \"http\""),
    row!(ErrorHandler, "error_handler", "error_handler = |result| result.is_ok()"),
    row!(Fallback, "fallback", "fallback = |open| Err(open.into())"),
    row!(Registry, "registry", "registry = &REGISTRY"),
    row!(Crate, "crate", "crate = my_facade::breaker_box"),
    row!(Policy, "policy", "policy = Policy::consecutive_failures(5)"),
    row!(FailureThreshold, "failure_threshold", "failure_threshold = 5"),
    row!(Failures, "failures", "failures = 5", needs[Key::Within]),
    row!(Within, "within", "within = \"60s\"", needs[Key::Failures]),
    row!(FailureRate, "failure_rate", "failure_rate = 0.5", needs[Key::Window]),
    row!(SlowCallRate, "slow_call_rate", "slow_call_rate = 0.8", needs[Key::SlowCall], [Key::Window]),
    row!(SlowCall, "slow_call", "slow_call = \"2s\"", needs[Key::SlowCallRate]),
    row!(Window, "window", "window = 100", needs [Key::FailureRate, Key::SlowCallRate]),
    row!(MinimumCalls, "minimum_calls", "minimum_calls = 20"),
    row!(Debounce, "debounce", "debounce = \"250ms\""),
    row!(Expiry, "expiry", "expiry = \"30s\""),
    row!(BackoffFactor, "backoff_factor", "backoff_factor = 2.0", needs[Key::MaxExpiry]),
    row!(MaxExpiry, "max_expiry", "max_expiry = \"5m\"", needs[Key::BackoffFactor]),
    row!(Jitter, "jitter", "jitter = 0.1"),
    row!(HalfOpenMaxCalls, "half_open_max_calls", "half_open_max_calls = 1"),
    row!(SuccessThreshold, "success_threshold", "success_threshold = 1"),
    row!(HalfOpenFailureThreshold, "half_open_failure_threshold", "half_open_failure_threshold = 1"),
    row!(HalfOpenTimeout, "half_open_timeout", "half_open_timeout = \"30s\""),
    row!(CloseOnExpiry, "close_on_expiry", "close_on_expiry"),
    row!(FailSlowerThan, "fail_slower_than", "fail_slower_than = \"2s\""),
    row!(MaxTrip, "max_trip", "max_trip = \"60s\""),
    row!(OnCancel, "on_cancel", "on_cancel = \"failure\""),
];

/// What other libraries call an option.
const ELSEWHERE: &[(Key, &[&str])] = &[
    (Key::Identifier, &["name", "key", "id", "circuit"]),
    (Key::Scope, &["namespace", "group"]),
    (Key::Kind, &["type", "category"]),
    (Key::ErrorHandler, &["classify", "classifier", "is_failure", "on_error"]),
    (Key::Fallback, &["fallback_method", "on_open"]),
    (Key::Policy, &["config", "options", "settings"]),
    (Key::FailureThreshold, &["max_failures", "consecutive_failures"]),
    (Key::FailureRate, &["failure_ratio", "failure_rate_threshold", "error_rate"]),
    (Key::SlowCallRate, &["slow_call_rate_threshold"]),
    (Key::SlowCall, &["slow_call_duration", "slow_call_duration_threshold"]),
    (Key::Window, &["window_size", "sliding_window_size"]),
    (Key::MinimumCalls, &["minimum_throughput", "min_calls", "minimum_number_of_calls"]),
    (Key::Expiry, &["reset_timeout", "recovery_timeout", "open_timeout", "cool_down", "cooldown"]),
    (Key::BackoffFactor, &["multiplier"]),
    (Key::MaxExpiry, &["max_timeout"]),
    (Key::HalfOpenMaxCalls, &["max_probes"]),
    (Key::OnCancel, &["cancel", "cancellation"]),
];

/// What other libraries do beside, and where it goes here.
const NOT_DONE_HERE: &[(&[&str], &str)] = &[
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
        "a breaker interrupts no call: put the time limit into the body, around what it waits for; how long the circuit stays \
            open is `expiry`, and what counts as too slow `fail_slower_than`",
    ),
    (
        &["retry", "retries", "max_retries", "attempts", "max_attempts"],
        "a breaker repeats no call: put the retry into the body, or around the function",
    ),
];
