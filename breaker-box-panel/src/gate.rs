//! Who may ask anything at all: the panel's own page and scripts, and no browser on behalf of
//! another site.
//!
//! A browser says for which site it asks (`Sec-Fetch-Site`, `Origin`). A site whose name was made
//! to lead to this machine (DNS rebinding) looks like the panel's own; it is known by its name,
//! which is none of the panel's.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::refusal::Refusal;
use crate::ticket::random_letters;

/// The names under which the panel may be asked for.
#[derive(Clone, Debug)]
pub(crate) enum Hosts {
    Any,
    /// Besides those that no other site can have; in lower case.
    Named(Vec<String>),
}

impl Hosts {
    pub(crate) fn add(&mut self, name: &str) {
        if let Self::Named(names) = self {
            names.push(name.trim_end_matches('.').to_ascii_lowercase());
        }
    }

    fn allow(&self, name: &str) -> bool {
        let Self::Named(names) = self else { return true };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        // Nobody outside can have a name without a dot, nor one that ends like this. An address is
        // no name that leads elsewhere.
        let is_local = !name.contains('.') || name.ends_with(".localhost");
        !name.is_empty() && (is_address || is_local || names.contains(&name))
    }
}

/// Whether a request may be looked at.
pub(crate) fn admit(hosts: &Hosts, request: &Parts) -> Result<(), Refusal> {
    check_host(hosts, request)?;
    if is_for_this_site(request) { Ok(()) } else { Err(Refusal::CrossSite) }
}

fn check_host(hosts: &Hosts, request: &Parts) -> Result<(), Refusal> {
    // HTTP/2 has the host in the address; of HTTP/1.1 it may have two, and each has to be ours.
    let named = request.uri.authority().map(|authority| authority.as_str().as_bytes());
    let named = named.into_iter().chain(request.headers.get_all(HOST).iter().map(HeaderValue::as_bytes));
    for host in named {
        let authority = Authority::try_from(host).ok().filter(|authority| !authority.as_str().contains('@'));
        if !authority.is_some_and(|authority| hosts.allow(authority.host())) {
            let host: String = String::from_utf8_lossy(host).chars().take(100).collect();
            return Err(Refusal::UnknownHost(host.escape_debug().to_string()));
        }
    }
    Ok(())
}

/// Whether a browser sends this for the page itself, or for a person who typed the address. Scripts
/// send none of these headers.
fn is_for_this_site(request: &Parts) -> bool {
    let Parts { headers, uri, method, .. } = request;
    if let Some(site) = headers.get("sec-fetch-site") {
        // What somebody types, or has among the bookmarks, is only read.
        return site == "same-origin" || (site == "none" && (method == Method::GET || method == Method::HEAD));
    }
    // Over plain HTTP beyond loopback browsers leave that header out. There the origin has to be
    // the host that was asked.
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let asking = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok()).or(uri.authority().map(Authority::as_str));
    asking.is_some() && asking == asked
}

/// Whether a person follows a link of another site.
pub(crate) fn is_link(request: &Parts) -> bool {
    let says = |headers: &HeaderMap, name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    request.method == Method::GET
        && says(&request.headers, "sec-fetch-mode", "navigate")
        && says(&request.headers, "sec-fetch-dest", "document")
}

/// What somebody gets who follows a link of another site: a page that does nothing until they
/// follow its own link. So another site can lead people here, and cannot open the panel behind
/// their backs.
pub(crate) fn doorstep() -> Response {
    let Ok(nonce) = random_letters() else { return Refusal::Unavailable.into_response() };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Circuits</title>\
         <p>Another site led here. <a id=\"open\" href=\"\">Open the circuits</a>\
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

    fn ask(headers: &[(&str, &str)]) -> Result<(), Refusal> {
        admit(&named(), &request(Method::GET, "/", headers))
    }

    fn named() -> Hosts {
        let mut hosts = Hosts::Named(Vec::new());
        hosts.add("Payments.Example.");
        hosts
    }

    #[test]
    fn the_panel_is_known_by_addresses_by_local_names_and_by_those_it_was_given() {
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
            assert_eq!(ask(&[("host", host)]), Ok(()), "{host}");
        }
        assert_eq!(ask(&[]), Ok(()), "no browser leaves it out");
    }

    #[test]
    fn a_name_that_somebody_else_can_have_is_refused_wherever_it_stands() {
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
            assert!(matches!(ask(&[("host", host)]), Err(Refusal::UnknownHost(_))), "{host}");
        }
        let refused = ask(&[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(refused, Err(Refusal::UnknownHost("evil.example".to_owned())), "two of them");
        let in_address = request(Method::GET, "http://evil.example/", &[("host", "localhost")]);
        assert!(admit(&named(), &in_address).is_err());
        assert!(admit(&Hosts::Any, &in_address).is_ok());
    }

    #[test]
    fn what_a_browser_asks_for_another_site_is_refused() {
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
                assert_eq!(admit(&named(), &request), Err(Refusal::CrossSite), "{foreign:?}");
            }
        }
        for own in [("sec-fetch-site", "same-origin"), ("origin", "http://panel:8080")] {
            assert_eq!(admit(&named(), &request(Method::POST, "/", &[host, own])), Ok(()), "{own:?}");
        }
        let typed = |method| admit(&named(), &request(method, "/", &[host, ("sec-fetch-site", "none")]));
        assert_eq!((typed(Method::GET), typed(Method::POST)), (Ok(()), Err(Refusal::CrossSite)));
    }

    #[test]
    fn over_http_2_the_host_that_was_asked_is_in_the_address() {
        for (origin, same) in [("https://payments.example", true), ("https://evil.example", false)] {
            let request = request(Method::POST, "https://payments.example/orders", &[("origin", origin)]);
            assert_eq!(admit(&named(), &request).is_ok(), same, "{origin}");
        }
    }
}
