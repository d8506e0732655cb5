//! The table, and the files that hold what came out.

use std::error::Error;
use std::fmt::Write as _;
use std::{fs, io};

use crate::simulation::Outcome;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide");

/// A line for each variant, as Markdown.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut text = "\
| breakers | busiest second after the outage | failed calls | fell over again | all well after |
|---|--:|--:|--:|--:|
"
    .to_owned();
    for outcome in outcomes {
        let recovery = outcome.recovery.map_or("not in 2 minutes".to_owned(), |time| format!("{} s", time.as_secs()));
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} calls | {} | {} | {recovery} |",
            outcome.variant.name(),
            thousands(outcome.peak()),
            thousands(outcome.failed),
            outcome.falls,
        );
    }
    text
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: u32) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", thousands(number / 1_000), number % 1_000) }
}

/// Writes a file of the guide.
pub(crate) fn write(name: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(FOLDER)?;
    fs::write(format!("{FOLDER}/{name}"), text)
}

/// Whether a file of the guide says what came out.
pub(crate) fn compare(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let committed = fs::read_to_string(format!("{FOLDER}/{name}"))?;
    if committed == text {
        Ok(())
    } else {
        let command = "cargo run --release --example fleet_simulation -- --write";
        Err(format!("docs/guide/{name} is not what came out; `{command}`, and look at what it changes").into())
    }
}
