//! What other attributes and wrappers above and below ours do. The tables of the guide's page, row
//! by row: each row stands above the test that holds it.

mod async_traits;
mod instrument;
mod language;
mod retries;
mod test_attributes;
mod timeouts;

use breaker_box::CircuitOpenError;

#[derive(Debug, thiserror::Error)]
enum RemoteError {
    #[error("down")]
    Down,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

const GUIDE: &str = include_str!("../../docs/guide/stacking.md");

const TESTS: [&str; 6] = [
    include_str!("stacking/async_traits.rs"),
    include_str!("stacking/instrument.rs"),
    include_str!("stacking/language.rs"),
    include_str!("stacking/retries.rs"),
    include_str!("stacking/test_attributes.rs"),
    include_str!("stacking/timeouts.rs"),
];

/// The rows of the tables, without their heads.
fn rows_of_the_guide() -> Vec<&'static str> {
    let lines: Vec<_> = GUIDE.lines().collect();
    let is_head = |at: usize| lines.get(at + 1).is_some_and(|next| next.starts_with("|-"));
    let is_row = |&at: &usize| lines[at].starts_with("| ") && !is_head(at);
    (0..lines.len()).filter(is_row).map(|at| lines[at]).collect()
}

/// The rows that stand above a test.
fn rows_of_the_tests() -> Vec<&'static str> {
    let lines: Vec<_> = TESTS.iter().flat_map(|source| source.lines()).collect();
    let row_at = |at: usize| {
        let row = lines[at].strip_prefix("/// ").filter(|text| text.starts_with("| "))?;
        let mut attributes = lines[at + 1..].iter().take_while(|line| !line.contains("fn "));
        let is_test = attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test]"));
        assert!(is_test, "no test stands below the row {row}");
        Some(row)
    };
    (0..lines.len()).filter_map(row_at).collect()
}

#[test]
fn each_row_of_the_guide_stands_above_a_test() {
    let (mut guide, mut tests) = (rows_of_the_guide(), rows_of_the_tests());
    guide.sort_unstable();
    tests.sort_unstable();
    assert!(guide.len() > 20, "the tables were not found");
    assert_eq!(guide, tests);
}
