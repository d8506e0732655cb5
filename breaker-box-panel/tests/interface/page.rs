//! The page, its paths, and the headers of every answer.

use axum::Router;
use breaker_box_panel::Panel;
use breaker_core::Registry;

use crate::support::{CLIENT, Service, listen, registry};

async fn title(url: String) -> Option<String> {
    let response = CLIENT.get(&url).send().await.unwrap();
    let is_page = response.status() == 200 && response.headers()["content-type"] == "text/html; charset=utf-8";
    is_page.then_some(response.text().await.unwrap()).and_then(|page| {
        let (_, rest) = page.split_once("<title>")?;
        Some(rest.split_once('<')?.0.to_owned())
    })
}

#[tokio::test]
async fn the_page_works_under_any_path_with_and_without_a_slash() {
    let panel = Panel::new(&registry()).unwrap();
    let inner: Router = Router::new().nest_service("/panel", panel.router());
    let service = Router::new()
        .nest_service("/ops/circuits", panel.router())
        .nest("/nested", panel.router())
        .nest("/deep", inner)
        .merge(panel.router());
    let root = listen(service).await;
    for path in ["/ops/circuits", "/ops/circuits/", "/nested", "/deep/panel", "/deep/panel/", "/"] {
        assert_eq!(title(format!("{root}{path}")).await.as_deref(), Some("Circuits"), "{path}");
        let api = format!("{root}{}/api/v1/circuits", path.trim_end_matches('/'));
        assert_eq!(CLIENT.get(&api).send().await.unwrap().status(), 200, "{api}");
    }
}

#[tokio::test]
async fn the_content_security_policy_allows_only_the_script_of_the_page() {
    let service = Service::start(Panel::builder(&registry())).await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let response = service.get("").await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let page = response.text().await.unwrap();
        let (_, rest) = policy.split_once("script-src 'nonce-").unwrap();
        let nonce = rest.split_once('\'').unwrap().0.to_owned();
        assert_eq!(
            policy.replace(&nonce, "N"),
            "default-src 'none'; script-src 'nonce-N'; style-src 'nonce-N'; img-src data:; connect-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
             trusted-types 'none'"
        );
        assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "script and style");
        assert_eq!(page.matches("<script").count(), 1, "and no other script");
        for outside in ["src=\"", "href=\"http", "href=\"/", "url(", "@import", "{{"] {
            assert!(!page.contains(outside), "the page is whole: {outside}");
        }
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1], "a nonce is good for one page");
}

#[tokio::test]
async fn every_answer_and_every_error_tells_browsers_to_keep_it_to_this_site() {
    let service = Service::start(Panel::builder(&Registry::new())).await;
    for (path, status) in [
        ("", 200),
        ("api/v1/circuits", 200),
        ("api/v1/schema.json", 200),
        ("api/v1/feed", 200),
        ("api/v1/circuit?identifier=none", 404),
        ("api/v1/commands", 405),
    ] {
        let response = service.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.headers()[header], value, "{path}");
        }
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert!(!response.headers().contains_key("access-control-allow-origin"), "no other site can read it");
    }
}

#[tokio::test]
async fn a_router_keeps_its_panel_running() {
    let router = Panel::new(&registry()).unwrap().router();
    let root = listen(Router::new().nest_service("/circuits", router)).await;
    for _ in 0..2 {
        let answer = CLIENT.get(format!("{root}/circuits/api/v1/circuits")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}
