//! The screen shows the current state, and says when it cannot.

use std::time::Duration;

use breaker_core::State;

use crate::browser::{Browser, Look};
use crate::service::Service;

/// Notes in `window.seen` when the badge of a row first shows this state.
fn watch(name: &str, state: &str) -> String {
    format!(
        "window.seen = null;
         const look = () => {{
           const row = [...document.querySelectorAll('.rows .row')].find((row) => row.querySelector('.name').textContent === '{name}');
           if (row?.querySelector('.badge').textContent === '{state}') window.seen = Date.now();
           else requestAnimationFrame(look);
         }};
         look();"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_change_is_on_screen_at_once_and_not_with_the_next_sample() {
    let service = Service::rarely_sampled(12);
    service.add("watched");
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#rows", "watched").await;
    let mut waits = Vec::new();
    for turn in 0..6 {
        let state = if turn % 2 == 0 { State::Open } else { State::Closed };
        browser.run(&watch("watched", &state.to_string())).await;
        let changed = std::time::SystemTime::now();
        if state == State::Open {
            service.fail("watched", "timed out");
        } else {
            service.registry.reset("watched").unwrap();
        }
        let seen = browser.until("the change is on screen", "return window.seen").await.as_u64().unwrap();
        let seen = std::time::UNIX_EPOCH + Duration::from_millis(seen + 1);
        waits.push(seen.duration_since(changed).unwrap_or_default());
    }
    waits.sort();
    println!("from the change to the screen: {waits:?}");
    // Within a second on an idle machine. The next sample would have come
    // after half a minute on average.
    assert!(waits[waits.len() / 2] < Service::RARELY / 4, "{waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_that_it_is_stale_and_recovers_when_the_service_restarts() {
    let service = Service::start(1);
    service.add("of_before");
    service.fail("of_before", "timed out");
    let address = service.address;
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#summary", "1 of 2 circuits is open").await;
    drop(service);
    browser.until_text("#banner", "Stale: this data is").await;
    browser.until_text("#live", "Stale").await;
    browser.until_text("#rows", "of_before").await;
    let title = browser.run("return document.title").await;
    assert_eq!(title, "(?) Shop");

    let service = Service::listen(1, address);
    service.add("of_after");
    browser.until("the page is live again", "return document.getElementById('live').dataset.state === 'live'").await;
    browser.until_text("#rows", "of_after").await;
    browser.until("nothing is stale", "return document.getElementById('banner').hidden").await;
    browser
        .until("what was before is gone", "return !document.getElementById('rows').innerText.includes('of_before')")
        .await;
    service.fail("of_after", "timed out");
    browser.until_text("#summary", "1 of 2 circuits is open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn circuits_appear_and_disappear_on_screen_and_changes_are_announced_to_screen_readers() {
    // Without load, so that nothing else is announced.
    let service = Service::start(0);
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    service.add("new");
    browser.until_text("#rows", "new").await;
    service.fail("new", "timed out");
    browser.until_text("#announcer", "new is open: consecutive failures").await;
    service.registry.unregister("new").unwrap();
    browser.until("it is gone", "return !document.getElementById('rows').innerText.includes('new')").await;
    browser.until_text("#side-body", "unregistered").await;
}
