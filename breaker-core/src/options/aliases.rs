//! What other libraries call the options. A test (`tests/same_options.rs`) checks that the
//! attribute has the same names.

/// Names of other libraries, and the options that they stand for.
pub(crate) const ALIASES: &[(&str, &[&str])] = &[
    ("identifier", &["name", "key", "id", "circuit"]),
    ("scope", &["namespace", "group"]),
    ("kind", &["type", "category"]),
    ("failure_threshold", &["max_failures", "consecutive_failures"]),
    ("failure_rate", &["failure_ratio", "failure_rate_threshold", "error_rate"]),
    ("slow_call_rate", &["slow_call_rate_threshold"]),
    ("slow_call", &["slow_call_duration", "slow_call_duration_threshold"]),
    ("window", &["window_size", "sliding_window_size"]),
    ("minimum_calls", &["minimum_throughput", "min_calls", "minimum_number_of_calls"]),
    ("expiry", &["timeout", "reset_timeout", "recovery_timeout", "open_timeout", "cool_down", "cooldown"]),
    ("backoff_factor", &["multiplier"]),
    ("max_expiry", &["max_timeout"]),
    ("half_open_max_calls", &["max_probes"]),
    ("ramp_up", &["slow_start", "slow_start_window", "warm_up", "warm_up_period"]),
    ("ramp_up_from", &["min_weight_percent"]),
    ("on_cancel", &["cancel", "cancellation"]),
];
