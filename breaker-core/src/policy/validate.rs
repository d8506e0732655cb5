//! Validating the values of a policy.

use super::error::PolicyError;
use super::invalid::{CountOf, DurationOf, Invalid, RateOf};
use super::{Cancellation, Extent, Policy, Window};

/// # Checking
impl Policy {
    /// Checks that every value is in its range. Everything that takes a policy calls this first.
    /// For a constant in an attribute, it is checked at compile time.
    ///
    /// # Errors
    ///
    /// Returns an error for the first invalid value, with the setter's name. Invalid are:
    ///
    /// - a count of zero or above [`MAX_COUNT`](Self::MAX_COUNT)
    ///
    /// - a rate outside (0, 1], a jitter outside [0, 1], a factor below 1, or NaN
    ///
    /// - a zero duration (except for `debounce`)
    ///
    /// - a maximum expiry below the initial one
    ///
    /// - `minimum_calls` above the size of a window of calls
    ///
    /// - two rates with different windows
    ///
    /// - [`Cancellation::Slow`](crate::Cancellation::Slow) without a limit for slow calls
    pub const fn validate(&self) -> Result<(), PolicyError> {
        match self.check() {
            Ok(()) => Ok(()),
            Err(invalid) => Err(invalid.error()),
        }
    }

    /// The same as [`validate`](Self::validate), with an error whose text is constant.
    pub(crate) const fn check(&self) -> Result<(), Invalid> {
        // `const fn` has no `?` yet, hence the chain.
        if let Err(error) = self.validate_conditions() {
            return Err(error);
        }
        if let Err(error) = self.validate_expiry() {
            return Err(error);
        }
        self.validate_recovery()
    }

    const fn validate_conditions(&self) -> Result<(), Invalid> {
        if let Some(n) = self.consecutive_failures {
            if let Err(error) = count(CountOf::ConsecutiveFailures, n) {
                return Err(error);
            }
        }
        if let Some((n, window)) = self.failures_within {
            if let Err(error) = count(CountOf::FailuresWithin, n) {
                return Err(error);
            }
            if window.is_zero() {
                return Err(Invalid::ZeroDuration(DurationOf::FailuresWithin));
            }
        }
        if let Some((value, over)) = self.failure_rate {
            if let Err(error) = rate(RateOf::FailureRate, value, over) {
                return Err(error);
            }
        }
        if let Some((value, longer_than, over)) = self.slow_call_rate {
            if let Err(error) = rate(RateOf::SlowCallRate, value, over) {
                return Err(error);
            }
            if longer_than.is_zero() {
                return Err(Invalid::ZeroDuration(DurationOf::SlowCallRate));
            }
        }
        if let Some((n, longer_than)) = self.hung_calls {
            if let Err(error) = count(CountOf::HungCalls, n) {
                return Err(error);
            }
            if longer_than.is_zero() {
                return Err(Invalid::ZeroDuration(DurationOf::HungCalls));
            }
        }
        if let Some(limit) = self.fail_slower_than {
            if limit.is_zero() {
                return Err(Invalid::ZeroDuration(DurationOf::FailSlowerThan));
            }
        }
        if let (Some((_, failure)), Some((_, _, slow))) = (self.failure_rate, self.slow_call_rate) {
            if !failure.same(slow) {
                return Err(Invalid::Other(PolicyError::WindowsDiffer { failure, slow }));
            }
        }
        if let Some(minimum) = self.minimum_calls {
            if let Err(error) = count(CountOf::MinimumCalls, minimum) {
                return Err(error);
            }
            if let Some(Window(Extent::Calls(window))) = self.window() {
                if minimum > window {
                    return Err(Invalid::Other(PolicyError::MinimumAboveWindow { minimum, window }));
                }
            }
        }
        Ok(())
    }

    const fn validate_expiry(&self) -> Result<(), Invalid> {
        let Some((factor, max)) = self.progressive else {
            return if self.expiry.is_zero() { Err(Invalid::ZeroDuration(DurationOf::Expiry)) } else { Ok(()) };
        };
        if self.expiry.is_zero() {
            return Err(Invalid::ZeroDuration(DurationOf::ProgressiveExpiry));
        }
        // NaN fails the first test.
        if !(factor >= 1.0 && factor.is_finite()) {
            return Err(Invalid::Other(PolicyError::Factor { value: factor }));
        }
        if max.as_nanos() < self.expiry.as_nanos() {
            return Err(Invalid::Other(PolicyError::MaxBelowInitial { initial: self.expiry, max }));
        }
        Ok(())
    }

    const fn validate_recovery(&self) -> Result<(), Invalid> {
        if self.max_trip.is_zero() {
            return Err(Invalid::ZeroDuration(DurationOf::MaxTrip));
        }
        if !(self.jitter >= 0.0 && self.jitter <= 1.0) {
            return Err(Invalid::Other(PolicyError::Jitter { value: self.jitter }));
        }
        if let Err(error) = count(CountOf::HalfOpenMaxCalls, self.half_open_max_calls) {
            return Err(error);
        }
        if let Err(error) = count(CountOf::SuccessThreshold, self.success_threshold) {
            return Err(error);
        }
        if let Err(error) = count(CountOf::HalfOpenFailureThreshold, self.half_open_failure_threshold) {
            return Err(error);
        }
        if let Some(limit) = self.half_open_timeout {
            if limit.is_zero() {
                return Err(Invalid::ZeroDuration(DurationOf::HalfOpenTimeout));
            }
        }
        if let Some(period) = self.ramp_up {
            if period.is_zero() {
                return Err(Invalid::ZeroDuration(DurationOf::RampUp));
            }
        }
        if let Err(error) = share(RateOf::RampUpFrom, self.ramp_up_from) {
            return Err(error);
        }
        if matches!(self.on_cancel, Cancellation::Slow) && self.slow_after().is_none() {
            return Err(Invalid::Other(PolicyError::NoSlowCallLimit));
        }
        Ok(())
    }
}

const fn count(setter: CountOf, value: u32) -> Result<(), Invalid> {
    if value == 0 || value > Policy::MAX_COUNT { Err(Invalid::Count(setter, value)) } else { Ok(()) }
}

const fn rate(setter: RateOf, value: f64, over: Window) -> Result<(), Invalid> {
    if let Err(error) = share(setter, value) {
        return Err(error);
    }
    match over.0 {
        Extent::Calls(n) => count(CountOf::Window, n),
        Extent::Time(duration) if duration.is_zero() => Err(Invalid::ZeroDuration(DurationOf::Window)),
        Extent::Time(_) => Ok(()),
    }
}

const fn share(setter: RateOf, value: f64) -> Result<(), Invalid> {
    // NaN is not above zero.
    if value > 0.0 && value <= 1.0 { Ok(()) } else { Err(Invalid::Rate(setter, value)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
            Policy::hung_calls(0, day),
            Policy::hung_calls(1, Duration::ZERO),
            Policy::new().ramp_up(Duration::ZERO),
            Policy::new().ramp_up(day).ramp_up_from(0.0),
            Policy::new().on_cancel(Cancellation::Slow),
        ];
        for policy in wrong {
            let text = policy.check().unwrap_err().constant_text();
            let error = policy.validate().unwrap_err();
            assert!(text.starts_with(&format!("{}: ", error.setter())), "{text}: {error}");
        }
    }
}
