//! Snapshots for dashboards: field by field under their names, instants as RFC 3339, waits as
//! seconds.

use std::fmt::Write as _;
use std::time::SystemTime;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::key::Key;
use crate::reason::Reason;
use crate::state::State;
use crate::status::{LastFailure, Status, Totals, WindowStatus};

/// A struct of some fields of `self` by name, or of an expression for them.
macro_rules! fields {
    ($type:ident, $count:literal: |$self:ident| $($name:ident = $value:expr),+ $(,)?) => {
        impl Serialize for $type {
            /// Its fields by name.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $self = self;
                let mut fields = serializer.serialize_struct(stringify!($type), $count)?;
                $(fields.serialize_field(stringify!($name), &$value)?;)+
                fields.end()
            }
        }
    };
}

fields!(Key, 3: |key| kind = key.kind(), scope = key.scope(), identifier = key.identifier());

fields!(Status, 11: |status|
    key = status.key,
    state = status.state,
    failure_count = status.failure_count,
    window = status.window,
    totals = status.totals,
    openings = status.openings,
    opened_at = status.opened_at.map(instant),
    retry_after = status.retry_after.map(|wait| wait.as_secs_f64()),
    last_failure = status.last_failure,
    metadata = status.metadata,
    policy = status.policy,
);

fields!(WindowStatus, 5: |window|
    calls = window.calls,
    failures = window.failures,
    slow = window.slow,
    failure_rate = window.failure_rate,
    slow_call_rate = window.slow_call_rate,
);

fields!(Totals, 9: |totals|
    successes = totals.successes,
    failures = totals.failures,
    ignored = totals.ignored,
    rejected = totals.rejected,
    slow = totals.slow,
    cancelled = totals.cancelled,
    panicked = totals.panicked,
    late = totals.late,
    opened = totals.opened,
);

fields!(LastFailure, 2: |failure| at = instant(failure.at), reason = failure.reason);

impl Serialize for State {
    /// Its name for machines: `"half_open"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Reason {
    /// The text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// `2026-01-31T23:59:59.123Z`; nothing for a time outside the years 1970 to 9999, which no such
/// text holds.
fn instant(at: SystemTime) -> Option<String> {
    at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_millis(at)).ok()?;
    Some(text)
}
