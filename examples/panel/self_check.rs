//! Reads the panel as a script would, and sends one command.

use std::error::Error;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{Key, Registry, State};
use reqwest::blocking::Client;

/// Longer than the first fault takes to come, on a busy machine too.
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) fn run(address: SocketAddr, registry: &Registry, token: &str) -> Result<(), Box<dyn Error>> {
    // No proxy, because the server is on loopback.
    let client = Client::builder().no_proxy().build()?;
    let get = |path: &str| client.get(format!("http://{address}/circuits{path}")).send()?.error_for_status()?.text();

    assert!(get("")?.contains("<main"), "the page is there");
    let give_up = Instant::now() + TIMEOUT;
    while !get("/api/v1/timeline")?.contains("consecutive_failures") {
        assert!(Instant::now() < give_up, "a circuit opens");
        thread::sleep(Duration::from_millis(100));
    }
    println!("a circuit has opened, and the timeline says why");

    let mail = Key::new("mail").with_scope("notifications").with_kind("smtp");
    let post = |path: &str| client.post(format!("http://{address}/circuits/api/v1/{path}")).bearer_auth(token);
    let nonce: serde_json::Value = serde_json::from_str(&post("nonces").send()?.error_for_status()?.text()?)?;
    let command = serde_json::json!({
        "key": { "identifier": mail.identifier(), "scope": mail.scope(), "kind": mail.kind() },
        "action": "force_open",
        "reason": "to see what happens",
    });
    let nonce = nonce["nonce"].as_str().ok_or("a nonce")?;
    let request = post("commands")
        .header("content-type", "application/json")
        .header("breaker-nonce", nonce)
        .body(command.to_string());
    request.send()?.error_for_status()?;
    assert_eq!(registry.state(&mail), State::ForcedOpen, "the command was carried out");
    let give_up = Instant::now() + TIMEOUT;
    while !get("/api/v1/timeline")?.contains("you: to see what happens") {
        assert!(Instant::now() < give_up, "the command is in the timeline");
        thread::sleep(Duration::from_millis(100));
    }
    println!("a command was sent and carried out, and the timeline says by whom and why");
    Ok(())
}
