//! The table, and the files of the guide that hold what came out.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use crate::simulation::Outcome;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/fleet.md");
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/fleet.svg");
/// What stands before and after the table in the page.
const MARKS: [&str; 2] = ["<!-- the simulation writes this table -->\n", "<!-- until here -->"];

/// What came out, as the guide shows it.
pub(crate) struct Figures {
    pub(crate) table: String,
    pub(crate) picture: String,
}

impl Figures {
    /// Writes them into the guide.
    pub(crate) fn write(&self) -> Result<(), Box<dyn Error>> {
        fs::write(PAGE, self.page()?)?;
        Ok(fs::write(PICTURE, &self.picture)?)
    }

    /// Whether the guide has the same ones.
    pub(crate) fn compare(&self) -> Result<(), Box<dyn Error>> {
        if fs::read_to_string(PAGE)? == self.page()? && fs::read_to_string(PICTURE)? == self.picture {
            return Ok(());
        }
        let command = "cargo run --release --example fleet_simulation --features fleet_simulation -- --write";
        Err(format!("docs/guide/fleet.md or fleet.svg is not what came out; `{command}`, and look at what it changes")
            .into())
    }

    /// The page with this table.
    fn page(&self) -> Result<String, Box<dyn Error>> {
        let page = fs::read_to_string(PAGE)?;
        let [begin, end] = MARKS;
        let (before, rest) = page.split_once(begin).ok_or("docs/guide/fleet.md has no mark where the table begins")?;
        let (_, after) = rest.split_once(end).ok_or("docs/guide/fleet.md has no mark where the table ends")?;
        Ok(format!("{before}{begin}\n{}\n{end}{after}", self.table))
    }
}

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
