//! Allocations per call, and bytes per breaker.

use allocation_counter::measure;
use breaker_box::{Policy, Registry};

use crate::case::Case;

/// Allocations and bytes of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerCall {
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
}

const CALLS: u16 = 10_000;
const BREAKERS: u16 = 100;

/// What a call allocates, if it happens on the calling thread.
#[allow(clippy::cast_precision_loss)] // Counts stay far below 2^53.
pub(crate) fn per_call(case: &Case) -> Option<PerCall> {
    let run = (case.make)();
    if run.workers() > 1 {
        return None;
    }
    let mut turn = 0;
    run.run(&mut turn, 1_000);
    let counted = measure(|| run.run(&mut turn, CALLS.into()));
    let calls = f64::from(CALLS);
    Some(PerCall { allocations: counted.count_total as f64 / calls, bytes: counted.bytes_total as f64 / calls })
}

/// Bytes that one breaker holds after 200 calls of one thread, its handle included.
#[allow(clippy::cast_precision_loss)] // Counts stay far below 2^53.
pub(crate) fn per_breaker(case: &Case) -> f64 {
    // What happens once in a process happens before.
    (case.make)().run(&mut 0, 200);
    let mut kept = Vec::with_capacity(BREAKERS.into());
    let counted = measure(|| {
        for _ in 0..BREAKERS {
            let run = (case.make)();
            run.run(&mut 0, 200);
            kept.push(run);
        }
    });
    counted.bytes_current as f64 / f64::from(BREAKERS)
}

/// Bytes of one circuit among many in a registry, with its key and its entry, called once and then
/// idle.
#[allow(clippy::cast_precision_loss)] // Counts stay far below 2^53.
pub(crate) fn per_circuit(policy: Policy) -> f64 {
    let registry = Registry::new();
    let counted = measure(|| {
        for number in 0..CALLS {
            let breaker = registry.register(format!("service-{number:08}-status"), policy).expect("a new name");
            breaker.record_success();
        }
    });
    counted.bytes_current as f64 / f64::from(CALLS)
}
