//! Settings from files and the environment, and a registry that is brought to them.

mod apply;
mod errors;
mod formats;
mod inheritance;
mod layers;
mod serialized;
mod wrong_values;

use std::time::Duration;

use breaker_box::{Cancellation, Policy, Settings, Window};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A policy with every option but those of `more`, each another than the default.
fn every_option() -> Policy {
    Policy::consecutive_failures(7)
        .or_failures_within(9, seconds(60))
        .or_failure_rate(0.5, Window::calls(200))
        .or_slow_call_rate(0.8, seconds(2), Window::calls(200))
        .minimum_calls(20)
        .debounce(Duration::from_millis(250))
        .progressive_expiry(seconds(10), 2.0, seconds(300))
        .jitter(0.1)
        .half_open_max_calls(3)
        .success_threshold(2)
        .half_open_failure_threshold(4)
        .half_open_timeout(seconds(5_400))
        .close_on_expiry()
        .fail_slower_than(seconds(3))
        .max_trip(seconds(600))
        .on_cancel(Cancellation::Failure)
}

/// What a TOML text makes of the circuit `a`.
fn policy_of_a(text: &str) -> Policy {
    let settings = Settings::from_toml(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    settings.policy("a").expect("the circuit is named")
}

/// What is wrong with a TOML text, one problem a line.
fn refusal(text: &str) -> String {
    Settings::from_toml(text).expect_err(text).to_string()
}
