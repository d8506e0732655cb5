//! What the compiler and clippy say of annotated functions, with every lint on, beside what they
//! say of the same functions without the attribute.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A lint, and the line that it points at.
type Said = BTreeSet<(String, u64)>;

#[test]
fn the_attribute_brings_no_lint_and_hides_none() {
    let plain = said("mistakes");
    let guarded = said("mistakes,guarded");
    // Otherwise nothing would be compared.
    assert!(plain.len() > 100, "{plain:?}");
    // The lint about the order of items names the first one out of order; where a signature is not
    // looked at, that is a later one.
    let is_about_order = |lint: &str| lint == "clippy::arbitrary_source_item_ordering";
    let brought: Vec<_> = guarded.difference(&plain).filter(|(lint, _)| !is_about_order(lint)).collect();
    let is_of_the_shape = |lint: &str| OF_THE_SHAPE.contains(&lint);
    let hidden = plain.difference(&guarded).filter(|(lint, line)| !is_of_the_shape(lint) && !returns_a_future(*line));
    let hidden: Vec<_> = hidden.collect();
    assert!(brought.is_empty(), "only of the annotated functions: {brought:#?}");
    assert!(hidden.is_empty(), "only of the plain ones: {hidden:#?}");
}

/// What is said of a function's shape, which the attribute changes: it is no constant any more, it
/// has something to await, its arguments move into a closure, and its last expression is not the
/// user's.
const OF_THE_SHAPE: [&str; 6] = [
    "clippy::implicit_return",
    "clippy::manual_async_fn",
    "clippy::missing_const_for_fn",
    "clippy::needless_pass_by_value",
    "clippy::needless_return",
    "clippy::unused_async",
];

fn said(features: &str) -> Said {
    let mut clippy = cargo();
    clippy.args(["clippy", "--quiet", "--package", "hostile-quiet", "--features", features]);
    clippy.args(["--message-format", "json"]);
    clippy.arg("--");
    for lint in all_lints() {
        clippy.args(["--warn", &lint]);
    }
    let output = run(&mut clippy);
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).expect("cargo writes JSON"));
    let lints = messages.filter(|message| message["reason"] == "compiler-message").filter_map(|message| {
        let message = &message["message"];
        let lint = message["code"]["code"].as_str()?.to_owned();
        let spans = message["spans"].as_array()?;
        let line = spans.iter().find(|span| span["is_primary"] == true)?["line_start"].as_u64()?;
        Some((lint, declared(line)))
    });
    lints.collect()
}

/// The line of a function for that of its attribute: what is said of a function that returns a
/// future stands there.
fn declared(line: u64) -> u64 {
    match line_of_source(line) {
        text if text.trim_start().starts_with("#[cfg_attr(feature = \"guarded\"") => {
            (line..).find(|line| line_of_source(*line).contains("fn ")).expect("a function")
        }
        _ => line,
    }
}

/// Of the signature of such a function nothing is said any more.
fn returns_a_future(line: u64) -> bool {
    // A signature may take more lines than one.
    let end = (line..).find(|line| line_of_source(*line).ends_with('{')).expect("a body");
    line_of_source(line).contains("fn ") && (line..=end).any(|line| line_of_source(line).contains("Future<"))
}

fn line_of_source(line: u64) -> &'static str {
    let number = usize::try_from(line).expect("a line");
    SOURCE.lines().nth(number - 1).expect("a line of the source")
}

const SOURCE: &str = include_str!("../../quiet/src/lib.rs");

/// Every lint that the compiler has, and every group of clippy's.
fn all_lints() -> Vec<String> {
    let help = run(Command::new("rustc").args(["-W", "help"])).stdout;
    let help = String::from_utf8(help).expect("rustc writes UTF-8");
    let lints = help.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, level) = (words.next()?, words.next()?);
        ["allow", "warn", "deny"].contains(&level).then(|| name.to_owned())
    });
    let groups = ["all", "pedantic", "nursery", "restriction", "cargo"].map(|group| format!("clippy::{group}"));
    let lints: Vec<_> = lints.chain(groups).collect();
    assert!(lints.len() > 150, "{lints:?}");
    lints
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    cargo
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the toolchain is there");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed (is clippy installed? `rustup component add clippy`):\n{errors}"
    );
    output
}
