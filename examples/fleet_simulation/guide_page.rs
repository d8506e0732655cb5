//! The tables, and the files of the guide that show the results.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use crate::simulation::Outcome;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/fleet.md");
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/fleet.svg");
/// The marks before and after the tables in the page.
const MARKS: [&str; 2] = ["<!-- the simulation writes these tables -->\n", "<!-- until here -->"];

/// The results, as the guide shows them.
pub(crate) struct GuidePage {
    pub(crate) tables: String,
    pub(crate) picture: String,
}

impl GuidePage {
    /// Writes them into the guide.
    pub(crate) fn write(&self) -> Result<(), Box<dyn Error>> {
        fs::write(PAGE, self.page()?)?;
        Ok(fs::write(PICTURE, &self.picture)?)
    }

    /// Whether the guide shows the same results.
    pub(crate) fn compare(&self) -> Result<(), Box<dyn Error>> {
        if fs::read_to_string(PAGE)? == self.page()? && fs::read_to_string(PICTURE)? == self.picture {
            return Ok(());
        }
        let command = "cargo run --release --example fleet_simulation --features fleet_simulation -- --write";
        Err(format!(
            "docs/guide/fleet.md or fleet.svg differs from these results; run `{command}` and review the change"
        )
        .into())
    }

    /// The page with these tables.
    fn page(&self) -> Result<String, Box<dyn Error>> {
        let page = fs::read_to_string(PAGE)?;
        let [begin, end] = MARKS;
        let (before, rest) = page.split_once(begin).ok_or("docs/guide/fleet.md has no mark before the tables")?;
        let (_, after) = rest.split_once(end).ok_or("docs/guide/fleet.md has no mark after the tables")?;
        Ok(format!("{before}{begin}\n{}\n{end}{after}", self.tables))
    }
}

/// The tables of both fleets, as Markdown.
pub(crate) fn tables(small: &[Outcome], large: &[Outcome]) -> String {
    let (small, large) = (table(small), table(large));
    format!("{small}\nWith one probe, and 100 clients of 400 callers each:\n\n{large}")
}

/// A line for each variant.
fn table(outcomes: &[Outcome]) -> String {
    let mut text = "\
| breakers | busiest second after the outage | failed calls | crashed again | recovered after |
|---|--:|--:|--:|--:|
"
    .to_owned();
    for outcome in outcomes {
        let recovery = outcome.recovery.map_or("not in 2 minutes".to_owned(), |time| format!("{} s", time.as_secs()));
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} calls | {} | {} | {recovery} |",
            outcome.variant.name(),
            thousands(outcome.peak()),
            thousands(outcome.failed),
            outcome.crashes,
        );
    }
    text
}

/// A number with thousands separators.
pub(crate) fn thousands(number: u32) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", thousands(number / 1_000), number % 1_000) }
}
