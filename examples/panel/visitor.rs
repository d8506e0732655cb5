//! Somebody who looks at the panel as a script would, and gives one order.

use std::error::Error;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{Key, Registry, State};
use reqwest::blocking::Client;

use crate::TOKEN;

/// Longer than the first fault takes to come, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn check(address: SocketAddr, registry: &Registry) -> Result<(), Box<dyn Error>> {
    // No proxy, for there is none between a program and itself.
    let client = Client::builder().no_proxy().build()?;
    let get = |path: &str| client.get(format!("http://{address}/circuits{path}")).send()?.error_for_status()?.text();

    assert!(get("")?.contains("<main"), "the page is there");
    let give_up = Instant::now() + PATIENCE;
    while !get("/api/v1/timeline")?.contains("consecutive_failures") {
        assert!(Instant::now() < give_up, "a circuit opens");
        thread::sleep(Duration::from_millis(100));
    }
    println!("a circuit has opened, and the timeline says why");

    let mail = Key::new("mail").with_scope("notifications").with_kind("smtp");
    let post = |path: &str| client.post(format!("http://{address}/circuits/api/v1/{path}")).bearer_auth(TOKEN);
    let ticket: serde_json::Value = serde_json::from_str(&post("tickets").send()?.error_for_status()?.text()?)?;
    let order = serde_json::json!({
        "key": { "identifier": mail.identifier(), "scope": mail.scope(), "kind": mail.kind() },
        "action": "force_open",
        "reason": "looking what happens",
    });
    let ticket = ticket["ticket"].as_str().ok_or("a ticket")?;
    let order = post("orders")
        .header("content-type", "application/json")
        .header("breaker-ticket", ticket)
        .body(order.to_string());
    order.send()?.error_for_status()?;
    assert_eq!(registry.state(&mail), State::ForcedOpen, "the order was carried out");
    let give_up = Instant::now() + PATIENCE;
    while !get("/api/v1/timeline")?.contains("you: looking what happens") {
        assert!(Instant::now() < give_up, "the order is in the timeline");
        thread::sleep(Duration::from_millis(100));
    }
    println!("an order was given, carried out, and is in the timeline with who and why");
    Ok(())
}
