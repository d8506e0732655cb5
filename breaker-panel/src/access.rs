//! Who may move circuits: nobody, who shows a token, or whom the service's own guard has named.

use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use subtle::{Choice, ConditionallySelectable};

use crate::refusal::Refusal;
use crate::token::{Operator, Token};

/// Whether the panel can move circuits, and who may.
///
/// ```
/// use breaker_panel::{Controls, Operator, Token};
///
/// let for_two = Controls::tokens([
///     (Operator::new("on-call"), Token::new("a-long-secret-from-the-vault")?),
///     (Operator::new("deploy script"), Token::new("another-secret-from-the-vault")?),
/// ]);
/// assert!(format!("{for_two:?}").contains("on-call") && !format!("{for_two:?}").contains("vault"));
/// # Ok::<(), breaker_panel::TokenError>(())
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

    /// Whoever shows one of these tokens gives orders under the name beside it. An empty list is [`read_only`](Self::read_only).
    #[must_use]
    pub fn tokens(tokens: impl IntoIterator<Item = (Operator, Token)>) -> Self {
        let tokens: Vec<_> = tokens.into_iter().collect();
        Self(if tokens.is_empty() { Access::ReadOnly } else { Access::Tokens(tokens) })
    }

    /// The service's own layer or extractor decides: it puts an [`Operator`] into the extensions of each request of somebody who
    /// may give orders. Requests without one are refused.
    ///
    /// Such a guard mostly goes by cookies, which a browser also sends for other sites; the panel refuses what comes from there.
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

    /// Who sends this order.
    pub(crate) fn operator(&self, request: &Parts) -> Result<Operator, Refusal> {
        if matches!(self.0, Access::ReadOnly) {
            return Err(Refusal::ReadOnly);
        }
        if !is_same_site(request) {
            return Err(Refusal::CrossSite);
        }
        match &self.0 {
            Access::ReadOnly => Err(Refusal::ReadOnly),
            Access::Tokens(tokens) => holder(tokens, shown(&request.headers)?).ok_or(Refusal::WrongToken),
            Access::Guarded => request.extensions.get().cloned().ok_or(Refusal::NotGuarded),
        }
    }
}

/// Whether another site lets a browser ask this. It cannot read the answer, but an open feed takes the place of a page.
pub(crate) fn is_of_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// The token that a request shows.
fn shown(headers: &HeaderMap) -> Result<&[u8], Refusal> {
    let value = headers.get(AUTHORIZATION).ok_or(Refusal::NoToken)?.as_bytes();
    match value.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Ok(token.trim_ascii()),
        _ => Err(Refusal::NoToken),
    }
}

/// Whose token it is. Every token is compared, so that the time tells nothing of which one was nearly right.
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

/// Whether a browser sends this for the page itself. Scripts send neither header; browsers of today send both.
fn is_same_site(request: &Parts) -> bool {
    let Parts { headers, uri, .. } = request;
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    // Over plain HTTP beyond loopback browsers leave that header out. There the origin has to be the host that was asked.
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let asking = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    // HTTP/2 has the host in the address.
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok()).or(uri.authority().map(Authority::as_str));
    asking.is_some() && asking == asked
}

#[cfg(test)]
mod tests {
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
        let mut request = Request::post("/").header(HOST, "panel.example:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        controls.operator(&parts).map(|operator| operator.name().to_owned())
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
    fn a_browser_on_another_site_is_refused_before_its_token_is_looked_at() {
        let right = ("authorization", "Bearer alice-0123456789");
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "http://evil.example"),
            ("origin", "http://panel.example:8081"),
            ("origin", "null"),
        ] {
            assert_eq!(ask(&controls(), &[right, foreign]), Err(Refusal::CrossSite), "{foreign:?}");
        }
        for own in [("sec-fetch-site", "same-origin"), ("origin", "http://panel.example:8080")] {
            assert!(ask(&controls(), &[right, own]).is_ok(), "{own:?}");
        }
    }

    #[test]
    fn over_http_2_the_host_that_was_asked_is_in_the_address() {
        for (origin, same) in [("https://panel.example", true), ("https://evil.example", false)] {
            let request = Request::post("https://panel.example/orders").header(ORIGIN, origin).body(()).unwrap();
            assert_eq!(is_same_site(&request.into_parts().0), same, "{origin}");
        }
    }

    #[test]
    fn a_guard_names_the_operator_and_headers_cannot() {
        let mut parts = Request::post("/").body(()).unwrap().into_parts().0;
        assert_eq!(Controls::guarded().operator(&parts), Err(Refusal::NotGuarded));
        parts.extensions.insert(Operator::new("carol"));
        assert_eq!(Controls::guarded().operator(&parts), Ok(Operator::new("carol")));
        assert_eq!(Controls::read_only().operator(&parts), Err(Refusal::ReadOnly));
        assert_eq!(Controls::tokens([]).operator(&parts), Err(Refusal::ReadOnly));
    }
}
