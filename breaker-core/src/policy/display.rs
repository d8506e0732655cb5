//! A policy in words, for dashboards and logs.

use std::fmt;
use std::time::Duration;

use super::{Cancellation, Extent, Policy, Window};

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Extent::Calls(n) => write!(f, "the last {n} calls"),
            Extent::Time(duration) => write!(f, "the last {duration:?}"),
        }
    }
}

impl fmt::Display for Policy {
    /// One line:
    /// `opens at 5 failures in a row; stays open for 30s; 1 probe at once, 1 success closes, 1 failure opens again`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_conditions(f)?;
        if !self.debounce.is_zero() {
            write!(f, ", failures closer than {:?} counted once", self.debounce)?;
        }
        match self.progressive {
            Some((factor, max)) => {
                write!(f, "; stays open for {:?}, then × {factor} each time up to {max:?}", self.expiry)?;
            }
            None if self.expiry == Duration::MAX => f.write_str("; stays open until closed by hand")?,
            None => write!(f, "; stays open for {:?}", self.expiry)?,
        }
        if self.jitter > 0.0 {
            write!(f, " ± {}", Percent(self.jitter))?;
        }
        if self.close_on_expiry {
            f.write_str("; then closes")?;
            self.fmt_ramp_up(f)?;
        } else {
            let (probes, successes, failures) =
                (self.half_open_max_calls, self.success_threshold, self.half_open_failure_threshold);
            write!(f, "; {probes} {} at once, ", plural(probes, "probe", "probes"))?;
            write!(f, "{successes} {}", plural(successes, "success closes", "successes close"))?;
            self.fmt_ramp_up(f)?;
            f.write_str(", ")?;
            write!(f, "{failures} {} again", plural(failures, "failure opens", "failures open"))?;
            if let Some(limit) = self.half_open_timeout {
                write!(f, ", probes time out after {limit:?}")?;
            }
        }
        if let Some(limit) = self.fail_slower_than {
            write!(f, "; a success slower than {limit:?} is a failure")?;
        }
        if self.max_trip == Duration::MAX {
            f.write_str("; a trip lasts as long as it asks for")?;
        } else if self.max_trip != Self::new().max_trip {
            write!(f, "; a trip lasts at most {:?}", self.max_trip)?;
        }
        match self.on_cancel {
            Cancellation::Ignore => Ok(()),
            Cancellation::Failure => f.write_str("; a cancelled call is a failure"),
            Cancellation::Slow => f.write_str("; a slow call that is cancelled is a failure"),
        }
    }
}

impl Policy {
    fn fmt_ramp_up(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(period) = self.ramp_up else { return Ok(()) };
        write!(f, ", admitting {} of the calls at first and all after {period:?}", Percent(self.ramp_up_from))
    }

    fn fmt_conditions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "opens at ";
        if let Some(n) = self.consecutive_failures {
            write!(f, "{before}{n} {} in a row", plural(n, "failure", "failures"))?;
            before = " or ";
        }
        if let Some((n, window)) = self.failures_within {
            write!(f, "{before}{n} {} ", plural(n, "failure", "failures"))?;
            if window == Duration::MAX {
                f.write_str("since the last reset")?;
            } else {
                write!(f, "within {window:?}")?;
            }
            before = " or ";
        }
        if let Some((rate, window)) = self.failure_rate {
            write!(f, "{before}{} failures in {window}", Percent(rate))?;
            before = " or ";
        }
        if let Some((rate, longer_than, window)) = self.slow_call_rate {
            write!(f, "{before}{} calls slower than {longer_than:?} in {window}", Percent(rate))?;
            before = " or ";
        }
        if self.window().is_some() {
            write!(f, " (of at least {})", self.rate_minimum())?;
        }
        if let Some((n, longer_than)) = self.hung_calls {
            write!(f, "{before}{n} {} in flight for {longer_than:?}", plural(n, "call", "calls"))?;
        }
        Ok(())
    }
}

/// A fraction as a percentage, without the rounding of a multiplication by a hundred: 0.07 is "7
/// %".
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The shortest decimal that reads back as this fraction, with its point moved two places to
        // the right.
        let share = self.0.to_string();
        let (whole, fraction) = share.split_once('.').unwrap_or((&share, ""));
        let (moved, rest) = fraction.split_at(fraction.len().min(2));
        let digits = format!("{whole}{moved:0<2}");
        let percent = digits.trim_start_matches('0');
        let percent = if percent.is_empty() { "0" } else { percent };
        if rest.is_empty() { write!(f, "{percent} %") } else { write!(f, "{percent}.{rest} %") }
    }
}

const fn plural(n: u32, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_policy_reads_as_a_sentence() {
        assert_eq!(
            Policy::new().to_string(),
            "opens at 5 failures in a row; stays open for 30s; 1 probe at once, 1 success closes, 1 failure opens again"
        );
    }

    #[test]
    fn every_whole_percentage_reads_as_such() {
        for n in 0..=100_u32 {
            assert_eq!(Percent(f64::from(n) / 100.0).to_string(), format!("{n} %"));
        }
    }

    #[test]
    fn a_fraction_of_a_percent_keeps_its_digits() {
        for (share, text) in
            [(0.125, "12.5 %"), (0.005, "0.5 %"), (1e-9, "0.0000001 %"), (0.1 + 0.2, "30.000000000000004 %")]
        {
            assert_eq!(Percent(share).to_string(), text);
        }
        assert!(Percent(f64::MIN_POSITIVE).to_string().starts_with("0.000"));
    }

    #[test]
    fn every_option_is_in_the_words() {
        let window = Window::time(Duration::from_secs(60));
        let policy = Policy::consecutive_failures(1)
            .or_failures_within(3, Duration::MAX)
            .or_failure_rate(0.5, window)
            .or_slow_call_rate(0.25, Duration::from_millis(1_500), window)
            .minimum_calls(7)
            .debounce(Duration::from_millis(20))
            .progressive_expiry(Duration::from_secs(1), 2.0, Duration::from_secs(60))
            .jitter(0.5)
            .half_open_max_calls(2)
            .success_threshold(3)
            .half_open_failure_threshold(4)
            .half_open_timeout(Duration::from_secs(9))
            .fail_slower_than(Duration::from_secs(8))
            .max_trip(Duration::from_secs(70))
            .on_cancel(Cancellation::Failure);
        assert_eq!(
            policy.to_string(),
            "opens at 1 failure in a row or 3 failures since the last reset or 50 % failures in the last 60s or 25 % calls \
             slower than 1.5s in the last 60s (of at least 7), failures closer than 20ms counted once; stays open for 1s, then \
             × 2 each time up to 60s ± 50 %; 2 probes at once, 3 successes close, 4 failures open again, probes time out \
             after 9s; a success slower than 8s is a failure; a trip lasts at most 70s; \
             a cancelled call is a failure"
        );
        assert!(
            Policy::new()
                .close_on_expiry()
                .expiry(Duration::MAX)
                .to_string()
                .ends_with("until closed by hand; then closes")
        );
    }
}
