//! What a closed circuit has counted: a plain list, and what each condition sees in it.

use std::time::Duration;

use breaker_box::WindowStatus;

use super::happened::Cause;

use super::plan::{Extent, Keeping, NEVER, Nanos, Plan, nanos};

#[derive(Clone, Copy, Debug)]
struct Counted {
    at: Nanos,
    failed: bool,
    slow: bool,
    part: Part,
}

/// What of a result is meant. Threads may come between the two halves of a success.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    Whole,
    /// It ends a row of failures.
    Row,
    /// It is in the window of the rates. A failure too close to another one counts only here.
    Window,
}

/// All that was counted since the last clearing, oldest first; and for each condition, where in the
/// list it begins, because a condition that a new policy adds does not see what was counted before
/// it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcomes {
    list: Vec<Counted>,
    row_begins: usize,
    within_begins: usize,
    rate_begins: usize,
}

impl Outcomes {
    pub(crate) fn add(&mut self, at: Nanos, failed: bool, slow: bool) {
        self.list.push(Counted { at, failed, slow, part: Part::Whole });
    }

    /// A failure that only the rates see.
    pub(crate) fn add_to_rates(&mut self, at: Nanos, slow: bool) {
        self.list.push(Counted { at, failed: true, slow, part: Part::Window });
    }

