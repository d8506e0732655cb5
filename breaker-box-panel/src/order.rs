//! Orders: what somebody wants done to a circuit, and why.

use std::time::{Duration, SystemTime};

use breaker_core::{CircuitBreaker, Key};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::token::Operator;

/// Bytes of the body of an order, at the most.
pub(crate) const MAX_BODY: usize = 4_096;

/// Bytes of the reason of an order, at the most: with the operator's name it fits into an event.
pub(crate) const MAX_REASON: usize = 200;

/// How long a circuit may be opened for: a year. Longer is what force open is for.
const MAX_SECONDS: u32 = 366 * 24 * 60 * 60;

/// What can be done to a circuit by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Open,
    OpenFor,
    ForceOpen,
    Close,
    Reset,
    Disable,
    MetricsOnly,
}

/// An order as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    key: KeyParts,
    action: Action,
    reason: String,
    #[serde(default)]
    seconds: Option<u32>,
}

/// The parts of a name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyParts {
    pub(crate) identifier: String,
    #[serde(default)]
    pub(crate) scope: Option<String>,
    #[serde(default)]
    pub(crate) kind: Option<String>,
}

impl KeyParts {
    pub(crate) fn key(&self) -> Key {
        let mut key = Key::new(self.identifier.as_str());
        if let Some(scope) = &self.scope {
            key = key.with_scope(scope.as_str());
        }
        if let Some(kind) = &self.kind {
            key = key.with_kind(kind.as_str());
        }
        key
    }
}

/// An order that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) at: SystemTime,
    pub(crate) key: Key,
    pub(crate) action: Action,
    /// Who and why: `alice: the gateway is being replaced`.
    pub(crate) reason: String,
}

impl Order {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let order: Self = serde_json::from_slice(body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Refusal::Senseless(error.to_string()),
            _ => Refusal::Malformed(error.to_string()),
        })?;
        order.check()?;
        Ok(order)
    }

    fn check(&self) -> Result<(), Refusal> {
        let reason = self.reason.trim();
        let wrong = if reason.is_empty() {
            Some("an order needs a reason: those who find the circuit so want to know it")
        } else if reason.len() > MAX_REASON {
            Some("the reason has more than 200 bytes")
        } else if reason.chars().any(char::is_control) {
            Some("the reason has control characters")
        } else {
            match (self.action, self.seconds) {
                (Action::OpenFor, None) => Some("`open_for` needs `seconds`"),
                (Action::OpenFor, Some(1..=MAX_SECONDS)) | (_, None) => None,
                (Action::OpenFor, Some(_)) => {
                    Some("`seconds` is 1 to 31622400, a year; for longer there is `force_open`")
                }
                (_, Some(_)) => Some("only `open_for` takes `seconds`"),
            }
        };
        wrong.map_or(Ok(()), |wrong| Err(Refusal::Senseless(wrong.to_owned())))
    }

    pub(crate) fn key(&self) -> Key {
        self.key.key()
    }

    /// Carries it out.
    pub(crate) fn give_to(&self, breaker: &CircuitBreaker, by: &Operator) -> Placed {
        let reason = format!("{}: {}", by.name(), self.reason.trim());
        let because = reason.as_str();
        match self.action {
            Action::Open => breaker.open_because(because),
            Action::OpenFor => {
                breaker.open_for_because(Duration::from_secs(self.seconds.unwrap_or(1).into()), because);
            }
            Action::ForceOpen => breaker.force_open_because(because),
            Action::Close => breaker.close_because(because),
            Action::Reset => breaker.reset_because(because),
            Action::Disable => breaker.disable_because(because),
            Action::MetricsOnly => breaker.metrics_only_because(because),
        }
        Placed { at: SystemTime::now(), key: self.key(), action: self.action, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(rest: &str) -> Result<Order, Refusal> {
        Order::read(format!(r#"{{"key":{{"identifier":"a"}},{rest}}}"#).as_bytes())
    }

    #[test]
    fn an_order_says_what_and_why() {
        for action in ["open", "force_open", "close", "reset", "disable", "metrics_only"] {
            assert!(order(&format!(r#""action":"{action}","reason":"x""#)).is_ok(), "{action}");
            assert!(
                order(&format!(r#""action":"{action}","reason":"x","seconds":3"#)).is_err(),
                "{action} for a while"
            );
        }
        assert!(order(r#""action":"open_for","reason":"x","seconds":31622400"#).is_ok());
    }

    #[test]
    fn an_order_that_makes_no_sense_says_what_is_missing() {
        for (rest, wrong) in [
            (r#""action":"open""#, "missing field `reason`"),
            (r#""action":"open","reason":" ""#, "needs a reason"),
            (r#""action":"open","reason":"a\nb""#, "control characters"),
            (r#""action":"explode","reason":"x""#, "unknown variant `explode`"),
            (r#""action":"open","reason":"x","token":"y""#, "unknown field `token`"),
            (r#""action":"open_for","reason":"x""#, "needs `seconds`"),
            (r#""action":"open_for","reason":"x","seconds":0"#, "1 to 31622400"),
            (r#""action":"open_for","reason":"x","seconds":31622401"#, "1 to 31622400"),
            (r#""action":"open_for","reason":"x","seconds":-1"#, "invalid value"),
        ] {
            let refusal = order(rest).unwrap_err();
            assert!(matches!(&refusal, Refusal::Senseless(text) if text.contains(wrong)), "{rest}: {refusal}");
        }
        let long = order(&format!(r#""action":"open","reason":"{}""#, "é".repeat(101))).unwrap_err();
        assert!(matches!(long, Refusal::Senseless(text) if text.contains("200 bytes")));
        assert!(matches!(Order::read(b"{").unwrap_err(), Refusal::Malformed(_)));
    }

    #[test]
    fn who_and_why_fit_into_an_event_whatever_their_length() {
        let longest = Operator::MAX_LEN + ": ".len() + MAX_REASON;
        assert!(longest <= breaker_core::Reason::MAX_LEN);
    }
}
