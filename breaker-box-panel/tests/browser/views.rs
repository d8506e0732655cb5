//! Finding a circuit, and the page of one circuit.

use std::time::Duration;

use breaker_core::{Key, Policy, Window};
use fantoccini::key::Key as Press;
use serde_json::json;

use crate::browser::{Browser, Look};
use crate::service::Service;

const NAMES: &str =
    "return [...document.querySelectorAll('.rows .row')].map((row) => row.querySelector('.name').textContent)";

async fn until_names(browser: &Browser, names: &[&str]) {
    let script = NAMES.replace("return ", "const names = ");
    let script =
        format!("{script}; return JSON.stringify(names) === {}", serde_json::Value::from(json!(names).to_string()));
    browser.until(&format!("{names:?}"), &script).await;
}

/// Longer than any test takes, so that open circuits stay open.
const HOUR: Duration = Duration::from_secs(3_600);

/// A few circuits without load, so that their order is stable.
fn still() -> Service {
    let service = Service::start(0);
    for key in [
        Key::new("alpha").with_scope("payments").with_kind("http"),
        Key::new("beta").with_scope("payments").with_kind("database"),
        Key::new("gamma").with_scope("catalogue").with_kind("http"),
        Key::new("delta"),
    ] {
        service.registry.register(key, Policy::new().expiry(HOUR)).unwrap();
    }
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_urgent_circuits_come_first() {
    let service = still();
    let circuit =
        |name: &str| service.registry.list().into_iter().find(|status| status.key.identifier() == name).unwrap().key;
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    until_names(&browser, &["delta", "beta", "gamma", "alpha"]).await;
    service.registry.record_failure(circuit("gamma"), "timed out").unwrap();
    until_names(&browser, &["gamma", "delta", "beta", "alpha"]).await;
    // Fails again: for a minute it is listed above those without failures.
    service.registry.record_failure(circuit("gamma"), "timed out").unwrap();
    service.registry.force_open(circuit("beta")).unwrap();
    service.registry.open(circuit("alpha")).unwrap();
    until_names(&browser, &["alpha", "beta", "gamma", "delta"]).await;
    browser.until_text(".rows .row[data-state=open]", "next probe in").await;
    browser.until_text("#summary", "2 of 4 circuits are open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_that_ramps_up_says_which_share_of_the_calls_it_admits() {
    let service = Service::start(0);
    let policy = Policy::new().expiry(Duration::from_nanos(1)).close_on_expiry().ramp_up(HOUR).ramp_up_from(0.25);
    service.registry.register("recovering", policy).unwrap().open();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#summary", "1 circuit is ramping up").await;
    browser.until_text(".rows .row[data-state=ramping-up]", "admits 25 % of calls, all in").await;
    browser.run("location.hash = '#/circuit?identifier=recovering'").await;
    browser.until_text("#sentence", "admits 25 % of calls, all in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_is_shown_as_probing_only_while_a_probe_is_in_flight() {
    let service = Service::start(0);
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_nanos(1)).half_open_timeout(HOUR);
    let circuit = service.registry.register("lonely", policy).unwrap();
    circuit.open();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#summary", "1 circuit is half-open").await;
    browser.until_text(".rows", "next call is a probe").await;
    let probe = circuit.try_acquire().unwrap();
    browser.until_text(".rows", "probing now").await;
    browser.run("location.hash = '#/circuit?identifier=lonely'").await;
    browser.until_text("#sentence", "probing now").await;
    // It returns without a verdict: no probe is in flight any more.
    drop(probe);
    browser.until_text("#sentence", "next call is a probe").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_shows_the_rate_the_totals_and_the_last_minutes() {
    let service = Service::start(0);
    let policy = Policy::failure_rate(0.9, Window::calls(4));
    service.registry.register("ledger", policy).unwrap();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    until_names(&browser, &["ledger"]).await;
    for _ in 0..3 {
        service.registry.record_failure("ledger", "timed out").unwrap();
    }
    service.registry.record_success("ledger").unwrap();
    let drawn = "const spark = document.querySelector('.rows .spark'); \
        return spark.getAttribute('aria-label') === 'Last 5 minutes: 4 calls, 3 failed, 0 rejected' \
            && spark.querySelector('.failed').getAttribute('d') !== '' && document.querySelector('.rows .row').innerText";
    let row = browser.until("the row shows four calls", drawn).await;
    let row = row.as_str().unwrap();
    for part in ["75 % failing", "4 calls", "3 failed"] {
        assert!(row.contains(part), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn circuits_are_filtered_and_the_filter_is_in_the_url() {
    let service = still();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.type_into("#filter-name", "LPH").await;
    until_names(&browser, &["alpha"]).await;
    browser.click("#filter-clear").await;
    browser.run("const select = document.getElementById('filter-scope'); select.value = 'payments'; select.dispatchEvent(new Event('change'))").await;
    until_names(&browser, &["beta", "alpha"]).await;
    browser.run("const select = document.getElementById('filter-kind'); select.value = 'http'; select.dispatchEvent(new Event('change'))").await;
    until_names(&browser, &["alpha"]).await;
    browser.click(".chip.open").await;
    browser.until_text("#empty", "No circuit passes the filter").await;
    let address = browser.run("return location.href").await;
    // A colleague who opens the link sees the same.
    service.registry.open(Key::new("alpha").with_scope("payments").with_kind("http")).unwrap();
    browser.client.goto("about:blank").await.unwrap();
    browser.go(address.as_str().unwrap()).await;
    until_names(&browser, &["alpha"]).await;
    browser.until_text("#count", "1 of 4 circuits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_be_used_with_the_keyboard_alone() {
    let service = still();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    until_names(&browser, &["delta", "beta", "gamma", "alpha"]).await;
    browser.keys("/").await;
    let (focused, focused_id) = ("return document.activeElement.textContent", "return document.activeElement.id");
    browser.until_is(focused_id, "filter-name").await;
    browser.keys("a").await;
    browser.keys(&String::from(char::from(Press::Down))).await;
    browser.until_is(focused, "delta").await;
    browser.keys("j").await;
    browser.keys(&String::from(char::from(Press::Down))).await;
    browser.until_is(focused, "gamma").await;
    browser.keys("k").await;
    browser.until_is(focused, "beta").await;
    browser.keys(&String::from(char::from(Press::Enter))).await;
    browser.until_text("#circuit-title", "beta").await;
    browser.until_is(focused_id, "circuit-title").await;
    browser.keys(&String::from(char::from(Press::Escape))).await;
    browser.until_is(focused, "beta").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_has_a_page_with_its_policy_its_window_and_a_chart_of_its_history() {
    let service = still();
    let window = Window::time(Duration::from_secs(60));
    let policy =
        Policy::failure_rate(0.5, window).minimum_calls(3).or_slow_call_rate(0.8, Duration::from_secs(2), window);
    let policy = policy.expiry(HOUR);
    let key = Key::new("detailed").with_scope("payments");
    let circuit = service.registry.register(&key, policy).unwrap();
    circuit.set_metadata("owner", "team pay").unwrap();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#rows", "detailed").await;
    circuit.record_success();
    for _ in 0..2 {
        circuit.record_failure("gateway unreachable");
    }
    browser
        .run("[...document.querySelectorAll('.rows .name')].find((name) => name.textContent === 'detailed').click()")
        .await;
    browser.until_text("#sentence", "Open for").await;
    for text in [
        "Opens at 50 % failures in the last 60s or 80 % calls slower than 2s in the last 60s (of at least 3)",
        "Stays open for 3600s",
        "Calls in the window\n3",
        "2 (67 %)",
        "gateway unreachable",
        "failure rate",
        "owner\nteam pay",
        "Succeeded\n1",
    ] {
        browser.until_text("#view-circuit", text).await;
    }
    browser
        .until("what failed is drawn, and described", "const chart = document.querySelector('.chart'); return chart.querySelector('.failed').getAttribute('d') !== '' && chart.getAttribute('aria-label').includes('1 succeeded, 2 failed')")
        .await;
    browser.until("the band is open", "return document.querySelectorAll('.chart .band.open').length > 0").await;
    browser.run("document.querySelectorAll('.toggle')[1].click()").await;
    browser.until_text(".axis", "1 h ago").await;
    browser.client.goto(&format!("{}#/circuit?identifier=nobody", service.url())).await.unwrap();
    browser.until_text("#view-circuit .banner", "There is no such circuit now").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_omits_probes_that_are_over_and_the_page_of_a_circuit_has_them_all() {
    let service = still();
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_nanos(1));
    let circuit = service.registry.register("flapping", policy).unwrap();
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    circuit.open();
    circuit.record_failure("still down");
    circuit.force_open();
    browser.until_text("#side-body", "half-open → open\nprobe failed").await;
    let side = browser.run("return document.getElementById('side-body').innerText").await;
    assert!(!side.as_str().unwrap().contains("open period over"), "{side}");
    browser.run("location.hash = '#/circuit?identifier=flapping'").await;
    browser.until_text("#view-circuit .timeline", "open → half-open\nopen period over").await;
}
