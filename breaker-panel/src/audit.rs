//! What the log says of orders: who gave which, and which were refused. Never a token, never a ticket.

use crate::order::Placed;

#[cfg(feature = "tracing")]
pub(crate) fn placed(placed: &Placed) {
    let Placed { key, action, reason, .. } = placed;
    tracing::info!(circuit = %key, action = ?action, reason = %reason.escape_debug(), "order carried out");
}

#[cfg(feature = "tracing")]
pub(crate) fn refused(why: &str) {
    tracing::warn!(why, "order refused");
}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn placed(_placed: &Placed) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn refused(_why: &str) {}
