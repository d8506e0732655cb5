//! Permits that wait to be settled, by whatever thread comes: so that results are late, in any
//! order, and from elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use breaker_box::Permit;

use super::errand::Errand;
use crate::chance::Chance;
use crate::findings::Findings;
use crate::ledger::End;
use crate::visit::{Intent, ON_PURPOSE, Visit};

/// So many permits wait at the most.
const PLACES: usize = 64;

/// A permit that waits.
#[derive(Debug)]
pub(crate) struct Held {
    permit: Permit,
    visit: Visit,
    intent: Intent,
}

/// Where they wait.
#[derive(Debug, Default)]
pub(crate) struct Desk(Mutex<Vec<Held>>);

impl Desk {
    /// Asks for a permit, and settles it or another one that waits.
    pub(crate) fn take(&self, errand: Errand<'_>, findings: &Findings, chance: &mut Chance) {
        let visit = errand.subject.visit();
        let permit = errand.subject.breaker.try_acquire();
        visit.answered();
        let Ok(permit) = permit else { return };
        visit.begins();
        let mut held = Held { permit, visit, intent: errand.intent };
        if chance.one_in(2) {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() < PLACES {
                waiting.push(held);
                return;
            }
            let place = chance.index(PLACES);
            held = std::mem::replace(&mut waiting[place], held);
        }
        findings.watch_for_panics(|| held.settle(chance));
    }

    /// Settles all that wait.
    pub(crate) fn close(&self, findings: &Findings, chance: &mut Chance) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for held in waiting {
            findings.watch_for_panics(|| held.settle(chance));
        }
    }
}

impl Held {
    fn settle(self, chance: &mut Chance) {
        let Self { permit, visit, intent } = self;
        let by_name = chance.one_in(2);
        match intent {
            Intent::Succeed if by_name => permit.success(),
            Intent::Fail if by_name => permit.failure("by hand"),
            Intent::Ignore if by_name => permit.ignore(),
            // Dropped, it was cancelled, which is what the visit takes it for.
            Intent::Drop | Intent::Confuse => return drop(permit),
            Intent::Forget => std::mem::forget(permit),
            Intent::Panic => {
                let _ = catch_unwind(AssertUnwindSafe(move || {
                    let _held = permit;
                    panic!("{ON_PURPOSE}while a permit is held");
                }));
            }
            intent => permit.settle(intent.outcome()),
        }
        visit.ends(if intent == Intent::Forget { End::Forgotten } else { intent.end() });
    }
}
