//! The public API of every published crate, as a file that is kept: a change to it is seen in the
//! difference, and meant.
//!
//! `UPDATE_EXPECT=1 cargo test --test public_api` writes the files anew, to be read before they are
//! kept; and what users notice goes into the change log. The sources are read, not compiled, so any
//! compiler will do. Derives are listed by their names; of macros called among items `sources`
//! says what each makes, and fails on one that it does not know. Which types are `Send` and `Sync`
//! is held by `tests/breaker/traits.rs`.

mod listing;
mod sources;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[test]
fn the_public_api_is_the_one_that_is_kept() {
    let crates = published();
    assert!(crates.len() >= 3, "only {crates:?} were found");
    let mut changed = Vec::new();
    for folder in crates {
        let name =
            folder.file_name().and_then(|name| name.to_str()).filter(|_| folder != root()).unwrap_or("breaker-box");
        let listed = listing::of(&sources::read(&folder.join("src/lib.rs")));
        let golden = root().join("tests/public_api").join(name).with_extension("txt");
        let kept = fs::read_to_string(&golden).unwrap_or_default();
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&golden, &listed).expect("the golden can be written");
        } else if listed != kept {
            changed.push(difference(name, &kept, &listed));
        }
    }
    assert!(changed.is_empty(), "{}if that is meant: UPDATE_EXPECT=1 cargo test --test public_api", changed.concat());
}

/// Ways in which something may become public, or change, beside plain items.
#[test]
fn renames_conditions_and_exported_macros_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lib.rs");
    let listed = |text: &str, module: &str| {
        fs::write(folder.path().join("inner.rs"), module).unwrap();
        fs::write(&root, text).unwrap();
        listing::of(&sources::read(&root))
    };
    let plain = listed("mod inner; pub use inner::Kept;", "pub struct Kept; impl Drop for Kept {}");
    let changes = [
        ("mod inner; pub use inner::Kept; pub use inner::Kept as Other;", "pub struct Kept; impl Drop for Kept {}"),
        ("mod inner; pub use inner::Kept as Other;", "pub struct Kept; impl Drop for Kept {}"),
        ("mod inner; #[cfg(unix)] pub use inner::Kept;", "pub struct Kept; impl Drop for Kept {}"),
        ("#[cfg(unix)] mod inner; pub use inner::Kept;", "pub struct Kept; impl Drop for Kept {}"),
        ("mod inner; pub use inner::Kept; pub extern crate other;", "pub struct Kept; impl Drop for Kept {}"),
        (
            "mod inner; pub use inner::Kept;",
            "pub struct Kept; impl Drop for Kept {} #[macro_export] macro_rules! m { }",
        ),
        (
            "mod inner; pub use inner::Kept;",
            "#[cfg(unix)] pub struct Kept(pub u8); #[cfg(windows)] pub struct Kept; impl Drop for Kept {}",
        ),
    ];
    let listings: BTreeSet<String> = changes.iter().map(|(text, module)| listed(text, module)).collect();
    assert_eq!(listings.len(), changes.len(), "each differs from the others: {listings:#?}");
    assert!(!listings.contains(&plain));
}

/// The lines that only one of the two has.
fn difference(name: &str, kept: &str, listed: &str) -> String {
    let only = |sign: char, one: &str, other: &str| {
        let other: Vec<&str> = other.lines().collect();
        let lines: Vec<&str> = one.lines().filter(|line| !other.contains(line)).collect();
        lines.iter().fold(String::new(), |text, line| format!("{text}{sign} {line}\n"))
    };
    format!("{name}:\n{}{}", only('-', kept, listed), only('+', listed, kept))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of the crates that are published: the root, and those beside its sources whose
/// manifests do not say otherwise.
fn published() -> Vec<PathBuf> {
    let beside = fs::read_dir(root()).expect("the root can be read").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = beside.filter(|folder| folder.join("src/lib.rs").exists()).collect();
    folders.push(root().to_owned());
    folders.retain(|folder| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.contains("version.workspace = true") && !manifest.contains("publish = false")
    });
    folders.sort();
    folders
}
