//! Synchronous calls, and futures that the calling thread polls.

use std::sync::Arc;

use breaker_box::{Registry, circuit_breaker};

use super::annotated_error::AnnotatedError;
use super::futures::{call_or_abandon, drive};
use super::held_permits::HeldPermits;
use super::planned_call::PlannedCall;
use crate::problems::Problems;
use crate::random::Random;
use crate::tracked_call::{Intent, TrackedCall};

#[circuit_breaker(
    identifier = "circuit:{number}",
    scope = "soak",
    registry = registry,
    error_handler = |_| intent.outcome(),
)]
fn annotated(registry: &Registry, number: usize, tracked: &TrackedCall, intent: Intent) -> Result<u32, AnnotatedError> {
    Ok(tracked.run(intent)?)
}

/// Makes the call in a random way; panics that are not deliberate are problems.
pub(crate) fn call(plan: PlannedCall<'_>, held_permits: &HeldPermits, problems: &Problems, random: &mut Random) {
    let kinds: &[fn(PlannedCall<'_>, &TrackedCall)] = match plan.intent {
        Intent::Drop | Intent::Forget if random.one_in(2) => return held_permits.take(plan, problems, random),
        Intent::Drop | Intent::Forget => return wait_for(plan, problems, random),
        _ if random.one_in(6) => return held_permits.take(plan, problems, random),
        _ if random.one_in(4) => return wait_for(plan, problems, random),
        Intent::Succeed | Intent::Fail | Intent::Panic => &[handle, by_name, handle_with, by_name_with, attribute],
        _ => &[handle_with, by_name_with, attribute],
    };
    let kind = random.pick(kinds);
    let nested = random.one_in(50).then(|| PlannedCall::draw(plan.circuit_set, 0, random));
    let tracked = plan.circuit.track();
    problems.catch_panics(|| {
        if let Some(inner) = nested {
            call_nested(plan, &tracked, inner);
        } else {
            kind(plan, &tracked);
        }
        tracked.answered();
    });
}

/// Makes an asynchronous call that this thread polls.
fn wait_for(plan: PlannedCall<'_>, problems: &Problems, random: &mut Random) {
    let polls = random.count(0, 4);
    let kind = random.any();
    problems.catch_panics(|| drive(call_or_abandon(plan, kind, polls)));
}

/// Reports a call made elsewhere.
pub(crate) fn report(plan: PlannedCall<'_>, by_name: bool) {
    let PlannedCall { circuit_set, circuit, intent, .. } = plan;
    let tracked = TrackedCall::report(&circuit.expected);
    let intent = if intent == Intent::Succeed { intent } else { Intent::Fail };
    // These circuits are never removed from their registry.
    match (intent, by_name) {
        (Intent::Succeed, false) => circuit.breaker.record_success(),
        (Intent::Succeed, true) => circuit_set.registry.record_success(&circuit.key).expect("it is registered"),
        (_, false) => circuit.breaker.record_failure("reported"),
        (_, true) => circuit_set.registry.record_failure(&circuit.key, "reported").expect("it is registered"),
    }
    tracked.ends(intent.end());
}

fn handle(plan: PlannedCall<'_>, tracked: &TrackedCall) {
    // The tracked call knows the result.
    let _ = plan.circuit.breaker.call(|| tracked.run(plan.intent));
}

fn handle_with(plan: PlannedCall<'_>, tracked: &TrackedCall) {
    let _ = plan.circuit.breaker.call_with(|| tracked.run(plan.intent), |_| plan.intent.outcome());
}

fn by_name(plan: PlannedCall<'_>, tracked: &TrackedCall) {
    let _ = plan.circuit_set.registry.call(&plan.circuit.key, || tracked.run(plan.intent));
}

fn by_name_with(plan: PlannedCall<'_>, tracked: &TrackedCall) {
    let PlannedCall { circuit_set, circuit, intent, .. } = plan;
    let _ = circuit_set.registry.call_with(&circuit.key, || tracked.run(intent), |_| intent.outcome());
}

fn attribute(plan: PlannedCall<'_>, tracked: &TrackedCall) {
    match plan.circuit.site {
        Some(site) => (site.call)(tracked, plan.intent),
        None => drop(annotated(&plan.circuit_set.registry, plan.circuit.number, tracked, plan.intent)),
    }
}

/// Makes a call inside another, perhaps to the same circuit.
fn call_nested(plan: PlannedCall<'_>, tracked: &TrackedCall, inner: PlannedCall<'_>) {
    let body = || {
        tracked.begins();
        let is_same = Arc::ptr_eq(plan.circuit, inner.circuit);
        let within = if is_same { TrackedCall::inside(&inner.circuit.expected) } else { inner.circuit.track() };
        handle_with(PlannedCall { intent: Intent::Succeed, ..inner }, &within);
        within.answered();
        drop(within);
        tracked.run(plan.intent)
    };
    let _ = plan.circuit.breaker.call_with(body, |_| plan.intent.outcome());
}
