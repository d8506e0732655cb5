//! Malicious requests, which must not affect other clients.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use breaker_box_panel::Panel;
use breaker_core::{Policy, Registry, State};
use reqwest::Method;
use serde_json::Value;

use crate::json::{check, schema_of};
use crate::support::{ALICE, CLIENT, Service, controls, document, force_open, registry, until};

/// All routes, with their methods.
const ROUTES: [(&str, Method); 9] = [
    ("", Method::GET),
    ("api/v1/circuits", Method::GET),
    ("api/v1/circuit?identifier=payment_api", Method::GET),
    ("api/v1/timeline", Method::GET),
    ("api/v1/feed", Method::GET),
    ("api/v1/schema.json", Method::GET),
    ("api/v1/keepalive?viewer=0", Method::POST),
    ("api/v1/nonces", Method::POST),
    ("api/v1/commands", Method::POST),
];

async fn service(registry: &Registry) -> Service {
    Service::start(Panel::builder(registry).controls(controls()).interval(Duration::from_millis(100))).await
}

/// Nothing changed, and requests are answered.
async fn is_well(service: &Service, registry: &Registry) {
    assert_eq!(service.get("").await.status(), 200);
    let circuits = service.document("api/v1/circuits").await;
    assert_eq!(circuits["circuits"].as_array().unwrap().len(), 1);
    assert_eq!((registry.len(), registry.state("payment_api")), (1, State::Closed));
}

#[tokio::test]
async fn no_route_answers_other_sites_or_unknown_hosts() {
    let registry = registry();
    let service = service(&registry).await;
    let error = schema_of(&service, "error").await;
    for (path, method) in ROUTES {
        for (header, value, sentence) in [
            ("sec-fetch-site", "cross-site", "from other sites"),
            ("sec-fetch-site", "same-site", "from other sites"),
            ("origin", "https://evil.example", "from other sites"),
            ("host", "evil.example", "unknown host \"evil.example\""),
            ("host", "localhost.evil.example:80", "PanelBuilder::hosts"),
        ] {
            let request = CLIENT.request(method.clone(), service.url(path)).bearer_auth(ALICE).header(header, value);
            let response = request.header("content-type", "application/json").send().await.unwrap();
            assert_eq!(response.status(), 403, "{path}: {header}: {value}");
            assert_eq!(response.headers()["cross-origin-resource-policy"], "same-origin");
            let document = document(response).await;
            check(&error, &document);
            assert!(document["error"].as_str().unwrap().contains(sentence), "{path}: {document}");
        }
    }
    is_well(&service, &registry).await;
}

#[tokio::test]
async fn a_panel_answers_under_the_hosts_that_are_allowed() {
    let registry = registry();
    let named = Service::start(Panel::builder(&registry).hosts(["payments.example"])).await;
    let any = Service::start(Panel::builder(&registry).any_host()).await;
    let status = async |service: &Service, host: &str| {
        CLIENT.get(service.url("api/v1/circuits")).header("host", host).send().await.unwrap().status().as_u16()
    };
    for host in ["payments.example", "Payments.Example:8443", "localhost", "[::1]:80", "10.0.0.7", "payments"] {
        assert_eq!(status(&named, host).await, 200, "{host}");
    }
    assert_eq!((status(&named, "evil.example").await, status(&any, "evil.example").await), (403, 200));
}

