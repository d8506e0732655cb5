//! Calls that are made and settled on one thread.

use std::sync::Arc;

use breaker_box::{Registry, circuit_breaker};

use super::desk::Desk;
use super::errand::Errand;
use super::futures::{drive, enter_and_give_up};
use super::refused::Refused;
use crate::chance::Chance;
use crate::findings::Findings;
use crate::visit::{Intent, Visit};

#[circuit_breaker(
    identifier = "fleet:{number}",
    scope = "soak",
    registry = registry,
    error_handler = |_| intent.outcome(),
)]
fn annotated(registry: &Registry, number: usize, visit: &Visit, intent: Intent) -> Result<u32, Refused> {
    Ok(visit.run(intent)?)
}

/// Makes the call through a door drawn by chance; panics that are not on purpose are found.
pub(crate) fn call(errand: Errand<'_>, desk: &Desk, findings: &Findings, chance: &mut Chance) {
    let doors: &[fn(Errand<'_>, &Visit)] = match errand.intent {
        Intent::Drop | Intent::Forget if chance.one_in(2) => return desk.take(errand, findings, chance),
        Intent::Drop | Intent::Forget => return wait_for(errand, findings, chance),
        _ if chance.one_in(6) => return desk.take(errand, findings, chance),
        _ if chance.one_in(4) => return wait_for(errand, findings, chance),
        Intent::Succeed | Intent::Fail | Intent::Panic => &[handle, by_name, handle_with, by_name_with, attribute],
        _ => &[handle_with, by_name_with, attribute],
    };
    let door = chance.pick(doors);
    let nested = chance.one_in(50).then(|| Errand::draw(errand.fleet, 0, chance));
    let visit = errand.subject.visit();
    findings.watch_for_panics(|| {
        if let Some(inner) = nested {
            enter_within(errand, &visit, inner);
        } else {
            door(errand, &visit);
        }
        visit.answered();
    });
}

/// A future that this thread polls by itself.
fn wait_for(errand: Errand<'_>, findings: &Findings, chance: &mut Chance) {
    let polls = chance.count(0, 4);
    let door = chance.any();
    findings.watch_for_panics(|| drive(enter_and_give_up(errand, door, polls)));
}

/// Reports a call made elsewhere.
pub(crate) fn report(errand: Errand<'_>, by_name: bool) {
    let Errand { fleet, subject, intent, .. } = errand;
    let visit = Visit::report(&subject.ledger);
    let intent = if intent == Intent::Succeed { intent } else { Intent::Fail };
    // Subjects are never taken out of their registry.
    match (intent, by_name) {
        (Intent::Succeed, false) => subject.breaker.record_success(),
        (Intent::Succeed, true) => fleet.registry.record_success(&subject.key).expect("it is registered"),
        (_, false) => subject.breaker.record_failure("reported"),
        (_, true) => fleet.registry.record_failure(&subject.key, "reported").expect("it is registered"),
    }
    visit.ends(intent.end());
}

fn handle(errand: Errand<'_>, visit: &Visit) {
    // What it answers, the visit knows.
    let _ = errand.subject.breaker.call(|| visit.run(errand.intent));
}

fn handle_with(errand: Errand<'_>, visit: &Visit) {
    let _ = errand.subject.breaker.call_with(|| visit.run(errand.intent), |_| errand.intent.outcome());
}

fn by_name(errand: Errand<'_>, visit: &Visit) {
    let _ = errand.fleet.registry.call(&errand.subject.key, || visit.run(errand.intent));
}

fn by_name_with(errand: Errand<'_>, visit: &Visit) {
    let Errand { fleet, subject, intent, .. } = errand;
    let _ = fleet.registry.call_with(&subject.key, || visit.run(intent), |_| intent.outcome());
}

fn attribute(errand: Errand<'_>, visit: &Visit) {
    match errand.subject.site {
        Some(site) => (site.call)(visit, errand.intent),
        None => drop(annotated(&errand.fleet.registry, errand.subject.number, visit, errand.intent)),
    }
}

/// One call within another, perhaps to the same circuit.
fn enter_within(errand: Errand<'_>, visit: &Visit, inner: Errand<'_>) {
    let body = || {
        visit.begins();
        let is_same = Arc::ptr_eq(errand.subject, inner.subject);
        let within = if is_same { Visit::inside(&inner.subject.ledger) } else { inner.subject.visit() };
        handle_with(Errand { intent: Intent::Succeed, ..inner }, &within);
        within.answered();
        drop(within);
        visit.run(errand.intent)
    };
    let _ = errand.subject.breaker.call_with(body, |_| errand.intent.outcome());
}
