//! A fleet on the page: at a glance, circuit by circuit, and in commands.

use breaker_core::State;

use crate::browser::{Browser, Look};
use crate::peer::{Fleet, OWN};
use crate::service::{Service, TOKEN};

/// A service without load that has joined a fleet; `local` is not shared.
fn joined() -> (Service, Fleet) {
    let service = Service::start(0);
    service.add("mine");
    service.add("local");
    let fleet = Fleet::join(&service.registry);
    (service, fleet)
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_fleet_is_connected_is_seen_at_a_glance() {
    let (service, fleet) = joined();
    fleet.set(|status| (status.instances, status.shared_circuits) = (12, 5));
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#fleet", "Fleet connected").await;
    for text in ["12 instances", "holds the state of 5 circuits", OWN] {
        browser.until_text("#fleet-facts", text).await;
    }
    let colour = "return getComputedStyle(document.getElementById('fleet')).backgroundColor";
    let calm = browser.run(colour).await;
    fleet.lose("connection refused <b>");
    fleet.set(|status| status.pending = 3);
    browser.until_text("#fleet", "Fleet not connected: this instance decides alone").await;
    for text in ["connection refused <b>", "3 changes to be published", "for "] {
        browser.until_text("#fleet-facts", text).await;
    }
    assert_ne!(browser.run(colour).await, calm);
    // On every view.
    browser.run("location.hash = '#/circuit?identifier=mine'").await;
    browser.until_text("#reach", "on the others once the fleet is connected again").await;
    browser.until_text(".story-card", "yes, but the fleet is not connected").await;
    browser.until("it is still there", "return !document.getElementById('fleet').hidden").await;
    fleet.set(|status| status.connected = true);
    browser.until_text("#fleet", "Fleet connected").await;
    // A store that is full or read-only refuses changes.
    browser.until_text("#fleet-facts", "3 changes to be published (last error: connection refused <b>)").await;
    drop(fleet);
    browser.until("the service has left", "return document.getElementById('fleet').hidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_says_whether_it_is_shared_and_where_its_state_came_from() {
    let (service, fleet) = joined();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    let place = |name: &str| {
        format!(
            "const row = [...document.querySelectorAll('.rows .row')].find((row) => row.querySelector('.name').textContent === '{name}'); return row?.querySelector('.place').textContent"
        )
    };
    browser.until_is(&place("mine"), "shared").await;
    browser.until_is(&place("local"), "not shared").await;
    fleet.open("mine", "web-2<b>", "failure_rate", None);
    browser.until_text(".rows .row[data-state=open]", "from another instance (web-2<b>: failure rate)").await;
    browser.until_text("#side-body", "from another instance (web-2<b>: failure rate)").await;
    browser.run("location.hash = '#/circuit?identifier=mine'").await;
    browser.until_text(".story-card", "from another instance (web-2<b>: failure rate)").await;
    browser.until_text(".story-card", "with 2 other instances").await;
    browser.until_text("#view-circuit .timeline", "from another instance").await;
    browser.run("location.hash = '#/circuit?identifier=local'").await;
    browser.until_text(".story-card", "no: this instance decides alone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_says_whom_it_reaches_and_can_be_for_this_instance_only() {
    let (service, fleet) = joined();
    let browser = Browser::open(Look::DESKTOP, &format!("{}#/circuit?identifier=mine", service.url())).await;
    browser.until_text("#reach", "Acts on all 3 instances of the fleet").await;
    browser.click("[data-action=force_open]").await;
    browser.until_text("#command-reach", "Acts on all 3 instances of the fleet").await;
    browser.type_into("#command-reason", "only this disk is full").await;
    browser.type_into("#command-token", TOKEN).await;
    browser.click("#command-only-here").await;
    browser.click("#command-confirm").await;
    browser.until_text("#command-note", "Done: force open mine, only on this instance").await;
    browser.until_text("#view-circuit .timeline", "(force open, only here)").await;
    assert_eq!(fleet.heard(), [(State::ForcedOpen, true)]);

    // The choice is not kept: the next command acts everywhere.
    browser.click("[data-action=reset]").await;
    browser.type_into("#command-reason", "it is not any more").await;
    browser.click("#command-confirm").await;
    browser.until_text("#command-note", "Done: reset mine.").await;
    assert_eq!(fleet.heard().last(), Some(&(State::Closed, false)));

    browser.run("location.hash = '#/circuit?identifier=local'").await;
    browser.until_text("#reach", "Acts on this instance only: this circuit is not shared").await;
    browser.click("[data-action=reset]").await;
    browser
        .until("there is no choice", "return document.getElementById('command-only-here').closest('label').hidden")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_fleet_looks_as_before() {
    let service = Service::start(0);
    service.add("mine");
    let browser = Browser::open(Look::DESKTOP, &format!("{}#/circuit?identifier=mine", service.url())).await;
    browser.until_text("#sentence", "Closed").await;
    let hidden = "return ['fleet', 'reach'].map((id) => document.getElementById(id).hidden)";
    assert_eq!(browser.run(hidden).await, serde_json::json!([true, true]));
    browser.click("[data-action=reset]").await;
    let hidden =
        "return ['command-reach', 'command-only-here'].map((id) => document.getElementById(id).checkVisibility())";
    assert_eq!(browser.run(hidden).await, serde_json::json!([false, false]));
    assert!(!browser.run("return document.body.innerText").await.as_str().unwrap().to_lowercase().contains("shared"));
}
