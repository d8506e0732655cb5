//! What Prometheus' own tool says of rules, queries and scrapes.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use breaker_box::Metrics;

use crate::dashboards::{path, queries};
use crate::exporter::Exporter;
use crate::labels::hostile_circuits;
use crate::scrape::circuits_of_all_kinds;

/// Runs it; fails with what it printed if it finds a fault.
fn promtool(arguments: &[&str], input: &str) {
    let mut process = Command::new("promtool")
        .args(arguments)
        .current_dir(path("dashboards"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, from Debian's package `prometheus`");
    process.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads all");
    let output = process.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "promtool {}:\n{said}", arguments.join(" "));
    // It succeeds on metrics that it finds bad style in.
    assert!(arguments[1] != "metrics" || said.is_empty(), "{said}");
}

#[test]
#[ignore = "needs promtool; ./dashboards/check brings it and runs this"]
fn the_alert_rules_are_valid_and_fire_when_they_should() {
    promtool(&["check", "rules", "alerts.yml"], "");
    promtool(&["test", "rules", "alerts_test.yml"], "");
}

#[test]
#[ignore = "needs promtool; ./dashboards/check brings it and runs this"]
fn every_query_of_the_dashboard_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("queries.yml");
    let mut text = String::from("groups:\n- name: queries\n  rules:\n");
    for (number, query) in queries().iter().enumerate() {
        let query = query.replace("$__rate_interval", "5m").replace("$__interval", "1m");
        writeln!(text, "  - record: query_{number}\n    expr: {}", serde_json::json!(query)).expect("it is a text");
    }
    fs::write(&rules, text).expect("it is ours");
    promtool(&["check", "rules", rules.to_str().expect("a plain path")], "");
}

#[test]
#[ignore = "needs promtool; ./dashboards/check brings it and runs this"]
fn prometheus_reads_both_scrapes_and_finds_no_fault_in_their_style() {
    for (registry, _clock) in [circuits_of_all_kinds(), hostile_circuits()] {
        let metrics = Metrics::new(&registry);
        promtool(&["check", "metrics"], &metrics.render());
        let exporter = Exporter::new();
        exporter.record(|| metrics.publish());
        promtool(&["check", "metrics"], &exporter.render());
    }
}
