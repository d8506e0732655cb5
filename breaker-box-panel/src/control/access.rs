//! Who may control circuits: nobody, holders of a token, or whoever the service itself has
//! authenticated.

use std::time::Instant;

use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::http::request::Parts;
use subtle::{Choice, ConditionallySelectable};

use crate::client::Client;
use crate::control::attempts::Attempts;
use crate::control::token::{Operator, Token};
use crate::error::ApiError;

/// Whether circuits can be controlled through the panel, and by whom.
///
/// ```
/// use breaker_box_panel::{Controls, Operator, Token};
///
/// let controls = Controls::tokens([
///     (Operator::new("on-call"), Token::new("a-long-secret-from-the-vault")?),
///     (Operator::new("deploy script"), Token::new("another-secret-from-the-vault")?),
/// ]);
/// let debug = format!("{controls:?}");
/// assert!(debug.contains("on-call") && !debug.contains("vault"), "secrets are never printed");
/// # Ok::<(), breaker_box_panel::TokenError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Controls(Access);

#[derive(Clone, Debug, Default)]
enum Access {
    #[default]
    ReadOnly,
    Tokens(Vec<(Operator, Token)>),
    Guarded,
}

impl Controls {
    /// Nobody can control circuits. This is the default.
    #[must_use]
    pub const fn read_only() -> Self {
        Self(Access::ReadOnly)
    }

    /// Whoever sends one of these tokens, as `Authorization: Bearer …`, acts as the operator beside
    /// it. An empty list is the same as [`read_only`](Self::read_only).
    #[must_use]
    pub fn tokens(tokens: impl IntoIterator<Item = (Operator, Token)>) -> Self {
        let tokens: Vec<_> = tokens.into_iter().collect();
        Self(if tokens.is_empty() { Access::ReadOnly } else { Access::Tokens(tokens) })
    }

    /// The service decides: its own layer or extractor inserts an [`Operator`] into the extensions
    /// of each request whose sender may control circuits. Requests without one are refused.
    ///
    /// Such a layer often relies on cookies, which browsers also send with requests from other
    /// sites. The panel refuses those requests.
    ///
    /// The [crate documentation](crate#who-can-control-circuits) has an example.
    #[must_use]
    pub const fn guarded() -> Self {
        Self(Access::Guarded)
    }

    /// The name of the kind of access in a snapshot.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self.0 {
            Access::ReadOnly => "read_only",
            Access::Tokens(_) => "token",
            Access::Guarded => "guarded",
        }
    }

    /// Who sent this request. Invalid tokens count against the client.
    pub(crate) fn operator(&self, request: &Parts, attempts: &Attempts, now: Instant) -> Result<Operator, ApiError> {
        match &self.0 {
            Access::ReadOnly => Err(ApiError::ReadOnly),
            Access::Guarded => request.extensions.get().cloned().ok_or(ApiError::NoOperator),
            Access::Tokens(tokens) => {
                let token = bearer_token(&request.headers)?;
                let client = Client::of(&request.extensions);
                // While the client has to wait, its token is not even compared: the answer must not
                // tell whether it was right.
                if let Some(wait) = attempts.wait(client, now) {
                    return Err(ApiError::TooManyAttempts(wait));
                }
                let holder = holder(tokens, token);
                if holder.is_some() {
                    attempts.succeeded(client);
                } else {
                    attempts.failed(client, now);
                }
                holder.ok_or(ApiError::InvalidToken)
            }
        }
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&[u8], ApiError> {
    let value = headers.get(AUTHORIZATION).ok_or(ApiError::MissingToken)?.as_bytes();
    match value.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Ok(token.trim_ascii()),
        _ => Err(ApiError::MissingToken),
    }
}

/// The operator of a token. Compares with every token in constant time, so that the response time
/// does not reveal which one was nearly right.
fn holder(tokens: &[(Operator, Token)], shown: &[u8]) -> Option<Operator> {
    let (mut found, mut position) = (Choice::from(0), 0_u64);
    for (index, (_, token)) in (0_u64..).zip(tokens) {
        let is_same = token.matches(shown);
        position = u64::conditional_select(&position, &index, is_same);
        found |= is_same;
    }
    let position = usize::try_from(position).ok().filter(|_| bool::from(found))?;
    tokens.get(position).map(|(operator, _)| operator.clone())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::Request;

    use super::*;

    fn controls() -> Controls {
        let token = |secret| Token::new(secret).unwrap();
        Controls::tokens([
            (Operator::new("alice"), token("alice-0123456789")),
            (Operator::new("bob"), token("bob-0123456789abc")),
        ])
    }

    fn operator(controls: &Controls, headers: &[(&str, &str)]) -> Result<String, ApiError> {
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        controls.operator(&parts, &Attempts::default(), Instant::now()).map(|operator| operator.name().to_owned())
    }

    #[test]
    fn each_token_stands_for_its_operator() {
        assert_eq!(operator(&controls(), &[("authorization", "Bearer alice-0123456789")]).unwrap(), "alice");
        assert_eq!(operator(&controls(), &[("authorization", "bearer bob-0123456789abc")]).unwrap(), "bob");
    }

    #[test]
    fn invalid_and_missing_tokens_are_different_errors() {
        for (header, error) in [
            ("Bearer alice-0123456780", ApiError::InvalidToken),
            ("Bearer ", ApiError::InvalidToken),
            ("Basic alice-0123456789", ApiError::MissingToken),
            ("alice-0123456789", ApiError::MissingToken),
        ] {
            assert_eq!(operator(&controls(), &[("authorization", header)]), Err(error), "{header}");
        }
        assert_eq!(operator(&controls(), &[]), Err(ApiError::MissingToken));
    }

    #[test]
    fn after_many_invalid_tokens_even_the_right_one_has_to_wait() {
        let (controls, attempts, now) = (controls(), Attempts::default(), Instant::now());
        let send = |token: &str, now| {
            let request = Request::post("/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
            controls.operator(&request.into_parts().0, &attempts, now).map(|operator| operator.name().to_owned())
        };
        let errors = (0..100).map(|_| send("alice-0123456780", now).unwrap_err());
        let compared = errors.filter(|error| *error == ApiError::InvalidToken).count();
        assert_eq!(compared, 10);
        let second = Duration::from_secs(1);
        assert_eq!(send("alice-0123456789", now), Err(ApiError::TooManyAttempts(second)));
        assert_eq!(send("alice-0123456789", now + second).unwrap(), "alice");
        assert_eq!(send("alice-0123456780", now + second), Err(ApiError::InvalidToken), "the count starts afresh");
    }

    #[test]
    fn a_guard_names_the_operator_and_headers_cannot() {
        let mut parts = Request::post("/").body(()).unwrap().into_parts().0;
        let (attempts, now) = (Attempts::default(), Instant::now());
        assert_eq!(Controls::guarded().operator(&parts, &attempts, now), Err(ApiError::NoOperator));
        parts.extensions.insert(Operator::new("carol"));
        assert_eq!(Controls::guarded().operator(&parts, &attempts, now), Ok(Operator::new("carol")));
        assert_eq!(Controls::read_only().operator(&parts, &attempts, now), Err(ApiError::ReadOnly));
        assert_eq!(Controls::tokens([]).operator(&parts, &attempts, now), Err(ApiError::ReadOnly));
    }
}
