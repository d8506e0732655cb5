//! Who may move circuits: nobody, who shows a token, or whom the service's own guard has named.

use std::time::Instant;

use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::http::request::Parts;
use subtle::{Choice, ConditionallySelectable};

use crate::attempts::Attempts;
use crate::client::Client;
use crate::refusal::Refusal;
use crate::token::{Operator, Token};

/// Whether the panel can move circuits, and who may.
///
/// ```
/// use breaker_box_panel::{Controls, Operator, Token};
///
/// let for_two = Controls::tokens([
///     (Operator::new("on-call"), Token::new("a-long-secret-from-the-vault")?),
///     (Operator::new("deploy script"), Token::new("another-secret-from-the-vault")?),
/// ]);
/// assert!(format!("{for_two:?}").contains("on-call") && !format!("{for_two:?}").contains("vault"));
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
    /// Nobody moves anything. The default.
    #[must_use]
    pub const fn read_only() -> Self {
        Self(Access::ReadOnly)
    }

    /// Whoever shows one of these tokens gives orders under the name beside it. An empty list is
    /// [`read_only`](Self::read_only).
    #[must_use]
    pub fn tokens(tokens: impl IntoIterator<Item = (Operator, Token)>) -> Self {
        let tokens: Vec<_> = tokens.into_iter().collect();
        Self(if tokens.is_empty() { Access::ReadOnly } else { Access::Tokens(tokens) })
    }

    /// The service's own layer or extractor decides: it puts an [`Operator`] into the extensions of
    /// each request of somebody who may give orders. Requests without one are refused.
    ///
    /// Such a guard mostly goes by cookies, which a browser also sends for other sites; the panel
    /// refuses what comes from there.
    #[must_use]
    pub const fn guarded() -> Self {
        Self(Access::Guarded)
    }

    /// What the page needs to know of it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self.0 {
            Access::ReadOnly => "read-only",
            Access::Tokens(_) => "token",
            Access::Guarded => "guarded",
        }
    }

    /// Who sends this order. Wrong tokens make their client wait.
    pub(crate) fn operator(&self, request: &Parts, attempts: &Attempts, now: Instant) -> Result<Operator, Refusal> {
        match &self.0 {
            Access::ReadOnly => Err(Refusal::ReadOnly),
            Access::Guarded => request.extensions.get().cloned().ok_or(Refusal::NotGuarded),
            Access::Tokens(tokens) => {
                let shown = shown(&request.headers)?;
                let client = Client::of(&request.extensions);
                // Not even compared while it waits, so that nothing is to be learnt meanwhile.
                if let Some(wait) = attempts.wait(client, now) {
                    return Err(Refusal::TooManyAttempts(wait));
                }
                let holder = holder(tokens, shown);
                if holder.is_some() {
                    attempts.was_right(client);
                } else {
                    attempts.was_wrong(client, now);
                }
                holder.ok_or(Refusal::WrongToken)
            }
        }
    }
}

/// The token that a request shows.
fn shown(headers: &HeaderMap) -> Result<&[u8], Refusal> {
    let value = headers.get(AUTHORIZATION).ok_or(Refusal::NoToken)?.as_bytes();
    match value.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Ok(token.trim_ascii()),
        _ => Err(Refusal::NoToken),
    }
}

/// Whose token it is. Every token is compared, so that the time tells nothing of which one was
/// nearly right.
fn holder(tokens: &[(Operator, Token)], shown: &[u8]) -> Option<Operator> {
    let (mut found, mut place) = (Choice::from(0), 0_u64);
    for (index, (_, token)) in (0_u64..).zip(tokens) {
        let same = token.matches(shown);
        place = u64::conditional_select(&place, &index, same);
        found |= same;
    }
    let place = usize::try_from(place).ok().filter(|_| bool::from(found))?;
    tokens.get(place).map(|(operator, _)| operator.clone())
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

    fn ask(controls: &Controls, headers: &[(&str, &str)]) -> Result<String, Refusal> {
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        controls.operator(&parts, &Attempts::default(), Instant::now()).map(|operator| operator.name().to_owned())
    }

    #[test]
    fn each_token_speaks_for_its_holder() {
        assert_eq!(ask(&controls(), &[("authorization", "Bearer alice-0123456789")]).unwrap(), "alice");
        assert_eq!(ask(&controls(), &[("authorization", "bearer bob-0123456789abc")]).unwrap(), "bob");
    }

    #[test]
    fn other_tokens_and_none_are_told_apart() {
        for (header, refusal) in [
            ("Bearer alice-0123456780", Refusal::WrongToken),
            ("Bearer ", Refusal::WrongToken),
            ("Basic alice-0123456789", Refusal::NoToken),
            ("alice-0123456789", Refusal::NoToken),
        ] {
            assert_eq!(ask(&controls(), &[("authorization", header)]), Err(refusal), "{header}");
        }
        assert_eq!(ask(&controls(), &[]), Err(Refusal::NoToken));
    }

    #[test]
    fn who_shows_wrong_tokens_on_and_on_has_to_wait_also_with_the_right_one() {
        let (controls, attempts, now) = (controls(), Attempts::default(), Instant::now());
        let show = |token: &str, now| {
            let request = Request::post("/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
            controls.operator(&request.into_parts().0, &attempts, now).map(|operator| operator.name().to_owned())
        };
        let refused = (0..100).map(|_| show("alice-0123456780", now).unwrap_err());
        let looked_at = refused.filter(|refusal| *refusal == Refusal::WrongToken).count();
        assert_eq!(looked_at, 10);
        let second = Duration::from_secs(1);
        assert_eq!(show("alice-0123456789", now), Err(Refusal::TooManyAttempts(second)));
        assert_eq!(show("alice-0123456789", now + second).unwrap(), "alice");
        assert_eq!(show("alice-0123456780", now + second), Err(Refusal::WrongToken), "all is forgiven");
    }

    #[test]
    fn a_guard_names_the_operator_and_headers_cannot() {
        let mut parts = Request::post("/").body(()).unwrap().into_parts().0;
        let (attempts, now) = (Attempts::default(), Instant::now());
        assert_eq!(Controls::guarded().operator(&parts, &attempts, now), Err(Refusal::NotGuarded));
        parts.extensions.insert(Operator::new("carol"));
        assert_eq!(Controls::guarded().operator(&parts, &attempts, now), Ok(Operator::new("carol")));
        assert_eq!(Controls::read_only().operator(&parts, &attempts, now), Err(Refusal::ReadOnly));
        assert_eq!(Controls::tokens([]).operator(&parts, &attempts, now), Err(Refusal::ReadOnly));
    }
}
