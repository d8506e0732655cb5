//! Prometheus' text format, version 0.0.4. All series of a family follow its description.

use std::fmt::{self, Write};
use std::sync::Arc;

use super::families::{
    COUNTERS, DURATION, DURATION_HELP, FLEET_COUNTERS, FLEET_GAUGES, GAUGES, Occupied, Part, REGISTRY_COUNTERS,
    REGISTRY_GAUGES,
};
use super::source::{Circuits, Source};
use super::values::Values;
use crate::counters::durations::ENDS_IN_SECONDS;
use crate::fleet::FleetStatus;

/// One circuit or group at this moment.
struct Reading {
    /// As written between the braces.
    labels: String,
    values: Values,
}

/// The approximate size of the text of one circuit or group.
const BYTES: usize = 2_048;

/// One registry at this moment.
struct RegistryReading {
    /// As written between the braces.
    labels: String,
    /// `None` if there is nothing to report.
    occupied: Option<Occupied>,
    fleet: Option<FleetStatus>,
}

pub(super) fn render(sources: &[Source], max_circuits: usize) -> String {
    let (registries, readings) = read(sources, max_circuits);
    let mut text = String::with_capacity(readings.len() * BYTES);
    // Writing to a `String` cannot fail.
    let _ = write_all(&mut text, &readings)
        .and_then(|()| write_registries(&mut text, &registries))
        .and_then(|()| write_fleets(&mut text, &registries));
    text
}

fn read(sources: &[Source], max_circuits: usize) -> (Vec<RegistryReading>, Vec<Reading>) {
    let mut registries = Vec::new();
    let mut readings = Vec::new();
    for source in sources {
        let Circuits { shown, left_out, groups, .. } = source.circuits(max_circuits);
        readings.extend(
            shown
                .iter()
                .map(|circuit| Reading { labels: labels(source.labels(circuit.key())), values: Values::of(circuit) }),
        );
        readings.extend(
            groups.into_iter().map(|(group, values)| Reading { labels: labels(source.group_labels(&group)), values }),
        );
        let labels = labels(source.own_label());
        let occupied = source.occupied(left_out.len());
        registries.push(RegistryReading { labels, occupied, fleet: source.fleet() });
    }
    (registries, readings)
}

fn labels<'a>(labels: impl IntoIterator<Item = (&'static str, &'a Arc<str>)>) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        let comma = if text.is_empty() { "" } else { "," };
        let _ = write!(text, "{comma}{name}=\"{}\"", Escaped(value));
    }
    text
}

fn write_registries(text: &mut String, registries: &[RegistryReading]) -> fmt::Result {
    for counter in &REGISTRY_COUNTERS {
        write_family(text, counter.name, "counter", counter.help, registries, |text, reading| {
            let Some(occupied) = &reading.occupied else { return Ok(()) };
            for (part, value) in counter.series {
                write_sample(text, counter.name, &reading.labels, *part, value(occupied))?;
            }
            Ok(())
        })?;
    }
    for gauge in &REGISTRY_GAUGES {
        write_family(text, gauge.name, "gauge", gauge.help, registries, |text, reading| {
            match reading.occupied.as_ref().and_then(gauge.value) {
                Some(value) => write_sample(text, gauge.name, &reading.labels, None, value),
                None => Ok(()),
            }
        })?;
    }
    Ok(())
}

fn write_fleets(text: &mut String, registries: &[RegistryReading]) -> fmt::Result {
    for counter in &FLEET_COUNTERS {
        write_family(text, counter.name, "counter", counter.help, registries, |text, reading| match &reading.fleet {
            Some(status) => write_sample(text, counter.name, &reading.labels, None, (counter.value)(status)),
            None => Ok(()),
        })?;
    }
    for gauge in &FLEET_GAUGES {
        write_family(text, gauge.name, "gauge", gauge.help, registries, |text, reading| match &reading.fleet {
            Some(status) => write_sample(text, gauge.name, &reading.labels, None, (gauge.value)(status)),
            None => Ok(()),
        })?;
    }
    Ok(())
}

fn write_all(text: &mut String, readings: &[Reading]) -> fmt::Result {
    for counter in &COUNTERS {
        write_family(text, counter.name, "counter", counter.help, readings, |text, reading| {
            for (part, value) in counter.series {
                write_sample(text, counter.name, &reading.labels, *part, value(&reading.values.counts.totals))?;
            }
            Ok(())
        })?;
    }
    let mut start = 0;
    for gauge in &GAUGES {
        write_family(text, gauge.name, "gauge", gauge.help, readings, |text, reading| {
            for ((part, _), value) in gauge.series.iter().zip(&reading.values.gauges[start..]) {
                if let Some(value) = value {
                    write_sample(text, gauge.name, &reading.labels, *part, value)?;
                }
            }
            Ok(())
        })?;
        start += gauge.series.len();
    }
    write_family(text, DURATION, "histogram", DURATION_HELP, readings, |text, reading| {
        if reading.values.counts.is_timed { write_histogram(text, reading) } else { Ok(()) }
    })
}

/// Writes the head of a family and the samples of each circuit, group or registry; nothing if there
/// are no samples.
fn write_family<R>(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    readings: &[R],
    samples: impl Fn(&mut String, &R) -> fmt::Result,
) -> fmt::Result {
    let start = text.len();
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
    let head = text.len();
    for reading in readings {
        samples(text, reading)?;
    }
    if text.len() == head {
        text.truncate(start);
    }
    Ok(())
}

fn write_sample(text: &mut String, name: &str, labels: &str, part: Part, value: impl fmt::Display) -> fmt::Result {
    let comma = if labels.is_empty() { "" } else { "," };
    match part {
        Some((label, part)) => writeln!(text, "{name}{{{labels}{comma}{label}=\"{part}\"}} {value}"),
        None if labels.is_empty() => writeln!(text, "{name} {value}"),
        None => writeln!(text, "{name}{{{labels}}} {value}"),
    }
}

fn write_histogram(text: &mut String, Reading { labels, values }: &Reading) -> fmt::Result {
    let durations = &values.counts.durations;
    let mut calls = 0;
    for (end, in_bucket) in ENDS_IN_SECONDS.iter().zip(&durations.calls) {
        calls += in_bucket;
        writeln!(text, "{DURATION}_bucket{{{labels},le=\"{end}\"}} {calls}")?;
    }
    let total = durations.total();
    writeln!(text, "{DURATION}_bucket{{{labels},le=\"+Inf\"}} {total}")?;
    writeln!(text, "{DURATION}_sum{{{labels}}} {}", durations.seconds())?;
    writeln!(text, "{DURATION}_count{{{labels}}} {total}")
}

/// The value of a label. It escapes the three characters that would end the value or its line.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_within_its_quotes() {
        assert_eq!(Escaped("a\\\"b\"\\\n\r\u{0}é").to_string(), "a\\\\\\\"b\\\"\\\\\\n\r\u{0}é");
    }
}
