//! Circuits as metrics, as they come out of a real exporter behind a real HTTP server.

#[path = "../support/mod.rs"]
mod support;

mod cost;
mod counters;
mod dashboards;
mod durations;
mod exporter;
mod exposition;
mod fleet;
mod groups;
mod labels;
mod leaving;
mod promtool;
mod ratios;
mod recorders;
mod rooms;
mod scrape;
mod selection;
mod truth;
