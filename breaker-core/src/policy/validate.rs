//! What a policy may not say, and how it is told: the setter, the value, the range.

use std::time::Duration;

use super::{Extent, Policy, Window};

/// An invalid policy, naming the setter and the value.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{Policy, PolicyError};
///
/// let error = Policy::new().expiry(Duration::ZERO).validate().unwrap_err();
/// assert_eq!(error, PolicyError::ZeroDuration { setter: "expiry" });
/// assert_eq!(error.setter(), "expiry");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A count of zero, or above [`Policy::MAX_COUNT`].
    #[error("{setter}: {value} is out of range, expected 1 to {}", Policy::MAX_COUNT)]
    Count {
        /// The setter or constructor.
        setter: &'static str,
        /// What it was given.
        value: u32,
    },
    /// A rate outside (0, 1], or not a number.
    #[error("{setter}: a rate of {value} is out of range, expected above 0 and up to 1")]
    Rate {
        /// The setter or constructor.
        setter: &'static str,
        /// What it was given.
        value: f64,
    },
    /// A jitter outside [0, 1], or not a number.
    #[error("jitter: {value} is out of range, expected 0 to 1")]
    Jitter {
        /// What the setter was given.
        value: f64,
    },
    /// A back-off factor below 1, infinite, or not a number.
    #[error("progressive_expiry: a factor of {value} is out of range, expected a finite number of at least 1")]
    Factor {
        /// What the setter was given.
        value: f64,
    },
    /// A duration of zero where that means nothing.
    #[error("{setter}: a duration of zero, expected more")]
    ZeroDuration {
        /// The setter or constructor.
        setter: &'static str,
    },
    /// The name of a circuit that is empty, or longer than the registry takes.
    #[error(
        "{setter}: a circuit needs an identifier that is not empty, and no part of its name longer than the `text_limits`"
    )]
    InvalidKey {
        /// The setter.
        setter: &'static str,
    },
    /// A longest expiry shorter than the first one.
    #[error("progressive_expiry: a maximum of {max:?} is below the initial {initial:?}")]
    MaxBelowInitial {
        /// The first open period.
        initial: Duration,
        /// The longest one, which is shorter.
        max: Duration,
    },
    /// A minimum of calls that the window never holds.
    #[error("minimum_calls: {minimum} is above the {window} calls of the window, so that no rate would ever be judged")]
    MinimumAboveWindow {
        /// The minimum asked for.
        minimum: u32,
        /// The calls that the window holds.
        window: u32,
    },
    /// Two rates over two windows; they share one.
    #[error(
        "slow_call_rate: its window {slow} differs from the failure rate's {failure}, but both rates share one window"
    )]
    WindowsDiffer {
        /// The window given with the failure rate.
        failure: Window,
        /// The window given with the slow-call rate.
        slow: Window,
    },
}

impl PolicyError {
    /// The setter or constructor that was given the wrong value.
    #[must_use]
    pub const fn setter(&self) -> &'static str {
        match self {
            Self::Count { setter, .. }
            | Self::Rate { setter, .. }
            | Self::ZeroDuration { setter }
            | Self::InvalidKey { setter } => setter,
            Self::Jitter { .. } => "jitter",
            Self::Factor { .. } | Self::MaxBelowInitial { .. } => "progressive_expiry",
            Self::MinimumAboveWindow { .. } => "minimum_calls",
            Self::WindowsDiffer { .. } => "slow_call_rate",
        }
    }

    /// The error with its setter and without its value, for a panic while compiling, which cannot
    /// format.
    pub(crate) const fn constant_text(&self) -> &'static str {
        match self {
            Self::Count { setter, .. } => text_for(setter, &COUNTS, "a count is out of range, expected 1 to 10000000"),
            Self::Rate { setter, .. } => {
                text_for(setter, &RATES, "a rate is out of range, expected above 0 and up to 1")
            }
            Self::ZeroDuration { setter } => text_for(setter, &ZEROS, "a duration is zero, expected more"),
            // No policy names a circuit.
            Self::InvalidKey { .. } => "the name of a circuit is empty or too long",
            Self::Jitter { .. } => "jitter: the value is out of range, expected 0 to 1",
            Self::Factor { .. } => {
                "progressive_expiry: the factor is out of range, expected a finite number of at least 1"
            }
            Self::MaxBelowInitial { .. } => "progressive_expiry: the maximum is below the initial expiry",
            Self::MinimumAboveWindow { .. } => "minimum_calls: the minimum is above the calls of the window",
            Self::WindowsDiffer { .. } => {
                "slow_call_rate: its window differs from the failure rate's, but both rates share one"
            }
        }
    }
}

