//! Who may send any request at all: the panel's own page and scripts, but no browser on behalf of
//! another site.
//!
//! A browser says for which site it sends a request (`Sec-Fetch-Site`, `Origin`). A site that has
//! pointed its own name at this machine (DNS rebinding) looks like the panel's own site, but its
//! name gives it away.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::error::ApiError;
use crate::random::random_hex;

/// The host names under which the panel answers.
#[derive(Clone, Debug)]
pub(crate) enum AllowedHosts {
    Any,
    /// These, in lower case, and those that no other site can have.
    Named(Vec<String>),
}

impl AllowedHosts {
    pub(crate) fn add(&mut self, name: &str) {
        if let Self::Named(names) = self {
            names.push(name.trim_end_matches('.').to_ascii_lowercase());
        }
    }

    fn allow(&self, name: &str) -> bool {
        let Self::Named(names) = self else { return true };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        // An address is not a name that somebody could point elsewhere.
        let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        // No public site can have a name without a dot, or one below `localhost`.
        let is_local = !name.contains('.') || name.ends_with(".localhost");
        !name.is_empty() && (is_address || is_local || names.contains(&name))
    }
}

/// Refuses requests under unknown host names and on behalf of other sites.
pub(crate) fn check(hosts: &AllowedHosts, request: &Parts) -> Result<(), ApiError> {
    check_host(hosts, request)?;
    if is_same_site(request) { Ok(()) } else { Err(ApiError::CrossSite) }
}

fn check_host(hosts: &AllowedHosts, request: &Parts) -> Result<(), ApiError> {
    // HTTP/2 has the host in the URI. HTTP/1.1 may have both it and the header, or several headers;
    // each must be allowed.
    let in_uri = request.uri.authority().map(|authority| authority.as_str().as_bytes());
    let in_headers = request.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    for host in in_uri.into_iter().chain(in_headers) {
        let authority = Authority::try_from(host).ok().filter(|authority| !authority.as_str().contains('@'));
        if !authority.is_some_and(|authority| hosts.allow(authority.host())) {
            let host: String = String::from_utf8_lossy(host).chars().take(100).collect();
            return Err(ApiError::UnknownHost(host.escape_debug().to_string()));
        }
    }
    Ok(())
}

/// Whether the request comes from the page itself, from somebody who typed the address, or from a
/// client that is not a browser: such clients send none of these headers.
fn is_same_site(request: &Parts) -> bool {
    let Parts { headers, uri, method, .. } = request;
    if let Some(site) = headers.get("sec-fetch-site") {
        // `none` is a typed address or a bookmark, which only reads.
        return site == "same-origin" || (site == "none" && (method == Method::GET || method == Method::HEAD));
    }
    // Browsers omit that header over plain HTTP, except to loopback. Then the origin has to be the
    // host of the request.
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or(uri.authority().map(Authority::as_str));
    origin.is_some() && origin == host
}

/// Whether a person follows a link, as opposed to a script or a frame of another site.
pub(crate) fn is_navigation(request: &Parts) -> bool {
    let is = |headers: &HeaderMap, name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    request.method == Method::GET
        && is(&request.headers, "sec-fetch-mode", "navigate")
        && is(&request.headers, "sec-fetch-dest", "document")
}

/// The answer to somebody who follows a link from another site: a page that does nothing until they
/// follow its own link. Other sites can link to the panel, but cannot open it unnoticed.
pub(crate) fn interstitial() -> Response {
    let Ok(nonce) = random_hex() else { return ApiError::Unavailable.into_response() };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Circuits</title>\
         <p>You came here from another site. <a id=\"open\" href=\"\">Open the circuits</a>\
         <script nonce=\"{nonce}\">document.getElementById(\"open\").hash = location.hash</script>"
    );
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    (StatusCode::FORBIDDEN, [(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn request(method: Method, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn check_headers(headers: &[(&str, &str)]) -> Result<(), ApiError> {
        check(&hosts(), &request(Method::GET, "/", headers))
    }

    fn hosts() -> AllowedHosts {
        let mut hosts = AllowedHosts::Named(Vec::new());
        hosts.add("Payments.Example.");
        hosts
    }

    #[test]
    fn addresses_local_names_and_listed_names_are_allowed() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "192.168.1.7",
            "[::1]:8080",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:80",
            "localhost.",
            "shop.localhost:8080",
            "payments",
            "payments:8080",
            "payments.example",
            "PAYMENTS.example:443",
            "payments.example.",
        ] {
            assert_eq!(check_headers(&[("host", host)]), Ok(()), "{host}");
        }
        assert_eq!(check_headers(&[]), Ok(()), "every browser sends it");
    }

    #[test]
    fn a_name_that_another_site_can_have_is_refused_wherever_it_stands() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "payments.example.evil.example",
            "evilpayments.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost.example",
            "evil.example.",
            "localhost@evil.example",
            "evil.example@localhost",
            "..",
            "",
            "a b",
            "evil.example\tlocalhost",
        ] {
            assert!(matches!(check_headers(&[("host", host)]), Err(ApiError::UnknownHost(_))), "{host}");
        }
        let refused = check_headers(&[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(refused, Err(ApiError::UnknownHost("evil.example".to_owned())), "two headers");
        let in_address = request(Method::GET, "http://evil.example/", &[("host", "localhost")]);
        assert!(check(&hosts(), &in_address).is_err());
        assert!(check(&AllowedHosts::Any, &in_address).is_ok());
    }

    #[test]
    fn requests_of_a_browser_for_another_site_are_refused() {
        let host = ("host", "panel:8080");
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none, same-origin"),
            ("origin", "http://evil.example"),
            ("origin", "http://panel:8081"),
            ("origin", "null"),
        ] {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
                let request = request(method, "/", &[host, foreign]);
                assert_eq!(check(&hosts(), &request), Err(ApiError::CrossSite), "{foreign:?}");
            }
        }
        for own in [("sec-fetch-site", "same-origin"), ("origin", "http://panel:8080")] {
            assert_eq!(check(&hosts(), &request(Method::POST, "/", &[host, own])), Ok(()), "{own:?}");
        }
        let typed = |method| check(&hosts(), &request(method, "/", &[host, ("sec-fetch-site", "none")]));
        assert_eq!((typed(Method::GET), typed(Method::POST)), (Ok(()), Err(ApiError::CrossSite)));
    }

    #[test]
    fn over_http_2_the_host_is_in_the_uri() {
        for (origin, same) in [("https://payments.example", true), ("https://evil.example", false)] {
            let request = request(Method::POST, "https://payments.example/commands", &[("origin", origin)]);
            assert_eq!(check(&hosts(), &request).is_ok(), same, "{origin}");
        }
    }
}
