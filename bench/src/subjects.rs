//! Everything that is measured.

mod attribute;
mod bare;
mod breaker;
mod by_hand;
mod by_name;
mod circuitbreaker_rs;
mod failsafe;
mod handle;
mod periods;
mod recloser;
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
        by_name::cases(),
        by_hand::cases(),
        failsafe::cases(),
        recloser::cases(),
        breaker::cases(),
        circuitbreaker_rs::cases(),
        tower_resilience::cases(),
    ];
    parts.into_iter().flatten().collect()
}
