//! The Rust files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Source {
    /// The path in the folder without `.rs`, with slashes: `circuit/locked`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// All Rust files under a folder, in order, without those that a build made.
pub(crate) fn rust_files(folder: &Path) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    assert!(!paths.is_empty(), "no Rust in {}", folder.display());
    paths.sort();
    paths.into_iter().map(|path| read(folder, &path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read(folder: &Path, path: &Path) -> Source {
    let relative = path.strip_prefix(folder).expect("inside the folder").with_extension("");
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    Source { name: parts.join("/"), text: fs::read_to_string(path).expect("a readable file") }
}

#[cfg(test)]
pub(crate) fn made_up(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(name, text)| Source { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}
