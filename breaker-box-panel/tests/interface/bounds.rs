//! Memory is bounded.

use std::time::Duration;

use breaker_box_panel::Panel;
use breaker_core::{Policy, Registry};

use crate::support::{Service, registry, until};

#[tokio::test]
async fn the_timeline_keeps_a_thousand_entries_and_each_circuit_its_last_sixteen() {
    let registry = registry();
    registry.register("quiet", Policy::new()).unwrap();
    let service = Service::start(Panel::builder(&registry)).await;
    until("the panel knows both", async || {
        (service.document("api/v1/circuits").await["circuits"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    registry.get("quiet").unwrap().open_because("long ago");
    for _ in 0..750 {
        registry.open("payment_api").unwrap();
        registry.close("payment_api").unwrap();
    }
    let timeline = until("the timeline has all entries", async || {
        let timeline = service.document("api/v1/timeline").await;
        (timeline["timeline"][0]["number"] == 1_501).then_some(timeline)
    })
    .await;
    assert_eq!(timeline["timeline"].as_array().unwrap().len(), 1_000);
    assert_eq!(timeline["missed"], 0);
    let noisy = service.document("api/v1/circuit?identifier=payment_api").await;
    assert_eq!(noisy["timeline"].as_array().unwrap().len(), 16);
    let quiet = service.document("api/v1/circuit?identifier=quiet").await;
    assert_eq!(quiet["timeline"][0]["cause"]["reason"], "long ago", "a noisy circuit does not displace its entries");
}

#[tokio::test]
async fn beyond_the_limit_the_most_severe_circuits_are_shown() {
    let registry = Registry::new();
    for shop in 0..50 {
        registry.register(format!("shop:{shop:02}"), Policy::new()).unwrap();
    }
    registry.open("shop:48").unwrap();
    let service = Service::start(Panel::builder(&registry).max_circuits(3).interval(Duration::from_millis(100))).await;
    let names = async || {
        let circuits = service.document("api/v1/circuits").await;
        assert_eq!(circuits["total"], 50);
        let names = circuits["circuits"].as_array().unwrap().iter();
        names.map(|circuit| circuit["key"]["identifier"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["shop:00", "shop:01", "shop:48"]);
    registry.open("shop:49").unwrap();
    until("the newly opened one is shown", async || (names().await == ["shop:00", "shop:48", "shop:49"]).then_some(()))
        .await;
}
