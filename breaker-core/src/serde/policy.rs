//! A policy under the names of its options: `{"failure_threshold": 5, "expiry": "30s"}`.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::options::duration::format_duration;
use crate::options::problem::Summary;
use crate::options::read_policy;
use crate::options::value::{AnyValue, read_table};
use crate::options::values::{self, Raw};
use crate::policy::{Extent, Policy, Window};

impl Serialize for Policy {
    /// A map of the options of settings files. Durations are strings such as `"30s"`. Options that
    /// are off are left out. So are those that have no effect: a minimum of calls without a rate, and
    /// the beginning of a ramp-up without one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(n) = self.consecutive_failures {
            map.serialize_entry("failure_threshold", &n)?;
        }
        if let Some((n, window)) = self.failures_within {
            map.serialize_entry("failures", &n)?;
            map.serialize_entry("within", &format_duration(window))?;
        }
        if let Some((rate, _)) = self.failure_rate {
            map.serialize_entry("failure_rate", &rate)?;
        }
        if let Some((rate, longer_than, _)) = self.slow_call_rate {
            map.serialize_entry("slow_call_rate", &rate)?;
            map.serialize_entry("slow_call", &format_duration(longer_than))?;
        }
        if let Some(window) = self.window() {
            map.serialize_entry("window", &window)?;
        }
        // Without a rate it has no effect, and could not be read back.
        if let (Some(n), Some(_)) = (self.minimum_calls, self.window()) {
            map.serialize_entry("minimum_calls", &n)?;
        }
        if let Some((n, longer_than)) = self.hung_calls {
            map.serialize_entry("hung_calls", &n)?;
            map.serialize_entry("hung_after", &format_duration(longer_than))?;
        }
        if !self.debounce.is_zero() {
            map.serialize_entry("debounce", &format_duration(self.debounce))?;
        }
        map.serialize_entry("expiry", &format_duration(self.expiry))?;
        if let Some((factor, max)) = self.progressive {
            map.serialize_entry("backoff_factor", &factor)?;
            map.serialize_entry("max_expiry", &format_duration(max))?;
        }
        map.serialize_entry("jitter", &self.jitter)?;
        map.serialize_entry("half_open_max_calls", &self.half_open_max_calls)?;
        map.serialize_entry("success_threshold", &self.success_threshold)?;
        map.serialize_entry("half_open_failure_threshold", &self.half_open_failure_threshold)?;
        if let Some(limit) = self.half_open_timeout {
            map.serialize_entry("half_open_timeout", &format_duration(limit))?;
        }
        map.serialize_entry("close_on_expiry", &self.close_on_expiry)?;
        if let Some(period) = self.ramp_up {
            map.serialize_entry("ramp_up", &format_duration(period))?;
            map.serialize_entry("ramp_up_from", &self.ramp_up_from)?;
        }
        if let Some(limit) = self.fail_slower_than {
            map.serialize_entry("fail_slower_than", &format_duration(limit))?;
        }
        map.serialize_entry("max_trip", &format_duration(self.max_trip))?;
        map.serialize_entry("on_cancel", &self.on_cancel)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Policy {
    /// Reads the options of settings files and validates them in the same way. The format must be
    /// self-describing, such as JSON or TOML.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_policy(&read_table(deserializer)?).map_err(|problems| {
            let (problems, omitted) = problems.into_parts();
            D::Error::custom(Summary { problems: &problems, omitted, separator: "; " })
        })
    }
}

impl Serialize for Window {
    /// `100` calls, or a duration as a string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Extent::Calls(n) => serializer.serialize_u32(n),
            Extent::Time(duration) => serializer.serialize_str(&format_duration(duration)),
        }
    }
}

impl<'de> Deserialize<'de> for Window {
    /// Reads a number of calls, or a duration as a string.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = AnyValue { levels: 0 }.deserialize(deserializer)?;
        let raw = Raw { value: &value, is_variable: false, example: "100" };
        values::window(raw).map_err(|message| D::Error::custom(format_args!("a window {message}")))
    }
}
