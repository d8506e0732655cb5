//! Permits that are held for a while and settled by any thread, so that results are late and out of
//! order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use breaker_box::Permit;

use super::planned_call::PlannedCall;
use crate::expected_totals::Completion;
use crate::problems::Problems;
use crate::random::Random;
use crate::tracked_call::{DELIBERATE, Intent, TrackedCall};

/// At most this many permits are held.
const MAX_HELD: usize = 64;

/// A permit that is held.
#[derive(Debug)]
pub(crate) struct HeldPermit {
    permit: Permit,
    tracked: TrackedCall,
    intent: Intent,
}

/// The permits that are held at the moment.
#[derive(Debug, Default)]
pub(crate) struct HeldPermits(Mutex<Vec<HeldPermit>>);

impl HeldPermits {
    /// Acquires a permit, and settles it or another one that is held.
    pub(crate) fn take(&self, plan: PlannedCall<'_>, problems: &Problems, random: &mut Random) {
        let tracked = plan.circuit.track();
        let permit = plan.circuit.breaker.try_acquire();
        tracked.answered();
        let Ok(permit) = permit else { return };
        tracked.begins();
        let mut held = HeldPermit { permit, tracked, intent: plan.intent };
        if random.one_in(2) {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() < MAX_HELD {
                waiting.push(held);
                return;
            }
            let place = random.index(MAX_HELD);
            held = std::mem::replace(&mut waiting[place], held);
        }
        problems.catch_panics(|| held.settle(random));
    }

    /// Settles all held permits.
    pub(crate) fn settle_all(&self, problems: &Problems, random: &mut Random) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for held in waiting {
            problems.catch_panics(|| held.settle(random));
        }
    }
}

impl HeldPermit {
    fn settle(self, random: &mut Random) {
        let Self { permit, tracked, intent } = self;
        let by_name = random.one_in(2);
        match intent {
            Intent::Succeed if by_name => permit.success(),
            Intent::Fail if by_name => permit.failure("by hand"),
            Intent::Ignore if by_name => permit.ignore(),
            // A dropped permit is cancelled, which is what the tracked call records.
            Intent::Drop | Intent::PanicInClassifier => return drop(permit),
            Intent::Forget => std::mem::forget(permit),
            Intent::Panic => {
                let _ = catch_unwind(AssertUnwindSafe(move || {
                    let _held = permit;
                    panic!("{DELIBERATE}while a permit is held");
                }));
            }
            intent => permit.settle(intent.outcome()),
        }
        tracked.ends(if intent == Intent::Forget { Completion::Forgotten } else { intent.end() });
    }
}
