//! Everything that is measured.

mod attribute;
mod attribute_realistic;
mod bare;
mod breaker;
mod by_name;
mod circuitbreaker_rs;
mod evicting;
mod expiries;
mod failsafe;
mod hand_written_mutex;
mod handle;
mod recloser;
mod recloser_in_map;
mod registry_lookup;
mod seatbelt;
mod tower_layer;
mod tower_resilience;

use breaker_box::Policy;

use crate::case::{CALLS, CONSECUTIVE, Case, Group, TIME};

/// This library's policies whose bytes per circuit are counted, with their groups.
pub(crate) const WEIGHED: [(&Group, Policy); 3] =
    [(CONSECUTIVE, handle::FIVE), (CALLS, handle::HUNDRED), (TIME, handle::TEN)];

/// The case of this name.
pub(crate) fn find(name: &str) -> Result<Case, String> {
    all().into_iter().find(|case| case.name() == name).ok_or_else(|| format!("no case is called {name}; see list"))
}

/// All cases, in the order of the table's lines.
pub(crate) fn all() -> Vec<Case> {
    let parts = [
        bare::cases(),
        handle::cases(),
        attribute::cases(),
        attribute_realistic::cases(),
        by_name::cases(),
        evicting::cases(),
        tower_layer::cases(),
        registry_lookup::cases(),
        hand_written_mutex::cases(),
        failsafe::cases(),
        recloser::cases(),
        recloser_in_map::cases(),
        breaker::cases(),
        circuitbreaker_rs::cases(),
        tower_resilience::cases(),
        seatbelt::cases(),
    ];
    parts.into_iter().flatten().collect()
}
