//! Events and causes. A stream of events can be sent as JSON lines.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::text::read_text;
use super::time::{Instant, Seconds};
use crate::cause::Cause;
use crate::event::{Event, EventKind, EventType};
use crate::key::Key;
use crate::reason::Reason;
use crate::state::State;

impl Serialize for Event {
    /// A map of `key`, `at` (RFC 3339), `sequence` and `kind`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, {
            "key": self.key, "at": Instant(self.at), "sequence": self.sequence, "kind": self.kind,
        })
    }
}

impl<'de> Deserialize<'de> for Event {
    /// Reads a map of `key`, `at` (RFC 3339), `sequence` and `kind`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "an event", {
            "key" => key: Key,
            "at" => at: Instant,
            "sequence" => sequence: u64,
            "kind" => kind: EventKind,
        })?;
        let Instant(at) = required!(fields.at, "at");
        Ok(Self {
            key: required!(fields.key, "key"),
            at,
            sequence: required!(fields.sequence, "sequence"),
            kind: required!(fields.kind, "kind"),
        })
    }
}

impl Serialize for EventKind {
    /// A map with the `type` and the fields of that type:
    /// `{"type": "rejected", "retry_after": 2.5}`. Durations are in seconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.event_type();
        match self {
            Self::Failure { reason } => write_fields!(serializer, { "type": kind, "reason": reason }),
            Self::SlowCall { elapsed } => write_fields!(serializer, { "type": kind, "elapsed": Seconds(*elapsed) }),
            Self::Panicked { message } => write_fields!(serializer, { "type": kind, "message": message }),
            Self::Rejected { retry_after } => {
                write_fields!(serializer, { "type": kind, "retry_after": retry_after.map(Seconds) })
            }
            Self::StateChanged { from, to, cause } => {
                write_fields!(serializer, { "type": kind, "from": from, "to": to, "cause": cause })
            }
            Self::WouldOpen { cause } => write_fields!(serializer, { "type": kind, "cause": cause }),
            Self::Diverted { wire } => write_fields!(serializer, { "type": kind, "wire": wire }),
            Self::Registered
            | Self::Unregistered
            | Self::Evicted
            | Self::Configured
            | Self::Success
            | Self::Ignored
            | Self::Cancelled
            | Self::Late
            | Self::Debounced
            | Self::Dropped
            | Self::Unguarded => write_fields!(serializer, { "type": kind }),
        }
    }
}

impl<'de> Deserialize<'de> for EventKind {
    /// Reads a map with the `type` and the fields of that type. Optional ones may be missing.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the kind of an event", {
            "type" => kind: EventType,
            "reason" => reason: Option<Reason>,
            "elapsed" => elapsed: Seconds,
            "message" => message: Reason,
            "retry_after" => retry_after: Option<Seconds>,
            "from" => from: State,
            "to" => to: State,
            "cause" => cause: Cause,
            "wire" => wire: usize,
        })?;
        Ok(match required!(fields.kind, "type") {
            EventType::Registered => Self::Registered,
            EventType::Unregistered => Self::Unregistered,
            EventType::Evicted => Self::Evicted,
            EventType::Configured => Self::Configured,
            EventType::Success => Self::Success,
            EventType::Failure => Self::Failure { reason: fields.reason.flatten() },
            EventType::SlowCall => {
                let Seconds(elapsed) = required!(fields.elapsed, "elapsed");
                Self::SlowCall { elapsed }
            }
            EventType::Ignored => Self::Ignored,
            EventType::Cancelled => Self::Cancelled,
            EventType::Panicked => Self::Panicked { message: required!(fields.message, "message") },
            EventType::Late => Self::Late,
            EventType::Rejected => {
                Self::Rejected { retry_after: fields.retry_after.flatten().map(|Seconds(wait)| wait) }
            }
            EventType::Debounced => Self::Debounced,
            EventType::StateChanged => Self::StateChanged {
                from: required!(fields.from, "from"),
                to: required!(fields.to, "to"),
                cause: required!(fields.cause, "cause"),
            },
            EventType::WouldOpen => Self::WouldOpen { cause: required!(fields.cause, "cause") },
            EventType::Diverted => Self::Diverted { wire: required!(fields.wire, "wire") },
            EventType::Dropped => Self::Dropped,
            EventType::Unguarded => Self::Unguarded,
        })
    }
}

impl Serialize for EventType {
    /// Its machine name: `"state_changed"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    /// Reads the machine name: `"state_changed"`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "the type of an event", |name| {
            EVENT_TYPES.into_iter().find(|known| known.as_str() == name)
        })
    }
}

const EVENT_TYPES: [EventType; EventType::ALL_BITS.count_ones() as usize] = [
    EventType::Registered,
    EventType::Unregistered,
    EventType::Evicted,
    EventType::Configured,
    EventType::Success,
    EventType::Failure,
    EventType::SlowCall,
    EventType::Ignored,
    EventType::Cancelled,
    EventType::Panicked,
    EventType::Late,
    EventType::Rejected,
    EventType::Debounced,
    EventType::StateChanged,
    EventType::WouldOpen,
    EventType::Diverted,
    EventType::Dropped,
    EventType::Unguarded,
];

impl Serialize for Cause {
    /// A map with the `type`, and the `reason` of a cause that has one:
    /// `{"type": "manual", "reason": "drill"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tripped { reason } | Self::Manual { reason } | Self::Remote { reason } => {
                write_fields!(serializer, { "type": self.as_str(), "reason": reason })
            }
            Self::ConsecutiveFailures
            | Self::FailuresWithin
            | Self::FailureRate
            | Self::SlowCallRate
            | Self::HungCalls
            | Self::ProbeFailed
            | Self::ProbesSucceeded
            | Self::Expired
            | Self::HalfOpenTimeout
            | Self::RampedUp => write_fields!(serializer, { "type": self.as_str() }),
        }
    }
}

impl<'de> Deserialize<'de> for Cause {
    /// Reads a map with the `type`, and with a `reason`, which may be missing.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "the cause of a change of state", {
            "type" => kind: BareCause,
            "reason" => reason: Option<Reason>,
        })?;
        let reason = fields.reason.flatten();
        let BareCause(cause) = required!(fields.kind, "type");
        Ok(match cause {
            Self::Tripped { .. } => Self::Tripped { reason },
            Self::Manual { .. } => Self::Manual { reason },
            Self::Remote { .. } => Self::Remote { reason },
            other => other,
        })
    }
}

/// A cause without its reason.
struct BareCause(Cause);

impl<'de> Deserialize<'de> for BareCause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "the cause of a change of state", |name| {
            Cause::ALL.into_iter().find(|known| known.as_str() == name).map(BareCause)
        })
    }
}