/// Pairs of a setter and the text that names it.
macro_rules! texts {
    ($what:literal: $($setter:literal),+) => { [$(($setter, concat!($setter, ": ", $what))),+] };
}

const COUNTS: [(&str, &str); 7] = texts!("the count is out of range, expected 1 to 10000000":
    "consecutive_failures", "failures_within", "minimum_calls", "half_open_max_calls", "success_threshold",
    "half_open_failure_threshold", "Window::calls");
const RATES: [(&str, &str); 2] =
    texts!("the rate is out of range, expected above 0 and up to 1": "failure_rate", "slow_call_rate");
const ZEROS: [(&str, &str); 8] = texts!("the duration is zero, expected more":
    "expiry", "progressive_expiry", "failures_within", "slow_call_rate", "half_open_timeout", "fail_slower_than", "max_trip",
    "Window::time");

/// The text of `setter`. Strings are compared byte by byte, for `==` is not constant yet.
const fn text_for(setter: &str, texts: &[(&str, &'static str)], other: &'static str) -> &'static str {
    let mut index = 0;
    while index < texts.len() {
        let (name, text) = texts[index];
        if same(setter.as_bytes(), name.as_bytes()) {
            return text;
        }
        index += 1;
    }
    other
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// # Checking
impl Policy {
    /// Whether every value is in its range. Whatever takes a policy asks this first; in a constant
    /// it is checked while compiling.
    ///
    /// # Errors
    ///
    /// The first value that is out of range, with the setter's name. A count of zero or above
    /// [`MAX_COUNT`](Self::MAX_COUNT); a rate outside (0, 1], a jitter outside [0, 1], a factor
    /// below 1, or NaN; a zero duration (only `debounce` may be zero); a maximum below the initial
    /// expiry; `minimum_calls` above the window's calls; two different windows.
    pub const fn validate(&self) -> Result<(), PolicyError> {
        // `const fn` has no `?` yet, hence the chain.
        if let Err(error) = self.validate_conditions() {
            return Err(error);
        }
        if let Err(error) = self.validate_expiry() {
            return Err(error);
        }
        self.validate_recovery()
    }

    const fn validate_conditions(&self) -> Result<(), PolicyError> {
        if let Some(n) = self.consecutive_failures {
            if let Err(error) = count("consecutive_failures", n) {
                return Err(error);
            }
        }
        if let Some((n, window)) = self.failures_within {
            if let Err(error) = count("failures_within", n) {
                return Err(error);
            }
            if window.is_zero() {
                return Err(PolicyError::ZeroDuration { setter: "failures_within" });
            }
        }
        if let Some((value, over)) = self.failure_rate {
            if let Err(error) = rate("failure_rate", value, over) {
                return Err(error);
            }
        }
        if let Some((value, longer_than, over)) = self.slow_call_rate {
            if let Err(error) = rate("slow_call_rate", value, over) {
                return Err(error);
            }
            if longer_than.is_zero() {
                return Err(PolicyError::ZeroDuration { setter: "slow_call_rate" });
            }
        }
        if let Some(limit) = self.fail_slower_than {
            if limit.is_zero() {
                return Err(PolicyError::ZeroDuration { setter: "fail_slower_than" });
            }
        }
        if let (Some((_, failure)), Some((_, _, slow))) = (self.failure_rate, self.slow_call_rate) {
            if !failure.same(slow) {
                return Err(PolicyError::WindowsDiffer { failure, slow });
            }
        }
        if let Some(minimum) = self.minimum_calls {
            if let Err(error) = count("minimum_calls", minimum) {
                return Err(error);
            }
            if let Some(Window(Extent::Calls(window))) = self.window() {
                if minimum > window {
                    return Err(PolicyError::MinimumAboveWindow { minimum, window });
                }
            }
        }
        Ok(())
    }

    const fn validate_expiry(&self) -> Result<(), PolicyError> {
        let Some((factor, max)) = self.progressive else {
            return if self.expiry.is_zero() { Err(PolicyError::ZeroDuration { setter: "expiry" }) } else { Ok(()) };
        };
        if self.expiry.is_zero() {
            return Err(PolicyError::ZeroDuration { setter: "progressive_expiry" });
        }
        // NaN fails the first test.
        if !(factor >= 1.0 && factor.is_finite()) {
            return Err(PolicyError::Factor { value: factor });
        }
        if max.as_nanos() < self.expiry.as_nanos() {
            return Err(PolicyError::MaxBelowInitial { initial: self.expiry, max });
        }
        Ok(())
    }

    const fn validate_recovery(&self) -> Result<(), PolicyError> {
        if self.max_trip.is_zero() {
            return Err(PolicyError::ZeroDuration { setter: "max_trip" });
        }
        if !(self.jitter >= 0.0 && self.jitter <= 1.0) {
            return Err(PolicyError::Jitter { value: self.jitter });
        }
        if let Err(error) = count("half_open_max_calls", self.half_open_max_calls) {
            return Err(error);
        }
        if let Err(error) = count("success_threshold", self.success_threshold) {
            return Err(error);
        }
        if let Err(error) = count("half_open_failure_threshold", self.half_open_failure_threshold) {
            return Err(error);
        }
        if let Some(limit) = self.half_open_timeout {
            if limit.is_zero() {
                return Err(PolicyError::ZeroDuration { setter: "half_open_timeout" });
            }
        }
        Ok(())
    }
}

const fn count(setter: &'static str, value: u32) -> Result<(), PolicyError> {
    if value == 0 || value > Policy::MAX_COUNT { Err(PolicyError::Count { setter, value }) } else { Ok(()) }
}

const fn rate(setter: &'static str, value: f64, over: Window) -> Result<(), PolicyError> {
    // NaN is not above zero.
    if !(value > 0.0 && value <= 1.0) {
        return Err(PolicyError::Rate { setter, value });
    }
    match over.0 {
        Extent::Calls(n) => count("Window::calls", n),
        Extent::Time(duration) if duration.is_zero() => Err(PolicyError::ZeroDuration { setter: "Window::time" }),
        Extent::Time(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_compiling_names_the_setter() {
        let day = Duration::from_secs(86_400);
        let wrong = [
            Policy::consecutive_failures(0),
            Policy::failures_within(0, day),
            Policy::failures_within(1, Duration::ZERO),
            Policy::failure_rate(2.0, Window::calls(1)),
            Policy::failure_rate(0.5, Window::calls(0)),
            Policy::failure_rate(0.5, Window::time(Duration::ZERO)),
            Policy::slow_call_rate(0.0, day, Window::calls(1)),
            Policy::slow_call_rate(0.5, Duration::ZERO, Window::calls(1)),
            Policy::failure_rate(0.5, Window::calls(5)).minimum_calls(0),
            Policy::failure_rate(0.5, Window::calls(5)).minimum_calls(6),
            Policy::failure_rate(0.5, Window::calls(5)).or_slow_call_rate(0.5, day, Window::calls(6)),
            Policy::new().expiry(Duration::ZERO),
            Policy::new().progressive_expiry(Duration::ZERO, 2.0, day),
            Policy::new().progressive_expiry(day, 0.5, day),
            Policy::new().progressive_expiry(day, 2.0, Duration::ZERO),
            Policy::new().jitter(2.0),
            Policy::new().half_open_max_calls(0),
            Policy::new().success_threshold(0),
            Policy::new().half_open_failure_threshold(0),
            Policy::new().half_open_timeout(Duration::ZERO),
            Policy::new().fail_slower_than(Duration::ZERO),
            Policy::new().max_trip(Duration::ZERO),
        ];
        for policy in wrong {
            let error = policy.validate().unwrap_err();
            assert!(error.constant_text().starts_with(&format!("{}: ", error.setter())), "{error}");
        }
    }
}
