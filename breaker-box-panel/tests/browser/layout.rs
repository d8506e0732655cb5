//! The layout on phones, and pictures to look at.

use std::path::Path;

use breaker_core::Key;

use crate::browser::{Browser, Look};
use crate::peer::Fleet;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_has_no_horizontal_scroll() {
    let service = Service::start(12);
    let long = "a_name_without_any_place_to_break_it_".repeat(8);
    let key = Key::new(long.as_str()).with_scope("s".repeat(120)).with_kind("k".repeat(120));
    let hour = std::time::Duration::from_secs(3_600);
    let circuit = service.registry.register(key, breaker_core::Policy::new().expiry(hour)).unwrap();
    circuit.set_metadata("m".repeat(90), "v".repeat(200)).unwrap();
    circuit.record_failure("r".repeat(250));
    circuit.open_because("w".repeat(250));
    let fleet = Fleet::join(&service.registry);
    fleet.lose(&"no_place_to_break_either_".repeat(4));
    let browser = Browser::open(Look::PHONE, &service.url()).await;
    // The load opens other circuits, so it may be anywhere in the list.
    let address = browser.until("the long one is listed", "const names = [...document.querySelectorAll('.rows .name')]; return names.find((name) => name.textContent.startsWith('a_name'))?.getAttribute('href')").await;
    for width in [390, 320] {
        browser.look(Look { width, ..Look::PHONE }).await;
        for view in ["#/", "#/timeline", address.as_str().unwrap()] {
            browser.run(&format!("location.hash = {}", serde_json::Value::from(view))).await;
            browser.until_text("main", "a_name").await;
            if view == address {
                browser.until_text(".chart-box", "now").await;
                browser.click("[data-action=open_for]").await;
            }
            let widths = browser
                .run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth, innerWidth]")
                .await;
            assert_eq!(widths, serde_json::json!([width, width, width]), "{view}");
            browser.run("document.querySelector('dialog').close()").await;
        }
    }
}

/// Pictures to look at.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "PANEL_SCREENSHOTS=folder cargo test -p breaker-box-panel --test browser pictures -- --ignored"]
async fn pictures() {
    let folder = std::env::var_os("PANEL_SCREENSHOTS").expect("a folder for the pictures");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    for circuits in [0, 3, 5_000] {
        let service = Service::start(circuits);
        service.add("ledger");
        if circuits == 0 {
            service.registry.unregister("ledger").unwrap();
        } else {
            service.fail("ledger", "connection refused");
        }
        for (size, look) in [("desktop", Look::DESKTOP), ("phone", Look::PHONE)] {
            for (theme, look) in [("light", look), ("dark", look.dark())] {
                let browser = Browser::open(look, &service.url()).await;
                browser.until_text("#summary", if circuits == 0 { "No circuits yet" } else { "open" }).await;
                browser.picture(folder, &format!("{circuits}-{size}-{theme}")).await;
                if circuits == 3 {
                    browser.run("location.hash = '#/circuit?identifier=ledger'").await;
                    browser.until_text(".chart-box", "now").await;
                    browser.picture(folder, &format!("circuit-{size}-{theme}")).await;
                }
            }
        }
    }
}
