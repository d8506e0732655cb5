//! Why there is no connection, or why a request failed, in words that are safe to log.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError};

/// Never contains text of the server's, of the URL's or of the system's but the names of errors:
/// the rest may contain addresses, user names and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem(Cow<'static, str>);

impl Problem {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&RedisError> for Problem {
    fn from(error: &RedisError) -> Self {
        if error.is_timeout() {
            return Self::new("no answer in time");
        }
        if let Some(code) = error.code().filter(|code| is_code(code)) {
            return Self(format!("the server answered {code}").into());
        }
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::new("the server refused the user or the password"),
            ErrorKind::RESP3NotSupported => {
                Self::new("the server does not speak RESP3; Redis 6 or later, or Valkey, is needed")
            }
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::new("the answer is not that of a Redis"),
            ErrorKind::InvalidClientConfig => Self::new("the client refused its configuration"),
            ErrorKind::Io if error.is_connection_refusal() => Self::new("connection refused"),
            ErrorKind::Io if error.is_connection_dropped() => Self::new("the connection was closed"),
            ErrorKind::Io if is_bad_data(error) => Self::new("the TLS handshake failed"),
            // The errors of both libraries for TLS, but not of the client itself.
            ErrorKind::Client if error.source().is_some() => Self::new("the TLS handshake failed"),
            // A name that does not resolve, for one.
            ErrorKind::Io => Self::new("the server cannot be reached"),
            _ => Self::new("the server answered with an error"),
        }
    }
}

/// Whether what the server sent has no meaning, as when its certificate is refused.
fn is_bad_data(error: &RedisError) -> bool {
    // The client shares the error of the system.
    let shared = error.source().and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    shared
        .and_then(|shared| shared.downcast_ref::<io::Error>())
        .is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
}

/// Whether this is the name of an error, such as `NOAUTH`, and nothing else.
fn is_code(code: &str) -> bool {
    (2..=24).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_server_answered_but_not_its_text() {
        let error = redis::make_extension_error("NOPERM".into(), Some("User shop has no permissions".into()));
        assert_eq!(Problem::from(&error).as_str(), "the server answered NOPERM");
        let error = redis::make_extension_error("secret@host".into(), Some("secret".into()));
        assert_eq!(Problem::from(&error).as_str(), "the server answered with an error");
    }

    #[test]
    fn names_the_errors_of_the_system() {
        let refused = RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(Problem::from(&refused).as_str(), "connection refused");
        let unresolved = RedisError::from(io::Error::other("no such host redis.internal"));
        assert_eq!(Problem::from(&unresolved).as_str(), "the server cannot be reached");
        let refused = RedisError::from(io::Error::new(io::ErrorKind::InvalidData, "certificate of redis.internal"));
        assert_eq!(Problem::from(&refused).as_str(), "the TLS handshake failed");
    }
}
