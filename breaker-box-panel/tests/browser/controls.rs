//! Commands through the page.

use breaker_core::State;

use crate::browser::{Browser, Look};
use crate::service::{Service, TOKEN};

async fn send(browser: &Browser, action: &str, reason: &str, token: &str) {
    browser.click(&format!("[data-action={action}]")).await;
    browser.type_into("#command-reason", reason).await;
    browser.run("document.getElementById('command-token').value = ''").await;
    browser.type_into("#command-token", token).await;
    browser.click("#command-confirm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_works_and_is_in_the_timeline() {
    let service = Service::start(12);
    service.add("mine");
    let browser = Browser::open(Look::DESKTOP, &format!("{}#/circuit?identifier=mine", service.url())).await;
    browser.until_text("#sentence", "Closed").await;
    send(&browser, "force_open", "the warehouse moves", TOKEN).await;
    browser.until_text("#command-note", "Done: force open mine").await;
    assert_eq!(service.registry.state("mine"), State::ForcedOpen);
    browser.until_text("#sentence", "Forced open").await;
    browser.until_text("#view-circuit .timeline", "alice: the warehouse moves").await;

    // The page keeps the token while it is open, and asks for a reason each time.
    browser.click("[data-action=open_for]").await;
    browser.type_into("#command-reason", "half an hour will do").await;
    browser.run("document.getElementById('command-minutes').value = '30'").await;
    browser.click("#command-confirm").await;
    browser.until_text("#sentence", "next probe in").await;
    let wait = service.registry.status("mine").unwrap().retry_after.unwrap().as_secs();
    // Half an hour, not the default of ten minutes.
    assert!((601..=1_800).contains(&wait), "{wait}");

    browser.click("#back").await;
    browser.until_text("#side-body", "alice: half an hour will do").await;
    let stored =
        browser.run("return [localStorage.length, sessionStorage.length, location.href, document.cookie]").await;
    assert_eq!(stored[0], 0);
    assert_eq!(stored[1], 0);
    assert!(!stored.to_string().contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_token_does_nothing_and_says_so() {
    let service = Service::start(3);
    service.add("mine");
    let browser = Browser::open(Look::DESKTOP, &format!("{}#/circuit?identifier=mine", service.url())).await;
    send(&browser, "force_open", "no good reason", "not-the-token-0123").await;
    browser.until_text("dialog .error", "Nothing was done (401): invalid token").await;
    assert_eq!(service.registry.state("mine"), State::Closed);
    let timeline =
        browser.run("return document.querySelector('#view-circuit').innerText.includes('no good reason')").await;
    assert_eq!(timeline, false);
    // The right token, in the same dialog.
    browser.run("document.getElementById('command-token').value = ''").await;
    browser.type_into("#command-token", TOKEN).await;
    browser.click("#command-confirm").await;
    browser.until_text("#command-note", "Done").await;
    assert_eq!(service.registry.state("mine"), State::ForcedOpen);
}
