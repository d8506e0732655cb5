//! The thread of a panel. Alone in its process, so that threads can be counted.

#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};

use axum::Router;
use breaker_box_panel::Panel;
use breaker_core::Registry;

fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "breaker-panel").count()
}

fn until(count: usize, when: &str) {
    let give_up = Instant::now() + Duration::from_secs(120);
    while threads() != count {
        assert!(Instant::now() < give_up, "{} threads {when}", threads());
        std::thread::yield_now();
    }
}

#[test]
fn the_thread_ends_with_the_last_router_or_when_the_panel_is_closed() {
    let registry = Registry::new();
    // The thread ends without waiting for the next sample, which is a minute away.
    let build = || Panel::builder(&registry).interval(Duration::from_secs(60)).build().unwrap();
    let panel = build();
    let router: Router = panel.router();
    until(1, "of one panel");
    drop(panel);
    until(1, "while its router exists");
    drop(router);
    until(0, "when both are dropped");
    let closed = build();
    until(1, "of another panel");
    closed.close();
    until(0, "when it was closed");
    drop(closed);
}
