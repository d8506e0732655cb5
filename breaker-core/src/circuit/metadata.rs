//! Free-form strings by name, some of which settings have set.

use std::collections::BTreeMap;

use crate::limits::MetadataSize;

#[derive(Debug, Default)]
pub(super) struct Metadata {
    entries: BTreeMap<String, String>,
    /// The names that settings have set, with the values that they replaced.
    replaced: BTreeMap<String, Option<String>>,
}

impl Metadata {
    pub(super) const fn entries(&self) -> &BTreeMap<String, String> {
        &self.entries
    }

    /// Whether there are entries that are not from settings.
    pub(super) fn has_own(&self) -> bool {
        let from_settings = self.replaced.values().filter(|replaced| replaced.is_none()).count();
        self.entries.len() > from_settings
    }

    /// Sets an entry by hand. If settings had set it, it is no longer theirs.
    pub(super) fn set(&mut self, name: String, value: String) -> Option<String> {
        self.replaced.remove(&name);
        self.entries.insert(name, value)
    }

    /// The size with these entries added by hand.
    pub(super) fn size_with<'a>(&'a self, news: impl IntoIterator<Item = (&'a String, &'a String)>) -> MetadataSize {
        let mut all: BTreeMap<_, _> = self.entries.iter().collect();
        all.extend(news);
        all.into_iter().collect()
    }
}

/// # Settings
#[cfg(feature = "settings")]
impl Metadata {
    /// Sets the entries of settings, in the place of those that earlier settings have set. Returns
    /// whether anything has changed.
    pub(super) fn override_by(&mut self, settings: &BTreeMap<String, String>) -> bool {
        let before = self.entries.clone();
        self.restore();
        for (name, value) in settings {
            let replaced = self.entries.insert(name.clone(), value.clone());
            self.replaced.insert(name.clone(), replaced);
        }
        before != self.entries
    }

    /// The size with these entries of settings.
    pub(super) fn size_by(&self, settings: &BTreeMap<String, String>) -> MetadataSize {
        let mut all: BTreeMap<_, _> = self.entries.iter().collect();
        for (name, replaced) in &self.replaced {
            match replaced {
                Some(value) => all.insert(name, value),
                None => all.remove(name),
            };
        }
        all.extend(settings);
        all.into_iter().collect()
    }

    /// Gives back what settings have replaced.
    fn restore(&mut self) {
        for (name, replaced) in std::mem::take(&mut self.replaced) {
            match replaced {
                Some(value) => self.entries.insert(name, value),
                None => self.entries.remove(&name),
            };
        }
    }
}
