//! What axe-core finds: roles, labels, contrast, in every view and both themes.

use std::path::PathBuf;

use serde_json::Value;

use crate::browser::{Browser, Look};
use crate::peer::Fleet;
use crate::service::Service;

/// The script, which `./test` fetches. Without it these tests fail, unless `BREAKER_WITHOUT_AXE`
/// says that it could not be fetched: an unreachable registry is not a fault of the page.
fn axe() -> Option<String> {
    let script = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("axe/axe.min.js");
    match std::fs::read_to_string(&script) {
        Ok(text) => Some(text),
        Err(_) if std::env::var_os("BREAKER_WITHOUT_AXE").is_some() => {
            println!("skipped: there is no axe-core");
            None
        }
        Err(error) => panic!(
            "{}: {error}; `breaker-box-panel/tests/browser/install` fetches it, and BREAKER_WITHOUT_AXE=1 leaves these tests out",
            script.display()
        ),
    }
}

async fn check(browser: &Browser, view: &str) {
    let found = violations(browser).await;
    assert_eq!(found, Value::Array(Vec::new()), "{view}: {found:#}");
}

async fn violations(browser: &Browser) -> Value {
    browser
        .run("window.found = null; axe.run(document, { resultTypes: ['violations'] }).then((result) => (window.found = result.violations.map((rule) => ({ rule: rule.id, help: rule.help, where: rule.nodes.map((node) => node.html + ' ' + node.failureSummary).slice(0, 3) }))))")
        .await;
    browser.until("axe is done", "return window.found").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_accessible_in_both_themes() {
    let Some(axe) = axe() else { return };
    let service = Service::start(30);
    service.add("forced");
    service.fail("forced", "timed out");
    service.add("half-open");
    for (name, action) in [("forced", "force_open"), ("disabled", "disable"), ("metrics", "metrics_only")] {
        let circuit = service.registry.get_or_register(name, breaker_core::Policy::new()).unwrap();
        match action {
            "force_open" => circuit.force_open_because("a reason"),
            "disable" => circuit.disable_because("a reason"),
            _ => circuit.metrics_only_because("a reason"),
        }
    }
    let ramp = breaker_core::Policy::new().expiry(std::time::Duration::from_nanos(1)).close_on_expiry();
    let ramp = ramp.ramp_up(std::time::Duration::from_secs(3_600));
    service.registry.register("ramping", ramp).unwrap().open();
    for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE, Look::PHONE.dark()] {
        let browser = Browser::open(look, &service.url()).await;
        browser.run(&axe).await;
        browser.until_text("#rows", "forced open").await;
        check(&browser, "the list").await;
        browser.run("location.hash = '#/timeline'").await;
        browser.until_text("#side-body", "by hand").await;
        check(&browser, "the timeline").await;
        browser.run("location.hash = '#/circuit?identifier=forced'").await;
        browser.until_text(".chart-box", "now").await;
        check(&browser, "a circuit").await;
        browser.click("[data-action=open_for]").await;
        check(&browser, "a command").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_fleet_is_accessible_in_both_themes_connected_or_not() {
    let Some(axe) = axe() else { return };
    let service = Service::start(3);
    service.add("mine");
    let fleet = Fleet::join(&service.registry);
    fleet.open("mine", "web-2-bbbb", "failure_rate", None);
    for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE, Look::PHONE.dark()] {
        fleet.set(|status| status.connected = true);
        let browser = Browser::open(look, &service.url()).await;
        browser.run(&axe).await;
        browser.until_text("#fleet", "Fleet connected").await;
        check(&browser, "connected").await;
        fleet.lose("connection refused");
        browser.until_text("#fleet", "Fleet not connected").await;
        check(&browser, "not connected").await;
        browser.run("location.hash = '#/circuit?identifier=mine'").await;
        browser.until_text("#reach", "once the fleet is connected again").await;
        browser.click("[data-action=open_for]").await;
        check(&browser, "a command").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_and_a_stale_one_are_accessible_too() {
    let Some(axe) = axe() else { return };
    let service = Service::start(0);
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.run(&axe).await;
    browser.until_text("#summary", "No circuits yet").await;
    check(&browser, "an empty page").await;
    drop(service);
    browser.until_text("#banner", "Stale").await;
    check(&browser, "a stale page").await;
    // It does find violations.
    browser.run("document.body.append(document.createElement('button'))").await;
    assert_eq!(violations(&browser).await[0]["rule"], "button-name");
}
