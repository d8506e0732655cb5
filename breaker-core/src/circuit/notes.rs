//! What a fleet hears of a step of the state machine.

use super::jitter::jitter_sample;
use super::locked::Locked;
use crate::cause::Cause;
use crate::clock::Clock;
use crate::clock::tick::Tick;
use crate::key::Key;
use crate::machine::trigger::Trigger;
use crate::machine::{Snapshot, Step, Transition};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::sharing::{Change, Generation, Note, ProbeReport};
use crate::state::State;

/// What goes with a step.
pub(super) struct Context<'a> {
    /// The snapshot before the step.
    pub(super) before: &'a Snapshot,
    pub(super) policy: &'a Policy,
    pub(super) key: &'a Key,
    pub(super) clock: &'a Clock,
    pub(super) now: Tick,
    pub(super) reason: Option<&'a Reason>,
    /// Whether orders are meant for this instance only.
    pub(super) only_here: bool,
}

/// The new generations, in order, then what became of the probes.
pub(super) fn of(step: &Step, context: &Context<'_>) -> Vec<Note> {
    let mut notes = changes(step, context);
    notes.extend(wanted(step));
    notes.extend(report(step, context));
    notes
}

fn changes(step: &Step, context: &Context<'_>) -> Vec<Note> {
    let count = step.entered.iter().flatten().count();
    // Generations are numbered one by one, and the last is that of the step.
    let generations = (0..count).rev().map(|back| (0..back).fold(step.next.generation, |number, _| before(number)));
    let entered = step.entered.iter().flatten();
    let change = |(entered, generation): (&Transition, u32)| {
        Note::Changed(Change {
            generation: Generation::new(generation),
            state: entered.to,
            left: entered.until.left_at(context.now),
            openings: entered.openings,
            cause: Cause::new(entered.trigger, context.reason),
            only_here: context.only_here && entered.trigger == Trigger::Manual,
        })
    };
    entered.zip(generations).map(change).collect()
}

/// The number of the generation before this one.
const fn before(number: u32) -> u32 {
    number.wrapping_sub(1) & Snapshot::MAX_GENERATION
}

fn wanted(step: &Step) -> Option<Note> {
    step.wants_probe.then(|| Note::ProbeWanted(Generation::new(step.next.generation)))
}

/// How the probes of a circuit that holds them are doing, if that has changed.
fn report(step: &Step, context: &Context<'_>) -> Option<Note> {
    let Snapshot { state, generation, openings, probes, allowance, .. } = step.next;
    // Also if the generation begins with this step: an open circuit has no probes.
    let known = context.before.probes;
    let has_changed =
        (probes.in_flight, probes.successes, probes.failures) != (known.in_flight, known.successes, known.failures);
    (state == State::HalfOpen && allowance.is_some() && has_changed).then(|| {
        let policy = context.policy;
        let next_openings = openings.saturating_add(1);
        // That of an opening in this generation.
        let sample = || jitter_sample(context.key, generation, context.clock);
        Note::ProbeSettled(ProbeReport {
            generation: Generation::new(generation),
            successes: probes.successes,
            failures: probes.failures,
            in_flight: probes.in_flight,
            success_threshold: policy.success_threshold,
            failure_threshold: policy.half_open_failure_threshold,
            max_calls: policy.half_open_max_calls,
            next_openings,
            next_period: policy.jittered_period(next_openings, sample),
            ramp_up: policy.ramp_up,
        })
    })
}

/// The state that a circuit is in.
pub(super) fn present(locked: &Locked, now: Tick) -> Change {
    let Snapshot { state, generation, openings, .. } = *locked.snapshot();
    let (trigger, only_here) = locked.entered_by().unwrap_or((Trigger::Manual, false));
    Change {
        generation: Generation::new(generation),
        state,
        left: locked.snapshot().until(&locked.policy).and_then(|until| until.left_at(now)),
        openings,
        cause: Cause::new(trigger, None),
        only_here,
    }
}
