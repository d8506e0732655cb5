//! This library, in a registry that evicts idle circuits: it has to know who uses them.

use std::time::Duration;

use breaker_box::{CircuitBreaker, Registry};

use super::handle::{self, FIVE};
use super::tower_layer;
use crate::case::{ASYNC, CONSECUTIVE, Case, PERMIT, Side};
use crate::guarded_function::{GuardedFunction as _, Ready, Succeeds};
use crate::run::awaited;

const HANDLE: (Side, &str) = (Side::Ours, "handle, evicting");
const TOWER: (Side, &str) = (Side::Ours, "tower layer, evicting");
const NAME: &str = "bench";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(CONSECUTIVE, HANDLE, shown(), || handle::calls::<Succeeds>(breaker())),
        Case::new(PERMIT, HANDLE, format!("{}, try_acquire and success", shown()), || handle::permits(breaker())),
        Case::new(ASYNC, TOWER, format!("{}, typed errors", shown()), || {
            awaited(tower_layer::layered::<Ready>(breaker()))
        }),
    ]
}

pub(super) fn shown() -> String {
    format!("{FIVE}, idle_after(1 h)")
}

pub(super) fn registry() -> Registry {
    let builder = Registry::builder().default_policy(FIVE).idle_after(Duration::from_hours(1));
    builder.build().expect("a valid registry")
}

/// A circuit that a call made.
fn breaker() -> CircuitBreaker {
    let registry = registry();
    let _ = registry.call(NAME, || Succeeds::call(1));
    registry.get(NAME).expect("it was called")
}
