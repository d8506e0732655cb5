//! Prometheus' text format, version 0.0.4: all series of a family together, below what they mean.

use std::fmt::{self, Write};

use super::families::{COUNTERS, DURATION, DURATION_HELP, GAUGES, Part};
use super::source::Source;
use crate::durations::{DurationCounts, ENDS_IN_SECONDS};
use crate::status::Status;

/// One circuit at this moment.
struct Reading {
    /// As they stand between the braces.
    labels: String,
    status: Status,
    durations: DurationCounts,
}

impl Reading {
    fn is_timed(&self) -> bool {
        self.status.policy.slow_after().is_some() || self.durations.total() > 0
    }
}

/// About what one circuit takes.
const BYTES: usize = 2_048;

pub(super) fn render(sources: &[Source]) -> String {
    let readings = read(sources);
    let mut text = String::with_capacity(readings.len() * BYTES);
    // Writing to a `String` cannot fail.
    let _ = write_all(&mut text, &readings);
    text
}

fn read(sources: &[Source]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for source in sources {
        readings.extend(source.circuits().iter().map(|circuit| {
            let mut labels = String::new();
            for (name, value) in source.labels(circuit.key()) {
                let comma = if labels.is_empty() { "" } else { "," };
                let _ = write!(labels, "{comma}{name}=\"{}\"", Escaped(value));
            }
            Reading { labels, status: circuit.status(), durations: circuit.durations().counts() }
        }));
    }
    readings
}

fn write_all(text: &mut String, readings: &[Reading]) -> fmt::Result {
    for counter in &COUNTERS {
        write_family(text, counter.name, "counter", counter.help, readings, |text, reading| {
            for (part, value) in counter.series {
                write_sample(text, counter.name, reading, *part, value(&reading.status.totals))?;
            }
            Ok(())
        })?;
    }
    for gauge in &GAUGES {
        write_family(text, gauge.name, "gauge", gauge.help, readings, |text, reading| {
            for (part, value) in gauge.series {
                if let Some(value) = value(&reading.status) {
                    write_sample(text, gauge.name, reading, *part, value)?;
                }
            }
            Ok(())
        })?;
    }
    write_family(text, DURATION, "histogram", DURATION_HELP, readings, |text, reading| {
        if reading.is_timed() { write_histogram(text, reading) } else { Ok(()) }
    })
}

/// The head of a family and the samples of each circuit; nothing at all where there are no samples.
fn write_family(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    readings: &[Reading],
    samples: impl Fn(&mut String, &Reading) -> fmt::Result,
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

fn write_sample(
    text: &mut String,
    name: &str,
    Reading { labels, .. }: &Reading,
    part: Part,
    value: impl fmt::Display,
) -> fmt::Result {
    match part {
        Some((label, part)) => writeln!(text, "{name}{{{labels},{label}=\"{part}\"}} {value}"),
        None => writeln!(text, "{name}{{{labels}}} {value}"),
    }
}

fn write_histogram(text: &mut String, Reading { labels, durations, .. }: &Reading) -> fmt::Result {
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

/// The value of a label, with the three characters escaped that end it or its line.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => formatter.write_str("\\\\")?,
                '"' => formatter.write_str("\\\"")?,
                '\n' => formatter.write_str("\\n")?,
                other => formatter.write_char(other)?,
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
