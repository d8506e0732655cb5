//! How an instance is started. Both sides use this: the test writes the options as arguments, and
//! the process of the instance reads them.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use breaker_box::{Policy, Window};

/// The options of an instance. All are text, so that they pass through a command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pairs: Vec<(String, String)>,
}

impl Options {
    /// An instance that joins the fleet of a server.
    pub(crate) fn joins(url: &str) -> Self {
        Self::default().with("url", url).with("spread", "any")
    }

    /// An instance without a fleet.
    pub(crate) fn alone() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self.pairs.push((name.to_owned(), value.to_string()));
        self
    }

    /// `failures=2,expiry=500`, see [`policy`].
    pub(crate) fn policy(self, text: &str) -> Self {
        self.with("policy", text)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text}")))
    }

    pub(crate) fn time(&self, name: &str) -> Option<Duration> {
        self.number(name).map(Duration::from_millis)
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        self.pairs.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let pair = |argument: String| {
            let (name, value) = argument.split_once('=').unwrap_or_else(|| panic!("{argument}: no option"));
            (name.to_owned(), value.to_owned())
        };
        Self { pairs: arguments.map(pair).collect() }
    }
}

/// A policy from text: options with commas between them, times in milliseconds.
pub(crate) fn policy(text: &str) -> Policy {
    let mut policy = Policy::consecutive_failures(5);
    for option in text.split(',').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let count = |index| part::<u32>(value, index);
        let time = |index| Duration::from_millis(part(value, index));
        let fraction = |index| part::<f64>(value, index);
        policy = match name {
            "failures" => Policy::consecutive_failures(count(0)),
            "within" => Policy::failures_within(count(0), time(1)),
            "rate" => Policy::failure_rate(fraction(0), Window::time(time(1))).minimum_calls(count(2)),
            "expiry" => policy.expiry(time(0)),
            "progressive" => policy.progressive_expiry(time(0), fraction(1), time(2)),
            "jitter" => policy.jitter(fraction(0)),
            "probes" => policy.half_open_max_calls(count(0)),
            "successes" => policy.success_threshold(count(0)),
            "probe_failures" => policy.half_open_failure_threshold(count(0)),
            "ramp_up" => policy.ramp_up(time(0)).ramp_up_from(fraction(1)),
            "probe_timeout" => policy.half_open_timeout(time(0)),
            "close_on_expiry" => policy.close_on_expiry(),
            _ => panic!("{option}: no option of a policy"),
        };
    }
    policy
}

/// One of the numbers of an option, with colons between them.
fn part<T: FromStr>(value: &str, index: usize) -> T {
    let part = value.split(':').nth(index).and_then(|part| part.parse().ok());
    part.unwrap_or_else(|| panic!("{value}: no number at {index}"))
}
