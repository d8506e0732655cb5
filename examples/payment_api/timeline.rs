//! What happened, as it happened, in few lines: answers are counted until the circuit's state changes or the stage ends.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use breaker_box::{Cause, Event, EventKind, EventType, Filter, Registry, State, Subscription};

use crate::answer::{Answer, Call};
use crate::schedule::{STAGES, Schedule};

#[derive(Debug)]
pub(crate) struct Timeline {
    schedule: Schedule,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// By circuit: what has not been printed yet.
    circuits: BTreeMap<String, Unprinted>,
    /// Why circuits opened and closed.
    causes: Vec<Cause>,
    panics: u64,
}

#[derive(Debug, Default)]
struct Unprinted {
    answers: BTreeMap<Answer, u64>,
    failed_probes: u32,
}

impl Timeline {
    pub(crate) fn new(schedule: Schedule) -> Arc<Self> {
        Arc::new(Self { schedule, notes: Mutex::default() })
    }

    /// Follows the circuits of a registry for as long as the subscription is held.
    pub(crate) fn follow(self: &Arc<Self>, registry: &Registry) -> Subscription {
        let timeline = Arc::clone(self);
        let filter = Filter::all().kinds([EventType::StateChanged, EventType::Panicked]);
        registry.subscribe(filter, move |event| timeline.happened(event))
    }

    pub(crate) fn answered(&self, call: Call, answer: &Answer) {
        let mut notes = self.notes();
        let unprinted = notes.circuits.entry(call.to_string()).or_default();
        *unprinted.answers.entry(answer.clone()).or_default() += 1;
    }

    pub(crate) fn stage_ends(&self) {
        let mut notes = self.notes();
        for (circuit, unprinted) in &mut notes.circuits {
            self.print_counts(circuit, unprinted);
        }
    }

    pub(crate) fn stage_begins(&self, stage: usize) {
        let _notes = self.notes();
        println!("{:>7.3}  ── the server: {} ──", self.seconds(), STAGES[stage].phase.title());
    }

    /// Whether a circuit changed its state for such a cause.
    pub(crate) fn has_seen(&self, cause: impl Fn(&Cause) -> bool) -> bool {
        self.notes().causes.iter().any(cause)
    }

    pub(crate) fn panics(&self) -> u64 {
        self.notes().panics
    }

    fn happened(&self, event: &Event) {
        let circuit = event.key.to_string();
        let mut notes = self.notes();
        match &event.kind {
            EventKind::Panicked { .. } => notes.panics += 1,
            EventKind::StateChanged { from, to, cause } => {
                notes.causes.push(cause.clone());
                self.changed(&circuit, notes.circuits.entry(circuit.clone()).or_default(), (*from, *to), cause);
            }
            _ => {}
        }
    }

    /// A circuit that goes out to look, and finds the server still down, is counted; the other changes are printed.
    fn changed(&self, circuit: &str, unprinted: &mut Unprinted, change: (State, State), cause: &Cause) {
        match change {
            (State::Open, State::HalfOpen) => {}
            (State::HalfOpen, State::Open) => unprinted.failed_probes += 1,
            (from, to) => {
                self.print_counts(circuit, unprinted);
                let reason = cause.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
                println!("{:>7.3}  {circuit:<14} ● {from} → {to}: {}{reason}", self.seconds(), cause.as_str());
            }
        }
    }

    fn print_counts(&self, circuit: &str, unprinted: &mut Unprinted) {
        let Unprinted { answers, failed_probes } = mem::take(unprinted);
        let mut parts: Vec<_> = answers.iter().map(|(answer, count)| format!("{count} × {answer}")).collect();
        if failed_probes > 0 {
            parts.push(format!("{failed_probes} × a probe failed, open again"));
        }
        if !parts.is_empty() {
            println!("{:>7.3}  {circuit:<14}   {}", self.seconds(), parts.join(" · "));
        }
    }

    fn seconds(&self) -> f64 {
        self.schedule.elapsed().as_secs_f64()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
