//! How long circuits stay open while they are measured.

use std::time::Duration;

/// Long enough that nothing expires while it is measured.
pub(super) const FOR_LONG: Duration = Duration::from_secs(3_600);

/// So short that the next call finds it over.
pub(super) const FOR_A_MOMENT: Duration = Duration::from_nanos(1);