    /// One half of a success.
    pub(crate) fn add_part(&mut self, at: Nanos, part: Part) {
        self.list.push(Counted { at, failed: false, slow: false, part });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Forgets what makes no sense under the new policy.
    pub(crate) fn reconfigure(&mut self, before: &Plan, after: &Plan, now: Nanos) {
        let end = self.list.len();
        if before.consecutive_failures.is_none() {
            self.row_begins = end;
        }
        if !(before.has_rate() && after.has_rate() && before.extent == after.extent) {
            self.rate_begins = end;
        }
        let slow_after = |plan: &Plan| plan.slow_call_rate.map(|(_, longer_than)| longer_than);
        if slow_after(before) != slow_after(after) {
            // What was slow under another limit says nothing under this one; whether it failed
            // still holds.
            self.list.iter_mut().for_each(|counted| counted.slow = false);
        }
        match (before.keeping(), after.keeping()) {
            (Keeping::SinceReset, Keeping::SinceReset) => {}
            (Keeping::InBuckets, Keeping::InBuckets) if window_of(before) == window_of(after) => {}
            // What had left the old window stays forgotten, also if the new one is longer.
            (Keeping::Exactly, Keeping::Exactly | Keeping::InBuckets | Keeping::SinceReset) => {
                let window = nanos(window_of(before).unwrap_or(Duration::MAX));
                while self.list.get(self.within_begins).is_some_and(|counted| now - counted.at >= window) {
                    self.within_begins += 1;
                }
                while self.failures_known() > before.failures_within.map_or(0, |(n, _)| n as usize) {
                    self.within_begins += 1;
                }
            }
            // What was counted without instants cannot be dated.
            _ => self.within_begins = end,
        }
    }

    /// Failures since the last success.
    pub(crate) fn failures_in_row(&self) -> usize {
        let known = self.list[self.row_begins..].iter().filter(|counted| counted.part != Part::Window);
        known.rev().take_while(|counted| counted.failed).count()
    }

    pub(crate) fn failures_within(&self, plan: &Plan, now: Nanos) -> usize {
        let Some((n, window)) = plan.failures_within else { return 0 };
        let lies_within = |counted: &&Counted| match plan.keeping() {
            Keeping::Not => false,
            Keeping::SinceReset => true,
            Keeping::Exactly => now - counted.at < nanos(window),
            Keeping::InBuckets => lies_in_buckets(counted.at, window, now),
        };
        let lying = self.failures_from(self.within_begins).filter(lies_within).count();
        // Those that are kept by their instants are kept up to the number that opens.
        if plan.keeping() == Keeping::Exactly { lying.min(n as usize) } else { lying }
    }

    fn failures_known(&self) -> usize {
        self.failures_from(self.within_begins).count()
    }

    /// The failures that all conditions count.
    fn failures_from(&self, begin: usize) -> impl Iterator<Item = &Counted> {
        self.list[begin..].iter().filter(|counted| counted.failed && counted.part != Part::Window)
    }

    /// The window of the rates.
    pub(crate) fn window(&self, plan: &Plan, now: Nanos) -> WindowStatus {
        let mut window = WindowStatus::default();
        if !plan.has_rate() {
            return window;
        }
        let known = self.list[self.rate_begins..].iter().filter(|counted| counted.part != Part::Row);
        let counted: Vec<&Counted> = match plan.extent {
            Extent::Calls(n) => known.rev().take(n as usize).collect(),
            Extent::Time(duration) => known.filter(|counted| lies_in_buckets(counted.at, duration, now)).collect(),
        };
        window.calls = counted.len() as u64;
        window.failures = counted.iter().filter(|counted| counted.failed).count() as u64;
        window.slow = counted.iter().filter(|counted| counted.slow).count() as u64;
        if window.calls >= plan.minimum() {
            window.failure_rate = plan.failure_rate.map(|_| ratio(window.failures, window.calls));
            window.slow_call_rate = plan.slow_call_rate.map(|_| ratio(window.slow, window.calls));
        }
        window
    }

    /// The failures that count towards opening.
    pub(crate) fn failure_count(&self, plan: &Plan, now: Nanos) -> u64 {
        if plan.consecutive_failures.is_some() {
            self.failures_in_row() as u64
        } else if plan.failures_within.is_some() {
            self.failures_within(plan, now) as u64
        } else {
            self.window(plan, now).failures
        }
    }

    /// The first condition that holds.
    pub(crate) fn opens(&self, plan: &Plan, now: Nanos) -> Option<Cause> {
        if plan.consecutive_failures.is_some_and(|n| self.failures_in_row() >= n as usize) {
            return Some(Cause::ConsecutiveFailures);
        }
        if plan.failures_within.is_some_and(|(n, _)| self.failures_within(plan, now) >= n as usize) {
            return Some(Cause::FailuresWithin);
        }
        let window = self.window(plan, now);
        let reached =
            |rate: Option<f64>, limit: Option<f64>| matches!((rate, limit), (Some(rate), Some(limit)) if rate >= limit);
        if reached(window.failure_rate, plan.failure_rate) {
            return Some(Cause::FailureRate);
        }
        if reached(window.slow_call_rate, plan.slow_call_rate.map(|(rate, _)| rate)) {
            return Some(Cause::SlowCallRate);
        }
        None
    }

    /// The instants ahead at which something leaves a window or a bucket begins.
    pub(crate) fn edges(&self, plan: &Plan, now: Nanos) -> Vec<Nanos> {
        let mut edges = Vec::new();
        let bucketed = match (plan.has_rate(), plan.extent) {
            (true, Extent::Time(duration)) => Some(duration),
            _ => plan.failures_within.filter(|_| plan.keeping() == Keeping::InBuckets).map(|(_, window)| window),
        };
        if let Some(duration) = bucketed {
            edges.push((now / width(duration)).saturating_add(1).saturating_mul(width(duration)));
            for counted in &self.list {
                edges.push((counted.at / width(duration)).saturating_add(10).saturating_mul(width(duration)));
            }
        }
        if let (Keeping::Exactly, Some((_, window))) = (plan.keeping(), plan.failures_within) {
            edges.extend(self.list.iter().map(|counted| counted.at.saturating_add(nanos(window))));
        }
        edges.retain(|edge| *edge > now && *edge < NEVER);
        edges.dedup();
        edges
    }
}

fn window_of(plan: &Plan) -> Option<Duration> {
    plan.failures_within.map(|(_, window)| window)
}

/// Whether an instant is in the current bucket or one of the nine before it.
fn lies_in_buckets(at: Nanos, window: Duration, now: Nanos) -> bool {
    now / width(window) - at / width(window) < 10
}

fn width(window: Duration) -> Nanos {
    (nanos(window) / 10).max(1)
}

#[allow(clippy::cast_precision_loss)]
fn ratio(part: u64, calls: u64) -> f64 {
    part as f64 / calls as f64
}
