//! The formats of settings files.

mod json;
mod toml;
mod yaml;

use std::path::Path;
use std::sync::Arc;

use super::recorder::{MAX_BYTES, Recorder, too_large};
use crate::options::problem::Problems;
use crate::options::value::Entries;

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
    Yaml,
}

impl Format {
    /// Determined by the extension of the file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// What errors call a text that is not from a file.
    pub(super) const fn text_name(self) -> &'static str {
        match self {
            Self::Toml => "TOML text",
            Self::Json => "JSON text",
            Self::Yaml => "YAML text",
        }
    }

    /// Reads a text as the source with that number and name.
    pub(super) fn read(self, text: &str, source: usize, origin: Arc<str>) -> (Entries, Problems) {
        let mut recorder = Recorder::new(source, origin);
        // Some editors write a byte-order mark at the start of a file, which belongs to none of the
        // formats.
        let unmarked = text.strip_prefix('\u{feff}').unwrap_or(text);
        let entries = match self {
            _ if text.len() > MAX_BYTES => {
                recorder.error(None, too_large());
                Entries::new()
            }
            Self::Toml => toml::read(unmarked, &mut recorder),
            Self::Json => json::read(unmarked, &mut recorder),
            Self::Yaml => yaml::read(unmarked, &mut recorder),
        };
        (entries, recorder.into_problems())
    }
}
