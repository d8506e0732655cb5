//! Everything that is measured.

mod attribute;
mod bare;
mod breaker;
mod circuitbreaker_rs;
mod expiries;
mod failsafe;
mod hand_written_mutex;
mod handle;
mod recloser;
mod registry_lookup;
mod tower_resilience;

use breaker_box::Policy;

use crate::case::{CALLS, CONSECUTIVE, Case, Group, TIME};

/// This library's policies whose bytes per circuit are counted, with their groups.
pub(crate) const WEIGHED: [(&Group, Policy); 3] =
    [(CONSECUTIVE, handle::FIVE), (CALLS, handle::HUNDRED), (TIME, handle::TEN)];

/// All cases, in the order of the table's lines.
pub(crate) fn all() -> Vec<Case> {
    let parts = [
        bare::cases(),
        handle::cases(),
        attribute::cases(),
        registry_lookup::cases(),
        hand_written_mutex::cases(),
        failsafe::cases(),
        recloser::cases(),
        breaker::cases(),
        circuitbreaker_rs::cases(),
        tower_resilience::cases(),
    ];
    parts.into_iter().flatten().collect()
}
