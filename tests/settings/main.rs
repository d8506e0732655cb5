//! Settings from files and the environment, and a registry that is brought to them.

mod apply;
mod errors;
mod families;
mod formats;
mod inheritance;
mod large;
mod layers;
mod long;
mod modes;
mod nested;
mod random;
mod serialized;
mod taken_back;
mod texts;
mod wrong_values;

use std::ops::Range;
use std::thread;
use std::time::Duration;

use breaker_box::{Cancellation, Policy, Settings, SettingsError, Window};

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
        .or_hung_calls(15, seconds(45))
        .debounce(Duration::from_millis(250))
        .progressive_expiry(seconds(10), 2.0, seconds(300))
        .jitter(0.1)
        .half_open_max_calls(3)
        .success_threshold(2)
        .half_open_failure_threshold(4)
        .half_open_timeout(seconds(5_400))
        .close_on_expiry()
        .ramp_up(seconds(60))
        .ramp_up_from(0.25)
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

/// A text for each number.
fn numbered(numbers: Range<usize>, text: impl Fn(usize) -> String) -> String {
    numbers.map(text).collect::<Vec<_>>().concat()
}

/// Reads on a thread with as little stack as some programs give theirs. An exhausted stack would
/// abort the process.
fn on_a_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap()
}

/// What is wrong with a text, which is dropped on the small stack as well.
fn refused(read: fn(&str) -> Result<Settings, SettingsError>, text: String) -> String {
    on_a_small_stack(move || {
        let shown = text.chars().take(80).collect::<String>();
        let error = read(&text).map(|_| ()).expect_err(&shown);
        let first = &error.problems()[0];
        assert!(first.line().is_some(), "{shown}\n{error}");
        assert!(error.to_string().len() < 20_000, "{shown}\n{}", &error.to_string()[..500]);
        error.to_string()
    })
}
