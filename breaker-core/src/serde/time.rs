//! Instants and durations.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::options::duration::{format_duration, parse_duration};
use crate::options::text::quoted;
use crate::options::value::{AnyValue, Value};

/// A duration as a number of seconds. If a number cannot represent it to the nanosecond, above
/// about twelve days, it is a string such as `"14days 3h 1ns"`. Both are read.
#[derive(Clone, Copy)]
pub(super) struct Seconds(pub(super) Duration);

impl Seconds {
    /// Whether a parser that gets the last digit of a number wrong still gets the right nanosecond.
    fn is_exact(self) -> bool {
        let whole = self.0.subsec_nanos() == 0 && self.0.as_secs() < 1 << 53;
        whole || self.0.as_secs() < 1 << 20
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_exact() {
            serializer.serialize_f64(self.0.as_secs_f64())
        } else {
            serializer.serialize_str(&format_duration(self.0))
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecondsVisitor;

        impl<'de> Visitor<'de> for SecondsVisitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration: a number of seconds, or a string such as \"30s\"")
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(Duration::from_secs(seconds)))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                let seconds = u64::try_from(seconds).map_err(|_| E::custom("a duration cannot be negative"))?;
                self.visit_u64(seconds)
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
                Duration::try_from_secs_f64(seconds).map(Seconds).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Seconds, E> {
                let read = parse_duration(text).map(Seconds);
                read.map_err(|_| E::custom(format_args!("expected a duration, not {}", quoted(text))))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Seconds, A::Error> {
                match number(map)? {
                    Number::Whole(seconds) => self.visit_i64(seconds),
                    Number::Fraction(seconds) => self.visit_f64(seconds),
                }
            }
        }

        deserializer.deserialize_any(SecondsVisitor)
    }
}

/// An instant as RFC 3339: `2026-01-31T23:59:59.123Z`, with as many digits as it needs. One outside
/// the years 1970 to 9999, which has no such string, is a number of seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Instant(pub(super) SystemTime);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) if since.as_secs() < YEAR_10000 => {
                let text = match since.subsec_nanos() {
                    nanos if nanos % 1_000_000 == 0 => humantime::format_rfc3339_millis(self.0),
                    nanos if nanos % 1_000 == 0 => humantime::format_rfc3339_micros(self.0),
                    _ => humantime::format_rfc3339_nanos(self.0),
                };
                serializer.collect_str(&text)
            }
            Ok(since) => serializer.serialize_f64(since.as_secs_f64()),
            Err(before) => serializer.serialize_f64(-before.duration().as_secs_f64()),
        }
    }
}

/// The end of the years with four digits, in seconds since 1970.
const YEAR_10000: u64 = 253_402_300_800;

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InstantVisitor;

        impl<'de> Visitor<'de> for InstantVisitor {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant such as \"2026-01-31T23:59:59.123Z\"")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Instant, E> {
                since_1970(false, Duration::from_secs(seconds))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Instant, E> {
                since_1970(seconds < 0, Duration::from_secs(seconds.unsigned_abs()))
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Instant, E> {
                since_1970(seconds < 0.0, Duration::try_from_secs_f64(seconds.abs()).map_err(E::custom)?)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                let read = humantime::parse_rfc3339(text).map(Instant);
                read.map_err(|_| E::custom(format_args!("expected an instant in RFC 3339, not {}", quoted(text))))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Instant, A::Error> {
                match number(map)? {
                    Number::Whole(seconds) => self.visit_i64(seconds),
                    Number::Fraction(seconds) => self.visit_f64(seconds),
                }
            }
        }

        deserializer.deserialize_any(InstantVisitor)
    }
}

/// A number that comes as a map; see [`AnyValue`].
enum Number {
    Whole(i64),
    Fraction(f64),
}

fn number<'de, A: MapAccess<'de>>(map: A) -> Result<Number, A::Error> {
    match (AnyValue { levels: 0 }).visit_map(map)? {
        #[allow(clippy::cast_precision_loss, reason = "a `u64` above the range of `i64` is 292 billion years")]
        Value::Whole(whole) => Ok(i64::try_from(whole).map_or(Number::Fraction(whole as f64), Number::Whole)),
        Value::Fraction(fraction) => Ok(Number::Fraction(fraction)),
        _ => Err(A::Error::custom("expected a number or a string, not a map")),
    }
}

/// The instant at that distance after 1970, or before it.
fn since_1970<E: Error>(is_before: bool, distance: Duration) -> Result<Instant, E> {
    let origin = SystemTime::UNIX_EPOCH;
    let at = if is_before { origin.checked_sub(distance) } else { origin.checked_add(distance) };
    at.map(Instant).ok_or_else(|| E::custom("the instant is outside the range of the system's clock"))
}
