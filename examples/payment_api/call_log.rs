//! Counts the calls of one client, by stage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::{Answer, Call};
use crate::schedule::{LAST, STAGES, Schedule};

/// A call that is over.
#[derive(Debug)]
pub(crate) struct FinishedCall {
    pub(crate) call: Call,
    pub(crate) began: Instant,
    /// The stage in which it began.
    pub(crate) stage: usize,
    pub(crate) answer: Answer,
}

#[derive(Debug)]
pub(crate) struct CallLog {
    schedule: Schedule,
    counts: Mutex<CallCounts>,
}

/// What a log says.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallCounts {
    /// The callers' experience in each stage.
    pub(crate) stages: [Experience; STAGES.len()],
    /// How often each function gave each answer, by the stage in which it was called.
    pub(crate) answers: BTreeMap<(usize, Call, Answer), u64>,
    /// How long after the server recovered each function worked again.
    pub(crate) recovered: BTreeMap<Call, Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Experience {
    pub(crate) calls: u64,
    pub(crate) useful: u64,
    pub(crate) waited: Duration,
    pub(crate) worst: Duration,
}

impl CallLog {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self { schedule, counts: Mutex::new(CallCounts::default()) }
    }

    pub(crate) fn record(&self, done: FinishedCall) {
        let FinishedCall { call, began, stage, answer } = done;
        let waited = began.elapsed();
        // A panic of a caller leaves the counts valid.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let experience = &mut counts.stages[stage];
        experience.calls += 1;
        experience.useful += u64::from(answer.is_useful());
        experience.waited += waited;
        experience.worst = experience.worst.max(waited);
        if stage == LAST && matches!(answer, Answer::Live(_)) {
            let since = self.schedule.begin_of(LAST).elapsed();
            counts.recovered.entry(call).or_insert(since);
        }
        *counts.answers.entry((stage, call, answer)).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> CallCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl CallCounts {
    /// All functions that were called.
    pub(crate) fn calls(&self) -> BTreeSet<Call> {
        self.answers.keys().map(|(_, call, _)| *call).collect()
    }

    /// How many answers of this sort there were.
    pub(crate) fn count(&self, sort: impl Fn(Call, &Answer) -> bool) -> u64 {
        self.count_by_stage(|_, call, answer| sort(call, answer))
    }

    pub(crate) fn count_by_stage(&self, sort: impl Fn(usize, Call, &Answer) -> bool) -> u64 {
        let sorted = self.answers.iter().filter(|((stage, call, answer), _)| sort(*stage, *call, answer));
        sorted.map(|(_, count)| count).sum()
    }
}
