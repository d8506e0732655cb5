//! What is sent to an open page, and that nothing waits for it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use axum::Router;
use breaker_box_panel::Panel;
use breaker_core::{Policy, Registry};
use reqwest::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::json::{check, schema_of};
use crate::support::{CLIENT, Service, document, registry, soon, until};

/// A page, as the feed sees it.
pub(crate) struct Page {
    response: Response,
    text: String,
}

impl Page {
    pub(crate) async fn open(service: &Service) -> Self {
        let response = service.get("api/v1/feed").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next message; `None` when the feed has ended.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                let message = std::mem::replace(&mut self.text, rest);
                let (kind, data) = message.split_once('\n').unwrap();
                let kind = kind.strip_prefix("event: ").unwrap().to_owned();
                let data = serde_json::from_str(data.trim_end().strip_prefix("data: ").unwrap()).unwrap();
                return Some((kind, data));
            }
            let chunk = soon("the next message", self.response.chunk()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Shows that it reads, as the page does after the first message.
    async fn keep_alive(&mut self, service: &Service) {
        let (kind, data) = self.next().await.unwrap();
        assert_eq!(kind, "snapshot");
        let viewer = data["viewer"].as_str().unwrap();
        let answer = CLIENT.post(service.url(&format!("api/v1/keepalive?viewer={viewer}"))).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }

    /// The next delta in which this list is not empty.
    pub(crate) async fn delta_with(&mut self, field: &str) -> Value {
        loop {
            let (kind, data) = self.next().await.expect("the feed goes on");
            if kind == "delta" && !data[field].as_array().unwrap().is_empty() {
                return data;
            }
        }
    }

    /// The next delta that has something about the fleet.
    pub(crate) async fn delta_of_fleet(&mut self) -> Value {
        loop {
            let (_, data) = self.next().await.expect("the feed goes on");
            if data.get("fleet").is_some() {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn a_page_gets_a_snapshot_and_then_deltas_as_the_schema_says() {
    let registry = registry();
    let service = Service::start(Panel::builder(&registry).interval(Duration::from_millis(100))).await;
    let (snapshot, delta) = (schema_of(&service, "snapshot").await, schema_of(&service, "delta").await);
    let mut page = Page::open(&service).await;
    let (kind, data) = page.next().await.unwrap();
    assert_eq!(kind, "snapshot");
    check(&snapshot, &data);
    assert_eq!(data["circuits"][0]["key"]["identifier"], "payment_api");
    let id = data["circuits"][0]["id"].clone();

    registry.call("payment_api", || Ok::<_, ()>(())).unwrap();
    let called = page.delta_with("increments").await;
    check(&delta, &called);
    assert_eq!(called["increments"][0], serde_json::json!([id, 1]));

    registry.get("payment_api").unwrap().open_because("a test");
    let changed = page.delta_with("timeline").await;
    check(&delta, &changed);
    assert_eq!((&changed["circuits"][0]["id"], &changed["circuits"][0]["state"]), (&id, &"open".into()));
    assert_eq!(changed["timeline"][0]["cause"]["reason"], "a test");

    registry.unregister("payment_api").unwrap();
    let gone = page.delta_with("removed").await;
    check(&delta, &gone);
    assert_eq!(gone["removed"][0], id);

    registry.register("payment_api", Policy::new()).unwrap();
    let another = page.delta_with("circuits").await;
    check(&delta, &another);
    assert_ne!(another["circuits"][0]["id"], id, "the same key, but another circuit");
}

#[tokio::test]
async fn a_state_change_is_sent_at_once_and_not_with_the_next_sample() {
    let registry = registry();
    // The next sample comes long after this test should be over.
    let service = Service::start(Panel::builder(&registry).interval(Duration::from_secs(60))).await;
    let mut page = Page::open(&service).await;
    assert_eq!(page.next().await.unwrap().0, "snapshot");
    for _ in 0..3 {
        registry.record_failure("payment_api", "timed out").unwrap();
    }
    let delta = page.delta_with("circuits").await;
    assert_eq!(delta["circuits"][0]["state"], "open");
    assert_eq!(delta["circuits"][0]["onset"][1][0], "consecutive_failures");
    registry.get_or_register("new", Policy::new()).unwrap();
    assert_eq!(page.delta_with("circuits").await["circuits"][0]["key"]["identifier"], "new");
}

#[tokio::test]
async fn deltas_come_even_if_nothing_happens() {
    let service = Service::start(Panel::builder(&Registry::new()).interval(Duration::from_millis(100))).await;
    let mut page = Page::open(&service).await;
    for kind in ["snapshot", "delta", "delta"] {
        assert_eq!(page.next().await.unwrap().0, kind);
    }
}

#[tokio::test]
async fn the_number_of_open_pages_is_limited_and_one_that_is_closed_makes_room() {
    let service = Service::start(Panel::builder(&registry()).max_viewers(2).interval(Duration::from_millis(100))).await;
    let mut pages = Vec::new();
    for _ in 0..2 {
        let mut page = Page::open(&service).await;
        page.keep_alive(&service).await;
        pages.push(page);
    }
    let third = service.get("api/v1/feed").await;
    assert_eq!((third.status().as_u16(), third.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    assert!(document(third).await["error"].as_str().unwrap().contains("limit of 2 open pages"));
    drop(pages.pop());
    until("there is room", async || (service.get("api/v1/feed").await.status() == 200).then_some(())).await;
}

#[tokio::test]
async fn a_page_that_does_not_show_that_it_reads_makes_room_for_another() {
    let service = Service::start(Panel::builder(&registry()).max_viewers(2)).await;
    let mut alive = Page::open(&service).await;
    alive.keep_alive(&service).await;
    let mut silent = Page::open(&service).await;
    for _ in 0..5 {
        let mut another = Page::open(&service).await;
        assert_eq!(another.next().await.unwrap().0, "snapshot");
        soon("the silent one ends", async { while silent.next().await.is_some() {} }).await;
        silent = another;
    }
    assert_eq!(alive.next().await.unwrap().0, "delta", "it stays open");
    let gone = service.post(&format!("api/v1/keepalive?viewer={}", "0".repeat(32)), "").send().await.unwrap();
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn another_site_cannot_displace_a_page() {
    let service = Service::start(Panel::builder(&registry()).max_viewers(1)).await;
    for site in ["cross-site", "same-site"] {
        let asked = CLIENT.get(service.url("api/v1/feed")).header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(asked.status(), 403, "{site}");
    }
    let own = CLIENT.get(service.url("api/v1/feed")).header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(own.status(), 200);
}

#[tokio::test]
async fn thousands_of_circuits_that_come_and_go_are_tracked() {
    let registry = Registry::new();
    let service = Service::start(Panel::builder(&registry).interval(Duration::from_secs(60))).await;
    service.document("api/v1/circuits").await;
    for user in 0..3_000 {
        registry.register(format!("user:{user}"), Policy::new()).unwrap();
        if user >= 1_000 {
            registry.unregister(format!("user:{}", user - 1_000)).unwrap();
        }
    }
    until("the last thousand are there, and no others", async || {
        let circuits = service.document("api/v1/circuits").await["circuits"].as_array().unwrap().clone();
        let first = circuits.first()?["key"]["identifier"].as_str()?.to_owned();
        (circuits.len() == 1_000 && first == "user:2000").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_never_reads_slows_neither_calls_nor_other_pages() {
    let registry = Registry::new();
    for shop in 0..200 {
        registry.register(format!("shop:{shop}"), Policy::consecutive_failures(1)).unwrap();
    }
    let service = Service::start(Panel::builder(&registry).interval(Duration::from_millis(100))).await;
    let mut dead = TcpStream::connect(service.root.strip_prefix("http://").unwrap()).unwrap();
    dead.write_all(b"GET /ops/circuits/api/v1/feed HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 12];
    dead.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut page = Page::open(&service).await;
    assert_eq!(page.next().await.unwrap().0, "snapshot");
    // Megabytes of changes, which the dead browser's connection cannot hold; from here no call may
    // wait, or this would never end.
    let mut heard = 0;
    for round in 0..40 {
        for shop in 0..200 {
            let name = format!("shop:{shop}");
            registry.record_failure(&name, "x".repeat(256)).unwrap();
            registry.reset(&name).unwrap();
        }
        heard += usize::from(round % 10 == 0 && !page.delta_with("timeline").await.is_null());
    }
    assert_eq!(heard, 4, "the page that reads gets all deltas");
    let rejected: u64 = registry.list().iter().map(|status| status.totals.failures).sum();
    assert_eq!(rejected, 8_000);
}

#[tokio::test]
async fn closing_the_panel_ends_its_feeds_so_that_a_graceful_shutdown_ends() {
    let panel = Panel::new(&registry()).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let closing = panel.clone();
    let shutdown = async move {
        let _ = stopped.await;
        closing.close();
    };
    let service = Router::new().nest_service("/circuits", panel.router());
    let serving = tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(shutdown).await });
    let response = CLIENT.get(format!("{root}/circuits/api/v1/feed")).send().await.unwrap();
    let mut page = Page { response, text: String::new() };
    assert_eq!(page.next().await.unwrap().0, "snapshot");
    stop.send(()).unwrap();
    soon("the feed ends", async { while page.next().await.is_some() {} }).await;
    soon("the service ends", serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_closed_panel_says_so() {
    let service = Service::start(Panel::builder(&registry())).await;
    service.panel.close();
    for path in ["api/v1/circuits", "api/v1/feed"] {
        until("refused", async || (service.get(path).await.status() == 503).then_some(())).await;
    }
}
