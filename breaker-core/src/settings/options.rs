//! The options of a policy by name, and how a table inherits those of another.

use std::rc::Rc;
use std::time::Duration;

use super::error::Place;
use super::values::{self, Raw};
use crate::policy::{Cancellation, Window};

/// A value and where it was found.
#[derive(Clone, Debug)]
pub(super) struct Found<T> {
    pub(super) value: T,
    /// Shared, for circuits inherit it.
    pub(super) place: Rc<Place>,
}

/// One row an option: name, type, reader, a right value, and what other libraries call it.
macro_rules! options {
    ($($name:ident: $type:ty, $read:ident, $example:literal $(, not $($other:literal)+)?;)*) => {
        /// What one table says of a policy, each value checked by itself.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Options {
            $(pub(super) $name: Option<Found<$type>>,)*
        }

        /// Every option of a policy.
        pub(super) const NAMES: &[&str] = &[$(stringify!($name),)*];

        /// Names of other libraries, and what is meant.
        pub(super) const ELSEWHERE: &[(&str, &str)] = &[$($($(($other, stringify!($name)),)+)?)*];

        impl Options {
            /// Reads the option of that name; `None` if there is none.
            pub(super) fn read(&mut self, name: &str, raw: Raw<'_>, place: &Rc<Place>) -> Option<Result<(), String>> {
                match name {
                    $(stringify!($name) => {
                        let read = values::$read(Raw { example: $example, ..raw });
                        Some(read.map(|value| self.$name = Some(Found { value, place: Rc::clone(place) })))
                    })*
                    _ => None,
                }
            }

            /// What is missing here, from `base`.
            fn or(self, base: Self) -> Self {
                Self { $($name: self.$name.or(base.$name),)* }
            }
        }
    };
}

options! {
    failure_threshold: u32, count, "5", not "max_failures" "consecutive_failures";
    failures: u32, count, "5";
    within: Duration, period, "\"60s\"";
    failure_rate: f64, rate, "0.5", not "failure_ratio" "failure_rate_threshold" "error_rate";
    slow_call_rate: f64, rate, "0.8", not "slow_call_rate_threshold";
    slow_call: Duration, period, "\"2s\"", not "slow_call_duration" "slow_call_duration_threshold";
    window: Window, window, "100", not "window_size" "sliding_window_size";
    minimum_calls: u32, count, "20", not "minimum_throughput" "min_calls" "minimum_number_of_calls";
    debounce: Duration, duration, "\"250ms\"";
    expiry: Duration, period, "\"30s\"", not "timeout" "reset_timeout" "recovery_timeout" "cool_down" "cooldown";
    backoff_factor: f64, factor, "2.0", not "multiplier";
    max_expiry: Duration, period, "\"5m\"", not "max_timeout";
    jitter: f64, jitter, "0.1";
    half_open_max_calls: u32, count, "1", not "max_probes";
    success_threshold: u32, count, "1";
    half_open_failure_threshold: u32, count, "1";
    half_open_timeout: Duration, period, "\"30s\"";
    close_on_expiry: bool, flag, "true";
    fail_slower_than: Duration, period, "\"2s\"";
    max_trip: Duration, period, "\"1h\"";
    on_cancel: Cancellation, cancellation, "\"failure\"", not "cancel" "cancellation";
}

impl Options {
    /// These options upon those of `base`. A condition named here replaces all conditions of
    /// `base`; what else a condition has (`within`, `slow_call`, `window`, `minimum_calls`) is
    /// inherited where that condition is there, as is every other option.
    pub(super) fn inherit(self, mut base: Self) -> Self {
        let names_condition = self.failure_threshold.is_some()
            || self.failures.is_some()
            || self.failure_rate.is_some()
            || self.slow_call_rate.is_some();
        if names_condition {
            base.failure_threshold = None;
            base.failures = None;
            base.failure_rate = None;
            base.slow_call_rate = None;
        }
        // Not where they are named here: then that is a mistake, and will be told.
        if self.failures.is_none() && base.failures.is_none() {
            base.within = None;
        }
        if self.slow_call_rate.is_none() && base.slow_call_rate.is_none() {
            base.slow_call = None;
        }
        let rates = [&self.failure_rate, &self.slow_call_rate, &base.failure_rate, &base.slow_call_rate];
        if rates.into_iter().all(Option::is_none) {
            base.window = None;
            base.minimum_calls = None;
        }
        self.or(base)
    }
}
