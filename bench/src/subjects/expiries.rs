//! How long circuits stay open while they are measured.

use std::time::Duration;

/// Long enough that nothing expires while it is measured.
pub(super) const LONG_EXPIRY: Duration = Duration::from_hours(1);

/// So short that it is over at the next call.
pub(super) const SHORT_EXPIRY: Duration = Duration::from_nanos(1);
