//! Which circuits are shown, and which of them together.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use crate::key::KeyRef;

type Shows = dyn Fn(KeyRef<'_>) -> bool + Send + Sync;
type GroupOf = dyn Fn(KeyRef<'_>) -> Option<Arc<str>> + Send + Sync;

/// What the user chose. By default all circuits are shown, each by itself.
#[derive(Clone, Default)]
pub(super) struct Selection {
    shows: Option<Arc<Shows>>,
    group_of: Option<Arc<GroupOf>>,
}

/// Where a circuit is shown.
pub(super) enum Place {
    Nowhere,
    ByItself,
    /// With the others of this group. Never empty.
    InGroup(Arc<str>),
}

impl Selection {
    pub(super) fn show(&mut self, shows: impl Fn(KeyRef<'_>) -> bool + Send + Sync + 'static) {
        self.shows = Some(Arc::new(shows));
    }

    pub(super) fn group(&mut self, group_of: impl Fn(KeyRef<'_>) -> Option<Arc<str>> + Send + Sync + 'static) {
        self.group_of = Some(Arc::new(group_of));
    }

    pub(super) fn has_groups(&self) -> bool {
        self.group_of.is_some()
    }

    pub(super) fn place(&self, key: KeyRef<'_>) -> Place {
        if self.shows.as_ref().is_some_and(|shows| !shows(key)) {
            return Place::Nowhere;
        }
        // For Prometheus an empty label is the same as no label.
        let group = self.group_of.as_ref().and_then(|group_of| group_of(key)).filter(|group| !group.is_empty());
        group.map_or(Place::ByItself, Place::InGroup)
    }
}

impl Debug for Selection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { shows, group_of } = self;
        f.debug_struct("Selection").field("shows", &shows.is_some()).field("group_of", &group_of.is_some()).finish()
    }
}
