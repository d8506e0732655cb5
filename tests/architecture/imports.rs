//! Which file of a crate imports from which other.
//!
//! An import counts towards the file that defines what is imported: a `pub use` hands on what is
//! defined elsewhere. Paths in the middle of code count as those of a `use` do. Unit tests do not
//! count.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Source;
use reader::{File, Path};

mod reader;

/// From each file to those that it imports from.
pub(crate) type Imports = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn imports(sources: &[Source]) -> Imports {
    let files: BTreeMap<Path, File> = sources
        .iter()
        .filter(|source| !source.name.split('/').any(|part| part == "tests"))
        .map(|source| {
            let path: Path = match source.name.as_str() {
                "lib" | "main" => Vec::new(),
                name => name.split('/').map(str::to_owned).collect(),
            };
            let tokens = source.text.parse().unwrap_or_else(|error| panic!("{}: {error}", source.name));
            (path.clone(), File::read(tokens, path))
        })
        .collect();
    files
        .iter()
        .map(|(path, file)| {
            // What a file hands on of its own children is no import; what it also uses itself is.
            let handed_on = file.handed_on.iter().filter(|(name, target)| {
                file.words.contains(name) || !defining(&files, target, 0).is_some_and(|target| target.starts_with(path))
            });
            let paths = file.uses.iter().chain(handed_on.map(|(_, target)| target));
            let targets = paths.filter_map(|used| defining(&files, used, 0)).filter(|target| target != path);
            (name(path), targets.map(|target| name(&target)).collect())
        })
        .collect()
}

fn name(path: &[String]) -> String {
    if path.is_empty() { "lib".to_owned() } else { path.join("/") }
}

/// The file that defines what is at the end of a path.
fn defining(files: &BTreeMap<Path, File>, path: &[String], depth: usize) -> Option<Path> {
    // The longest part of the path that is a file.
    let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
    let (module, rest) = path.split_at(length);
    let handed_on = rest.first().and_then(|item| files[module].handed_on.iter().find(|(name, _)| name == item));
    match handed_on {
        // No chain of re-exports is this deep, unless one leads to itself.
        Some((_, target)) if depth < 8 => {
            let onwards: Path = target.iter().chain(&rest[1..]).cloned().collect();
            defining(files, &onwards, depth + 1)
        }
        _ => Some(module.to_vec()),
    }
}
