//! A command: what to do to a circuit, and why.

use std::time::{Duration, SystemTime};

use breaker_core::{CircuitBreaker, Key, fleet};
use serde::{Deserialize, Serialize};

use crate::control::token::Operator;
use crate::error::ApiError;

/// The most bytes in the body of a command.
pub(crate) const MAX_BODY: usize = 4_096;

/// The most bytes in the reason of a command: together with the operator's name it fits into an
/// event.
const MAX_REASON: usize = 200;

/// The longest that `open_for` may last: a year. `force_open` has no end.
const MAX_SECONDS: u32 = 366 * 24 * 60 * 60;

/// What can be done to a circuit.
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

#[cfg(feature = "tracing")]
impl Action {
    /// Its name in commands and JSON, for the log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OpenFor => "open_for",
            Self::ForceOpen => "force_open",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Disable => "disable",
            Self::MetricsOnly => "metrics_only",
        }
    }
}

/// What was done to a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) action: Action,
    /// Whether the other instances of the fleet did not get it.
    pub(crate) only_here: bool,
}

/// A command as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Command {
    key: KeyParts,
    action: Action,
    reason: String,
    #[serde(default)]
    seconds: Option<u32>,
    #[serde(default)]
    only_here: bool,
}

/// The parts of a key as clients send them.
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

/// A command that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct AppliedCommand {
    pub(crate) at: SystemTime,
    pub(crate) key: Key,
    pub(crate) order: Order,
    /// Who and why: `alice: the gateway is being replaced`.
    pub(crate) reason: String,
}

impl Command {
    /// Reads and checks the body of a request.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let command: Self = serde_json::from_slice(body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ApiError::Unprocessable(error.to_string()),
            _ => ApiError::InvalidJson(error.to_string()),
        })?;
        command.check()?;
        Ok(command)
    }

    fn check(&self) -> Result<(), ApiError> {
        let reason = self.reason.trim();
        let problem = if reason.is_empty() {
            Some("`reason` is empty: say why, for whoever finds the circuit in this state")
        } else if reason.len() > MAX_REASON {
            Some("`reason` has more than 200 bytes")
        } else if reason.chars().any(char::is_control) {
            Some("`reason` contains control characters")
        } else {
            match (self.action, self.seconds) {
                (Action::OpenFor, None) => Some("`open_for` needs `seconds`"),
                (Action::OpenFor, Some(1..=MAX_SECONDS)) | (_, None) => None,
                (Action::OpenFor, Some(_)) => {
                    Some("`seconds` must be from 1 to 31622400 (a year); use `force_open` for longer")
                }
                (_, Some(_)) => Some("only `open_for` takes `seconds`"),
            }
        };
        problem.map_or(Ok(()), |problem| Err(ApiError::Unprocessable(problem.to_owned())))
    }

    pub(crate) fn key(&self) -> Key {
        self.key.key()
    }

    /// Carries it out, in the whole fleet unless it is only for this instance.
    pub(crate) fn apply(&self, breaker: &CircuitBreaker, operator: &Operator) -> AppliedCommand {
        let reason = format!("{}: {}", operator.name(), self.reason.trim());
        if self.only_here {
            fleet::only_here(|| self.change(breaker, &reason));
        } else {
            self.change(breaker, &reason);
        }
        let order = Order { action: self.action, only_here: self.only_here };
        AppliedCommand { at: SystemTime::now(), key: self.key(), order, reason }
    }

    fn change(&self, breaker: &CircuitBreaker, because: &str) {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rest: &str) -> Result<Command, ApiError> {
        Command::parse(format!(r#"{{"key":{{"identifier":"a"}},{rest}}}"#).as_bytes())
    }

    #[cfg(feature = "tracing")]
    #[test]
    fn an_action_has_the_same_name_in_logs_and_in_json() {
        let actions = [
            Action::Open,
            Action::OpenFor,
            Action::ForceOpen,
            Action::Close,
            Action::Reset,
            Action::Disable,
            Action::MetricsOnly,
        ];
        for action in actions {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }

    #[test]
    fn a_command_has_an_action_and_a_reason() {
        for action in ["open", "force_open", "close", "reset", "disable", "metrics_only"] {
            assert!(parse(&format!(r#""action":"{action}","reason":"x""#)).is_ok(), "{action}");
            assert!(parse(&format!(r#""action":"{action}","reason":"x","only_here":true"#)).is_ok(), "{action}");
            assert!(
                parse(&format!(r#""action":"{action}","reason":"x","seconds":3"#)).is_err(),
                "{action} for a while"
            );
        }
        assert!(parse(r#""action":"open_for","reason":"x","seconds":31622400"#).is_ok());
    }

    #[test]
    fn an_invalid_command_is_refused_with_what_is_wrong() {
        for (rest, wrong) in [
            (r#""action":"open""#, "missing field `reason`"),
            (r#""action":"open","reason":" ""#, "is empty"),
            (r#""action":"open","reason":"a\nb""#, "control characters"),
            (r#""action":"explode","reason":"x""#, "unknown variant `explode`"),
            (r#""action":"open","reason":"x","token":"y""#, "unknown field `token`"),
            (r#""action":"open","reason":"x","only_here":"yes""#, "expected a boolean"),
            (r#""action":"open_for","reason":"x""#, "needs `seconds`"),
            (r#""action":"open_for","reason":"x","seconds":0"#, "from 1 to 31622400"),
            (r#""action":"open_for","reason":"x","seconds":31622401"#, "from 1 to 31622400"),
            (r#""action":"open_for","reason":"x","seconds":-1"#, "invalid value"),
        ] {
            let error = parse(rest).unwrap_err();
            assert!(matches!(&error, ApiError::Unprocessable(text) if text.contains(wrong)), "{rest}: {error}");
        }
        let long = parse(&format!(r#""action":"open","reason":"{}""#, "é".repeat(101))).unwrap_err();
        assert!(matches!(long, ApiError::Unprocessable(text) if text.contains("200 bytes")));
        assert!(matches!(Command::parse(b"{").unwrap_err(), ApiError::InvalidJson(_)));
    }

    #[test]
    fn operator_and_reason_fit_into_an_event_whatever_their_length() {
        let longest = Operator::MAX_LEN + ": ".len() + MAX_REASON;
        assert!(longest <= breaker_core::Reason::MAX_LEN);
    }
}