#[tokio::test]
async fn a_link_from_another_site_leads_to_a_page_that_links_to_the_panel() {
    let service = Service::start(Panel::builder(&registry()).max_viewers(1)).await;
    let navigate = |site: &'static str, dest: &'static str| {
        let request = CLIENT.get(service.url("")).header("sec-fetch-site", site).header("sec-fetch-dest", dest);
        request.header("sec-fetch-mode", "navigate").send()
    };
    let interstitial = navigate("cross-site", "document").await.unwrap();
    assert_eq!(interstitial.status(), 403);
    assert!(interstitial.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let page = interstitial.text().await.unwrap();
    assert!(page.contains("href=\"\"") && !page.contains("EventSource"), "{page}");
    let framed = navigate("cross-site", "iframe").await.unwrap();
    assert_eq!(framed.headers()["content-type"], "application/json");
    for site in ["none", "same-origin"] {
        assert_eq!(navigate(site, "document").await.unwrap().status(), 200, "{site}");
    }
}

#[tokio::test]
async fn every_method_on_every_route_is_answered_and_none_displaces_a_page() {
    let registry = registry();
    let service = Service::start(Panel::builder(&registry).max_viewers(1)).await;
    let mut page = CLIENT.get(service.url("api/v1/feed")).send().await.unwrap();
    let everything = page.chunk().await.unwrap().unwrap();
    for (path, own) in ROUTES {
        for method in ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            if path == "api/v1/feed" && method == Method::GET {
                continue;
            }
            let response = CLIENT.request(method.clone(), service.url(path)).body("{}").send().await.unwrap();
            let allowed = method == own || (method == Method::HEAD && own == Method::GET);
            assert_eq!(response.status() == 405, !allowed, "{method} {path}: {}", response.status());
            assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control")));
        }
    }
    assert!(!everything.is_empty() && page.chunk().await.unwrap().is_some(), "the feed stays open");
    is_well(&service, &registry).await;
}

#[tokio::test]
async fn long_queries_are_refused_and_those_that_are_not_cost_little() {
    let registry = registry();
    let service = service(&registry).await;
    let error = schema_of(&service, "error").await;
    for (path, status) in [
        (format!("api/v1/circuits?name={}", "x".repeat(8_188)), 414),
        (format!("api/v1/circuits?name={}", "x".repeat(60_000)), 414),
        (format!("api/v1/circuit?identifier={}", "%61".repeat(20_000)), 414),
        (format!("api/v1/circuits?{}", "name=a&".repeat(9_000)), 414),
        (format!("api/v1/circuits?{}=1", "x".repeat(8_000)), 422),
        (format!("api/v1/circuit?identifier={}", "x".repeat(8_000)), 404),
    ] {
        let response = service.get(&path).await;
        assert_eq!(response.status(), status, "{} bytes", path.len());
        let text = response.text().await.unwrap();
        check(&error, &serde_json::from_str::<Value>(&text).unwrap());
        assert!(text.len() < 2_000, "{} bytes about {}", text.len(), path.len());
    }
    for path in ["api/v1/circuits?name=%ff%fe", "api/v1/circuits?%", "api/v1/circuits?&&&=&", "api/v1/circuit"] {
        let status = service.get(path).await.status().as_u16();
        assert!((200..500).contains(&status), "{path}: {status}");
    }
    is_well(&service, &registry).await;
}

