//! All that is kept, as plain tests: `seeds/TARGET`, which the fuzzer begins with, and
//! `found/TARGET`, where something once did not hold.

use std::fs;
use std::path::Path;

use crate::{attribute, durations, sequences, settings, tokens};

/// Runs a target over its folders.
fn hold(target: &str, run: fn(&[u8])) {
    let mut inputs = 0;
    for kept in ["seeds", "found"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept).join(target);
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            let input = fs::read(&path).expect("a file");
            // Shown where the test fails.
            println!("{}", path.display());
            run(&input);
            inputs += 1;
        }
    }
    assert!(inputs > 0, "nothing is kept for {target}");
}

#[test]
fn the_attribute_holds_over_all_that_is_kept() {
    hold("attribute", attribute::run);
}

#[test]
fn the_attribute_holds_over_all_tokens_that_are_kept() {
    hold("tokens", tokens::run);
}

#[test]
fn durations_hold_over_all_that_is_kept() {
    hold("durations", durations::run);
}

#[test]
fn settings_hold_over_all_that_is_kept() {
    hold("settings", settings::run);
}

#[test]
fn sequences_hold_over_all_that_is_kept() {
    hold("sequences", sequences::run);
}
