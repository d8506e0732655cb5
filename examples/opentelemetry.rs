//! Circuits in OpenTelemetry: through the `metrics` facade and a recorder that hands on to a meter.
//!
//! A real service gives the provider an OTLP exporter and calls `publish_every` once; this one
//! keeps what is exported in memory, to look at it.
//!
//! Run it with `cargo run --example opentelemetry --features opentelemetry`.

use std::error::Error;
use std::time::Duration;

use breaker_box::{Key, Metrics, Policy, Registry, Window};
use metrics_exporter_otel::OpenTelemetryRecorder;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};

fn main() -> Result<(), Box<dyn Error>> {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone()).build();

    // What OpenTelemetry needs: a recorder for the facade, and circuits that are published to it.
    let recorder = OpenTelemetryRecorder::new(provider.meter("shop"));
    recorder.set_histogram_bounds(&Metrics::DURATION.into(), Metrics::DURATION_BUCKETS.to_vec());
    metrics::set_global_recorder(recorder)?;
    let registry = Registry::new();
    let circuits = Metrics::new(&registry);

    let slow = Duration::from_secs(2);
    let policy = Policy::consecutive_failures(2).or_slow_call_rate(0.9, slow, Window::calls(10));
    let search = registry.register(Key::new("search").with_scope("shop"), policy)?;
    for works in [true, true, true, false, false, true] {
        let _ = search.call(|| if works { Ok(()) } else { Err("down") });
        // Each call is reported once, however often `publish` runs.
        circuits.publish();
    }
    provider.force_flush()?;

    let seen = read(&exporter)?;
    for (series, value) in &seen {
        println!("{series} = {value}");
    }
    let value = |series: &str| seen.iter().find(|(found, _)| found == series).map(|(_, value)| *value);
    assert_eq!(value("breaker_box_calls_total identifier=search outcome=success scope=shop"), Some(3.0));
    assert_eq!(value("breaker_box_calls_total identifier=search outcome=failure scope=shop"), Some(2.0));
    assert_eq!(value("breaker_box_rejected_calls_total identifier=search scope=shop"), Some(1.0));
    assert_eq!(value("breaker_box_openings_total identifier=search scope=shop"), Some(1.0));
    assert_eq!(value("breaker_box_state identifier=search scope=shop state=open"), Some(1.0));
    assert_eq!(value("breaker_box_call_duration_seconds identifier=search scope=shop"), Some(5.0));

    // OpenTelemetry forgets no series. One of a circuit that has left says that it is in no state
    // at all.
    registry.unregister(search.key())?;
    circuits.publish();
    exporter.reset();
    provider.force_flush()?;
    let seen = read(&exporter)?;
    let states: Vec<_> = seen.iter().filter(|(series, _)| series.starts_with("breaker_box_state")).collect();
    assert!(states.len() == 7 && states.iter().all(|(_, value)| *value == 0.0), "{states:?}");
    Ok(())
}

/// All series that were exported: their last value, of a histogram the number of calls.
fn read(exporter: &InMemoryMetricExporter) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let mut seen = Vec::new();
    for resource in exporter.get_finished_metrics()? {
        for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let name = metric.name();
            match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    seen.extend(
                        sum.data_points().map(|point| (series(name, point.attributes()), number(point.value()))),
                    );
                }
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                    seen.extend(gauge.data_points().map(|point| (series(name, point.attributes()), point.value())));
                }
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    let points = histogram.data_points();
                    seen.extend(points.map(|point| (series(name, point.attributes()), number(point.count()))));
                }
                other => return Err(format!("{name}: unexpected {other:?}").into()),
            }
        }
    }
    Ok(seen)
}

fn series<'a>(name: &str, attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut words: Vec<_> = attributes.map(|pair| format!("{}={}", pair.key, pair.value)).collect();
    words.sort();
    words.insert(0, name.to_owned());
    words.join(" ")
}

fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
