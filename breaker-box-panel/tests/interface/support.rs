//! A real service with a panel, and a client for it.

use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use breaker_box_panel::{Controls, Operator, Panel, PanelBuilder, Token};
use breaker_core::{Policy, Registry};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

pub(crate) const ALICE: &str = "alice-secret-0123456789";
pub(crate) const BOB: &str = "bob-secret-0123456789";

/// Reached only if something hangs, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap());

/// A service that listens. Its panel is nested under `/ops/circuits`.
pub(crate) struct Service {
    pub(crate) panel: Panel,
    pub(crate) root: String,
}

impl Service {
    pub(crate) async fn start(builder: PanelBuilder) -> Self {
        let panel = builder.build().unwrap();
        let root = listen(Router::new().nest_service("/ops/circuits", panel.router())).await;
        Self { panel, root }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/ops/circuits/{path}", self.root)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        CLIENT.get(self.url(path)).send().await.unwrap()
    }

    /// The document at that path, which must exist.
    pub(crate) async fn document(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
        document(response).await
    }

    pub(crate) fn post(&self, path: &str, token: &str) -> RequestBuilder {
        let request = CLIENT.request(Method::POST, self.url(path)).bearer_auth(token);
        request.header("content-type", "application/json")
    }

    pub(crate) async fn nonce(&self, token: &str) -> String {
        let response = self.post("api/v1/nonces", token).send().await.unwrap();
        assert_eq!(response.status(), 201);
        document(response).await["nonce"].as_str().unwrap().to_owned()
    }

    /// Sends a valid command.
    pub(crate) async fn command(&self, token: &str, command: &Value) -> Response {
        let nonce = self.nonce(token).await;
        self.post("api/v1/commands", token)
            .header("breaker-nonce", nonce)
            .body(command.to_string())
            .send()
            .await
            .unwrap()
    }
}

pub(crate) async fn listen(service: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, service).await });
    root
}

pub(crate) async fn document(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// A registry with a circuit `payment_api` that opens at three failures in a row.
pub(crate) fn registry() -> Registry {
    let registry = Registry::new();
    registry.register("payment_api", Policy::consecutive_failures(3)).unwrap();
    registry
}

/// Two operators with tokens.
pub(crate) fn controls() -> Controls {
    let of = |name, secret| (Operator::new(name), Token::new(secret).unwrap());
    Controls::tokens([of("alice", ALICE), of("bob", BOB)])
}

pub(crate) fn force_open(identifier: &str) -> Value {
    json!({ "key": { "identifier": identifier }, "action": "force_open", "reason": "the gateway is being replaced" })
}

/// Asks repeatedly until there is an answer.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, coming: impl Future<Output = T>) -> T {
    timeout(PATIENCE, coming).await.unwrap_or_else(|_| panic!("never: {what}"))
}
