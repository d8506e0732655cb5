//! Outcomes of calls.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::time::Seconds;
use crate::options::text::shortened;
use crate::outcome::Outcome;
use crate::reason::Reason;

impl Serialize for Outcome {
    /// A map with the `type` (`"success"`, `"failure"`, `"ignore"` or `"trip"`) and the fields of
    /// that type: `{"type": "trip", "open_for": 30.0, "reason": null}`. Durations are in seconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Success => write_fields!(serializer, { "type": SUCCESS }),
            Self::Failure(reason) => write_fields!(serializer, { "type": FAILURE, "reason": reason }),
            Self::Ignore => write_fields!(serializer, { "type": IGNORE }),
            Self::Trip { open_for, reason } => write_fields!(serializer, {
                "type": TRIP, "open_for": open_for.map(Seconds), "reason": reason,
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Outcome {
    /// Reads a map with the `type` and the fields of that type, which may be missing.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read_fields!(deserializer, "an outcome", {
            "type" => kind: String,
            "reason" => reason: Option<Reason>,
            "open_for" => open_for: Option<Seconds>,
        })?;
        let reason = fields.reason.flatten();
        match required!(fields.kind, "type").as_str() {
            SUCCESS => Ok(Self::Success),
            FAILURE => Ok(Self::Failure(reason)),
            IGNORE => Ok(Self::Ignore),
            TRIP => Ok(Self::Trip { open_for: fields.open_for.flatten().map(|Seconds(open_for)| open_for), reason }),
            other => Err(D::Error::unknown_variant(&shortened(other), &[SUCCESS, FAILURE, IGNORE, TRIP])),
        }
    }
}

const SUCCESS: &str = "success";
const FAILURE: &str = "failure";
const IGNORE: &str = "ignore";
const TRIP: &str = "trip";
