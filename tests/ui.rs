//! Wrong uses of the attribute: each file under `tests/ui` holds one mistake, and the compiler
//! gives one error, on the line that the file marks. (`tests/ui/pass` holds right uses that the
//! lints of this workspace refuse.)
//!
//! The texts are those of one compiler; to write them anew:
//! `TRYBUILD=overwrite cargo test --test ui`, then read each.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn each_wrong_use_gives_its_recorded_error() {
    let cases = trybuild::TestCases::new();
    for area in areas() {
        cases.compile_fail(area.join("*.rs"));
    }
}

#[test]
fn valid_uses_that_lints_here_reject_compile() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

#[test]
fn each_wrong_use_gives_one_error_on_the_marked_line() {
    let cases = cases();
    assert!(cases.len() >= 45, "only {} cases were found", cases.len());
    for case in cases {
        let source = fs::read_to_string(&case).unwrap();
        let golden = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let errors: Vec<&str> = golden.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(errors.len(), 1, "{} gives more than one error", case.display());

        let marked = lines_with(&source, "//~ ERROR");
        assert_eq!(marked.len(), 1, "{} has to mark one line", case.display());
        assert_eq!(line_of_the_error(&golden), Some(marked[0]), "{} gives its error elsewhere", case.display());
    }
}

/// The folders of wrong uses.
fn areas() -> Vec<PathBuf> {
    let mut areas = entries("tests/ui".as_ref());
    areas.retain(|area| !area.ends_with("pass"));
    areas
}

fn cases() -> Vec<PathBuf> {
    let files = areas().into_iter().flat_map(|area| entries(&area));
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn lines_with(text: &str, mark: &str) -> Vec<usize> {
    (1..).zip(text.lines()).filter(|(_, line)| line.contains(mark)).map(|(number, _)| number).collect()
}

/// The number in `--> tests/ui/area/case.rs:7:25` after the error; notes before it may point
/// elsewhere.
fn line_of_the_error(golden: &str) -> Option<usize> {
    let after = golden.split_once("error")?.1;
    let place = after.lines().find_map(|line| line.trim_start().strip_prefix("--> tests/ui/"))?;
    place.split(':').nth(1)?.parse().ok()
}
