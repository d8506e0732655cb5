//! Names, reasons and metadata are shown as text, whatever they contain.

use crate::browser::{Browser, Look};
use crate::service::{HOSTILE, Service};

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_named_like_markup_stays_text() {
    let service = Service::start(1);
    service.add(HOSTILE);
    let circuit = service.registry.get(HOSTILE).unwrap();
    circuit.set_metadata(HOSTILE, format!("\"'></script><script>window.hacked=2</script>{HOSTILE}")).unwrap();
    service.fail(HOSTILE, &format!("{HOSTILE} {{{{nonce}}}}"));
    circuit.force_open_because(format!("{HOSTILE} javascript:alert(1)"));
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#rows", HOSTILE).await;
    browser.until_text("#lede", HOSTILE).await;
    browser.until_text("#side-body", HOSTILE).await;
    browser
        .run(&format!(
            "[...document.querySelectorAll('.rows .name')].find((name) => name.textContent === {}).click()",
            serde_json::Value::from(HOSTILE)
        ))
        .await;
    for part in ["#circuit-title", ".story-card", "#view-circuit .timeline", ".cards"] {
        browser.until_text(part, HOSTILE).await;
    }
    browser.until_text("#view-circuit", "</script><script>window.hacked=2</script>").await;
    browser.click("[data-action=open]").await;
    browser.until_text("dialog h2", HOSTILE).await;
    assert_eq!(browser.run("return document.querySelectorAll('img, iframe, object').length").await, 0);
    assert_eq!(browser.run("return document.querySelectorAll('script').length").await, 1);
    assert_eq!(browser.run("return window.hacked ?? null").await, serde_json::Value::Null);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn characters_that_reverse_or_hide_text_are_escaped() {
    let service = Service::start(0);
    service.add("pay\u{202e}ipa\u{0}\u{200b}");
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#rows", "pay\\u{202e}ipa\\u{0}\\u{200b}").await;
    browser.click(".rows .name").await;
    browser.until_text("#circuit-title", "pay\\u{202e}ipa").await;
    browser.until_text("#sentence", "Closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_requests_nothing_from_other_hosts_and_obeys_its_policy() {
    let service = Service::start(12);
    service.add("mine");
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    for (hash, view) in [("#/timeline", "timeline"), ("#/circuit?identifier=mine", "circuit"), ("#/", "circuits")] {
        browser.run(&format!("location.hash = '{hash}'")).await;
        browser.until_is("return document.body.dataset.view", view).await;
    }
    browser.until_text("#rows", "mine").await;
    // A request is listed once it has been answered.
    let asked = browser.until("the circuit was asked for", "const asked = performance.getEntriesByType('resource').map((entry) => entry.name); return asked.some((url) => url.includes('/api/v1/circuit?')) && asked").await;
    browser.until("it shows that it reads", "return performance.getEntriesByType('resource').some((entry) => entry.name.includes('/api/v1/keepalive?viewer='))").await;
    let asked: Vec<_> = asked.as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect();
    assert!(
        asked.iter().all(|url| url.starts_with(&format!("{}/", service.url())) || url.starts_with("data:")),
        "{asked:?}"
    );
    // The content security policy is in force: text cannot become markup.
    let refused = browser
        .run("try { document.body.innerHTML = '<p>x'; return 'allowed'; } catch (error) { return error.name; }")
        .await;
    assert_eq!(refused, "TypeError");
}
