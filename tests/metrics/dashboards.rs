//! The dashboard, the alert rules and the page about metrics name what a real scrape has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use breaker_box::{Metrics, Registry};
use serde_json::Value;

use crate::exporter::{Exporter, Service};
use crate::exposition::Scrape;
use crate::fleet::Paper;
use crate::scrape::circuits_of_all_kinds;

/// A file of this repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A real scrape in both ways, of circuits of all kinds, and of a registry with a limit and a fleet.
fn scrapes() -> [Scrape; 2] {
    let (registry, _clock) = circuits_of_all_kinds();
    let bounded = Registry::builder().max_circuits(1).build().expect("a limit above zero");
    let (_peer, _membership) = Paper::join(&bounded);
    let service = Service::start(Exporter::new(), Metrics::new(&registry).registry("bounded", &bounded));
    [service.get("/metrics"), service.get("/circuits")]
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    let starts = text.match_indices("breaker_box_").map(|(start, _)| &text[start..]);
    let end = |name: &str| name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    starts.map(|name| &name[..end(name)]).collect()
}

/// What a text asks of a label: `label="value"` and `label=~"one|another"`, quoted for JSON or not.
fn asked<'a>(text: &'a str, label: &str) -> BTreeSet<&'a str> {
    let mut values = BTreeSet::new();
    for (at, _) in text.match_indices(label) {
        let rest = text[at + label.len()..].trim_start_matches('=').trim_start_matches('~').trim_start_matches('\\');
        if let Some(value) = rest.strip_prefix('"').filter(|_| text[at + label.len()..].starts_with('=')) {
            let value = value.split(['"', '\\']).next().unwrap();
            values.extend(value.split('|').filter(|value| !value.starts_with('$')));
        }
    }
    values
}

#[test]
fn every_metric_that_dashboard_and_rules_name_is_in_a_real_scrape() {
    for scrape in scrapes() {
        let names: BTreeSet<_> = scrape.samples.keys().map(|series| series.name.as_str()).collect();
        for file in ["dashboards/grafana.json", "dashboards/alerts.yml", "dashboards/alerts_test.yml"] {
            let text = read(file);
            let asked_for = named(&text);
            assert!(asked_for.len() >= 6, "{file} names only {asked_for:?}");
            let unknown: Vec<_> = asked_for.difference(&names).collect();
            assert!(unknown.is_empty(), "{file} names {unknown:?}, which no scrape has");
        }
    }
}

#[test]
fn every_state_and_outcome_that_dashboard_and_rules_ask_for_is_in_a_real_scrape() {
    let [scrape, _] = scrapes();
    for label in ["state", "outcome"] {
        let known: BTreeSet<_> =
            scrape.samples.keys().filter_map(|series| series.labels.get(label).map(String::as_str)).collect();
        for file in ["dashboards/grafana.json", "dashboards/alerts.yml", "dashboards/alerts_test.yml"] {
            let text = read(file);
            let unknown: Vec<_> = asked(&text, label).difference(&known).copied().collect();
            assert!(unknown.is_empty(), "{file} asks for the {label} {unknown:?}");
        }
    }
    assert_eq!(asked(&read("dashboards/grafana.json"), "state").len(), 7);
    assert!(asked(&read("dashboards/alerts.yml"), "state").contains("forced_open"));
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let text = read("dashboards/grafana.json");
    let shown = named(&text);
    for family in scrapes()[0].types.keys() {
        let is_shown = shown.iter().any(|name| name.strip_prefix(family.as_str()).is_some());
        assert!(is_shown, "{family} is not on the dashboard");
    }
}

#[test]
fn the_page_about_metrics_lists_every_metric_with_its_type_and_no_other() {
    let page = read("docs/metrics.md");
    let [scrape, _] = scrapes();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `breaker_box_")?.split(" | ");
        let name = cells.next()?.split(['`', '{']).next()?;
        Some((format!("breaker_box_{name}"), cells.next()?.to_owned()))
    };
    let listed: BTreeMap<_, _> = page.lines().filter_map(row).collect();
    assert_eq!(listed, scrape.types);
    let names: BTreeSet<_> = scrape.samples.keys().map(|series| series.name.as_str()).collect();
    let families: BTreeSet<_> = scrape.types.keys().map(String::as_str).collect();
    let unknown: Vec<_> = named(&page).into_iter().filter(|n| !names.contains(n) && !families.contains(n)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Every query of the dashboard.
pub(crate) fn queries() -> Vec<String> {
    fn collect(value: &Value, queries: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                queries.extend(fields.get("expr").map(|query| query.as_str().expect("a text").to_owned()));
                fields.values().for_each(|value| collect(value, queries));
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, queries)),
            _ => {}
        }
    }
    let mut queries = Vec::new();
    collect(&dashboard(), &mut queries);
    queries
}

fn dashboard() -> Value {
    serde_json::from_str(&read("dashboards/grafana.json")).expect("it is JSON")
}

#[test]
fn the_dashboard_is_well_formed() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: an id of another panel");
        assert!(!panel["description"].as_str().unwrap().is_empty(), "{title}");
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{title}: too wide");
        for (x, y) in (0..place("w")).flat_map(|x| (0..place("h")).map(move |y| (x, y))) {
            assert!(taken.insert((place("x") + x, place("y") + y)), "{title}: over another panel");
        }
        let targets = panel["targets"].as_array().unwrap();
        let letters: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(letters.len(), targets.len(), "{title}");
        assert!(targets.iter().all(|target| target["datasource"]["uid"] == "${datasource}"), "{title}");
    }
    // Each variable that a query uses is there to be chosen.
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let chosen: BTreeSet<_> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    let queries = queries();
    assert!(queries.len() > panels.len());
    for query in &queries {
        for (_, used) in query.match_indices('$').map(|(at, _)| query.split_at(at + 1)) {
            let name = used.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
            assert!(chosen.contains(name) || name.starts_with("__"), "${name} in {query}");
        }
    }
}
