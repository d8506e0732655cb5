//! What a scrape of many circuits costs: printed, not judged.

use std::time::Instant;

use breaker_box::{Key, Metrics, Policy, Registry};

use crate::exporter::Exporter;
use crate::support::succeed_times;

#[test]
#[ignore = "prints figures: cargo test --release --features metrics --test metrics -- --ignored --nocapture ten_thousand"]
fn ten_thousand_circuits() {
    const CIRCUITS: usize = 10_000;
    let registry = Registry::new();
    for shop in 0..CIRCUITS {
        let key = Key::new(format!("shop:{shop}")).with_scope("shops").with_kind("http");
        succeed_times(&registry.register(key, Policy::new()).expect("a free name"), 3);
    }
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    for round in 1..=3 {
        let start = Instant::now();
        let text = metrics.render();
        println!("scrape {round}: render {:?} for {} bytes", start.elapsed(), text.len());
        let start = Instant::now();
        exporter.record(|| metrics.publish());
        println!("          publish {:?}", start.elapsed());
        let start = Instant::now();
        let page = exporter.render();
        println!("          the exporter renders for {:?}", start.elapsed());
        let series = |text: &str| text.lines().filter(|line| line.starts_with("breaker_box_")).count();
        assert_eq!((series(&text), series(&page)), (CIRCUITS * 16, CIRCUITS * 16));
    }
}
