//! The code is as ARCHITECTURE.md and docs/modules.md have it: no imports in a circle in any crate,
//! none that points up, a reason beside every memory ordering, and no file of more than 400 lines.

mod circles;
mod imports;
mod map;
mod orderings;
mod sources;

use std::collections::BTreeSet;
use std::path::Path;

use circles::circles;
use imports::imports;
use map::{Map, wrong_imports};
use orderings::unexplained;
use sources::{Source, rust_files};

/// The folders with the sources of each crate. One in which every file is a program of its own has
/// no modules to draw.
const CRATES: [&str; 12] = [
    "src",
    "breaker-core/src",
    "breaker-macros/src",
    "breaker-http/src",
    "breaker-box-tower/src",
    "breaker-box-panel/src",
    "breaker-box-redis/src",
    "bench/src",
    "soak/src",
    "examples/fleet_simulation",
    "examples/panel",
    "examples/payment_api",
];

/// All folders with Rust in them.
const FOLDERS: [&str; 12] = [
    "src",
    "tests",
    "breaker-core",
    "breaker-macros",
    "breaker-http",
    "breaker-box-tower",
    "breaker-box-panel",
    "breaker-box-redis",
    "bench",
    "soak",
    "examples",
    "fuzz",
];

/// How many lines a file may have.
const LINES: usize = 400;

fn files(folder: &str) -> Vec<Source> {
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
}

#[test]
fn no_imports_run_in_a_circle() {
    let found: Vec<String> = CRATES
        .iter()
        .flat_map(|folder| circles(&imports(&files(folder))).into_iter().map(move |circle| (folder, circle)))
        .map(|(folder, circle)| format!("{folder}: {}", circle.join(", ")))
        .collect();
    assert!(found.is_empty(), "files that import each other in a circle:\n{}", found.join("\n"));
}

/// The tables of both pages.
fn maps() -> Vec<Map> {
    let pages = [include_str!("../../ARCHITECTURE.md"), include_str!("../../docs/modules.md")];
    pages.into_iter().flat_map(Map::read).collect()
}

#[test]
fn every_import_points_down_the_map() {
    let found: Vec<String> = maps()
        .into_iter()
        .flat_map(|map| {
            let imports = imports(&files(&map.source_folder()));
            wrong_imports(&map, &imports).into_iter().map(move |wrong| format!("{}: {wrong}", map.folder))
        })
        .collect();
    assert!(found.is_empty(), "the map has it otherwise:\n{}", found.join("\n"));
}

#[test]
fn every_published_crate_with_modules_is_on_the_map() {
    let drawn: BTreeSet<String> = maps().into_iter().map(|map| map.folder).collect();
    for folder in ["core", "macros", "http", "box-tower", "box-panel", "box-redis"] {
        assert!(drawn.contains(&format!("breaker-{folder}/src")), "breaker-{folder} has no table");
    }
}

#[test]
fn every_memory_ordering_has_its_reason_beside_it() {
    let found: Vec<String> = CRATES
        .iter()
        .flat_map(|folder| files(folder).into_iter().map(move |source| (folder, source)))
        .flat_map(|(folder, source)| {
            unexplained(&source.text).into_iter().map(move |what| format!("{folder}/{}.rs:{what}", source.name))
        })
        .collect();
    assert!(found.is_empty(), "memory orderings without a comment that says why:\n{}", found.join("\n"));
}

#[test]
fn no_file_has_more_than_400_lines() {
    let found: Vec<String> = FOLDERS
        .iter()
        .flat_map(|folder| files(folder).into_iter().map(move |source| (folder, source)))
        .map(|(folder, source)| (source.text.lines().count(), format!("{folder}/{}.rs", source.name)))
        .filter(|(lines, _)| *lines > LINES)
        .map(|(lines, name)| format!("{name}: {lines}"))
        .collect();
    assert!(found.is_empty(), "files with more than {LINES} lines:\n{}", found.join("\n"));
}
