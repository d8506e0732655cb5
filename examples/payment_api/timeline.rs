//! What happened, as it happened: every change of a circuit's state, and between them what its
//! callers got, counted.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use breaker_box::{Cause, Event, EventKind, EventType, Filter, Registry, State, Subscription};

use crate::answer::{Answer, Call};
use crate::schedule::{STAGES, Schedule};

/// The columns of a terminal that nobody has made wider. Lines are measured in bytes, which are
/// never fewer than the columns.
const WIDTH: usize = 80;

/// Where the text of a line begins, after the time and the circuit.
const INDENT: usize = 24;

/// What the words of the timeline mean.
const LEGEND: &str = "\
A payment API goes through every fault that a server can have. The client calls
it through functions that are annotated with #[circuit_breaker]; a second client
calls a second server without them, for comparison.

  ●          a circuit changed its state, and why
  closed     normal: calls reach the server, and their results are counted
  open       calls are rejected without being sent, until a time is over
  half-open  the time is over; one call is let through to see whether the server
             works again: the probe
  3 × …      what the callers of that circuit got since its last such line
  failed     the call was made and failed; what it failed with
  rejected   refused by the circuit; after the arrow, what the caller got: an
             error, or the answer of the function's fallback

seconds  circuit";

/// Prints a line, which must fit.
pub(crate) fn print(line: &str) {
    assert!(line.lines().all(|line| line.len() <= WIDTH), "too long for {WIDTH} columns: {line}");
    println!("{line}");
}

#[derive(Debug)]
pub(crate) struct Timeline {
    schedule: Schedule,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// By circuit: the answers that have not been printed yet.
    unprinted: BTreeMap<String, Answers>,
    /// Why circuits opened and closed.
    causes: Vec<Cause>,
    panics: u64,
}

/// How often each answer was given.
type Answers = BTreeMap<Answer, u64>;

impl Timeline {
    pub(crate) fn new(schedule: Schedule) -> Arc<Self> {
        Arc::new(Self { schedule, notes: Mutex::default() })
    }

    pub(crate) fn explain() {
        print(LEGEND);
    }

    /// Follows the circuits of a registry for as long as the subscription is held.
    pub(crate) fn follow(self: &Arc<Self>, registry: &Registry) -> Subscription {
        let timeline = Arc::clone(self);
        let filter = Filter::all().events([EventType::StateChanged, EventType::Panicked]);
        registry.subscribe(filter, move |event| timeline.happened(event))
    }

    pub(crate) fn answered(&self, call: Call, answer: &Answer) {
        let mut notes = self.notes();
        let answers = notes.unprinted.entry(call.to_string()).or_default();
        *answers.entry(answer.clone()).or_default() += 1;
    }

    pub(crate) fn stage_ends(&self) {
        let mut notes = self.notes();
        for (circuit, answers) in &mut notes.unprinted {
            self.print_counts(circuit, mem::take(answers));
        }
    }

    pub(crate) fn stage_begins(&self, stage: usize) {
        let _notes = self.notes();
        print(&format!("{:>7.3}  ── the server: {} ──", self.seconds(), STAGES[stage].phase.title()));
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
            EventKind::StateChanged { from, to, cause, .. } => {
                notes.causes.push(cause.clone());
                self.changed(&mut notes, &circuit, (*from, *to), cause);
            }
            _ => {}
        }
    }

    /// The counts are printed where they end: when a circuit leaves the closed state, and when it
    /// comes back to it.
    fn changed(&self, notes: &mut Notes, circuit: &str, (from, to): (State, State), cause: &Cause) {
        if from == State::Closed || to == State::Closed {
            let answers = notes.unprinted.get_mut(circuit).map(mem::take).unwrap_or_default();
            self.print_counts(circuit, answers);
        }
        print(&format!("{:>7.3}  {circuit:<13} ● {from} → {to}: {}", self.seconds(), why(cause)));
    }

    fn print_counts(&self, circuit: &str, answers: Answers) {
        let mut line = format!("{:>7.3}  {circuit:<13}  ", self.seconds());
        let mut is_empty = true;
        for (answer, count) in answers {
            let part = format!(" {count} × {answer}");
            if !is_empty && line.len() + part.len() + 1 > WIDTH {
                print(&format!("{line},"));
                line = " ".repeat(INDENT);
            } else if !is_empty {
                line.push(',');
            }
            line.push_str(&part);
            is_empty = false;
        }
        if !is_empty {
            print(&line);
        }
    }

    fn seconds(&self) -> f64 {
        self.schedule.elapsed().as_secs_f64()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the words of the policies in `protected.rs`.
fn why(cause: &Cause) -> &str {
    match cause {
        Cause::ConsecutiveFailures => "too many failures in a row",
        Cause::FailureRate => "half of the calls failed",
        Cause::SlowCallRate => "half of the calls were slow",
        Cause::Tripped { .. } => "the server sent Retry-After",
        Cause::Expired => "time for a probe",
        Cause::ProbeFailed => "the probe failed",
        Cause::ProbesSucceeded => "the probe succeeded",
        Cause::HalfOpenTimeout => "the probe did not come back",
        _ => "somebody asked for it",
    }
}