/// Sends raw bytes, and reads until the service closes the connection.
async fn raw(service: &Service, bytes: Vec<u8>, half_close: bool) -> String {
    let address = service.root.strip_prefix("http://").unwrap().to_owned();
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.write_all(&bytes).unwrap();
        if half_close {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let mut answer = Vec::new();
        // A reset connection is closed too.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

#[tokio::test]
async fn no_path_leads_out_of_the_panel() {
    let registry = registry();
    let service = service(&registry).await;
    for path in [
        "/ops/circuits/../../etc/passwd",
        "/ops/circuits/..%2f..%2fetc/passwd",
        "/ops/circuits/api/v1/../../page/index.html",
        "/ops/circuits/%2e%2e/%2e%2e/etc/passwd",
        "/ops/circuits/api/v1/circuits%00",
        "/ops/circuits/api/v1/schema.json/..",
        "/ops/circuits\\..\\..",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = raw(&service, request.into_bytes(), false).await;
        let status = answer.split(' ').nth(1).unwrap_or("400");
        assert!(["400", "404"].contains(&status), "{path}: {answer}");
    }
    is_well(&service, &registry).await;
}

#[tokio::test]
async fn garbage_half_requests_and_half_closed_connections_harm_nobody() {
    let registry = registry();
    let service = service(&registry).await;
    let request = |path: &str, more: &str| format!("{path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n").into_bytes();
    for (bytes, half_close) in [
        (b"\0\0\0\0\xff\xff".to_vec(), true),
        (b"GET /ops/circuits/api/v1/circuits HTTP/1.1\r\nHost: local".to_vec(), true),
        (request("GET /ops/circuits/api/v1/circuits", ""), true),
        (request("GET /ops/circuits/api/v1/feed", ""), true),
        (request("POST /ops/circuits/api/v1/commands", "Content-Length: 100\r\n"), true),
        (request("POST /ops/circuits/api/v1/nonces", "Transfer-Encoding: chunked\r\n"), true),
        (request("GET /ops/circuits/api/v1/circuits", "Host: evil.example\r\nConnection: close\r\n"), false),
        (b"GET /ops/circuits HTTP/1.0\r\n\r\n".to_vec(), false),
    ] {
        let answer = raw(&service, bytes, half_close).await;
        assert!(!answer.contains(" 500 "), "{answer}");
    }
    is_well(&service, &registry).await;
}

#[tokio::test]
async fn conditions_and_ranges_change_no_answer() {
    let service = service(&registry()).await;
    let whole = service.get("api/v1/schema.json").await.text().await.unwrap();
    for (header, value) in [
        ("if-none-match", "*"),
        ("if-modified-since", "Sat, 29 Oct 2044 19:43:31 GMT"),
        ("range", "bytes=0-9"),
        ("accept", "text/plain"),
        ("accept-encoding", "gzip, br"),
    ] {
        let answer = CLIENT.get(service.url("api/v1/schema.json")).header(header, value).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap() == whole), (200, true), "{header}");
    }
}

#[tokio::test]
async fn a_client_that_guesses_tokens_has_to_wait() {
    let registry = registry();
    let service = service(&registry).await;
    let error = schema_of(&service, "error").await;
    let mut statuses = Vec::new();
    let refused = loop {
        let response = service.post("api/v1/nonces", "mallory-guesses-00000001").send().await.unwrap();
        if response.status() == 429 || statuses.len() == 100 {
            break response;
        }
        statuses.push(response.status().as_u16());
    };
    // More than ten on a machine so slow that a second passes between two attempts.
    assert!(statuses.len() >= 10 && statuses.iter().all(|status| *status == 401), "{statuses:?}");
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    check(&error, &document(refused).await);
    // A second later the right one is accepted.
    until("the right token is accepted", async || {
        let response = service.post("api/v1/nonces", ALICE).send().await.unwrap();
        (response.status() == 201).then_some(())
    })
    .await;
    is_well(&service, &registry).await;
}

#[tokio::test]
async fn a_flood_of_abandoned_requests_delays_neither_commands_nor_events() {
    let registry = Registry::new();
    for shop in 0..500 {
        registry.register(format!("shop:{shop}"), Policy::new()).unwrap();
    }
    let service = service(&registry).await;
    let address = service.root.strip_prefix("http://").unwrap().to_owned();
    let flood = tokio::task::spawn_blocking(move || {
        for number in 0..2_000 {
            let mut stream = TcpStream::connect(&address).unwrap();
            let request = format!("GET /ops/circuits/api/v1/circuits?name={number} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
        }
    });
    assert_eq!(service.command(ALICE, &force_open("shop:7")).await.status(), 200);
    let told = until("the command is in the timeline", async || {
        let answer = service.get("api/v1/timeline").await;
        // During the flood, a request may be asked to try again.
        let text = (answer.status() == 200).then_some(answer)?.text().await.unwrap();
        text.contains("alice: the gateway is being replaced").then_some(text)
    })
    .await;
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["missed"], 0);
    flood.await.unwrap();
}
