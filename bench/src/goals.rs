//! The goals that the library holds itself to, compared with the results.

use crate::case::{
    ASYNC, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Group, HALF_OPEN, KEYED, NAMES_1M,
    NAMES_10, NAMES_10K, OPEN, SUBSCRIBED, Side, TIME, TIME_1, TIME_25, TIME_FAIL, threads_in_words,
};
use crate::results::Results;

/// A goal and how near the library came.
pub(crate) struct Goal {
    pub(crate) text: String,
    pub(crate) found: String,
    pub(crate) holds: bool,
}

/// All goals that could be measured.
pub(crate) fn evaluate(results: &Results) -> Vec<Goal> {
    let goal = Goals { results };
    let mut goals = Vec::new();
    for subject in ["handle", "attribute"] {
        for group in [CONSECUTIVE, CALLS] {
            goals.extend([
                goal.above_bare(group, subject, 1.5),
                goal.times_best_peer(group, subject, 1, 6.0),
                goal.times_best_peer(group, subject, 2, 30.0),
                goal.throughput(group, subject),
            ]);
        }
        goals.extend([
            goal.above_bare(TIME, subject, 5.0),
            goal.times_peer((TIME, "recloser"), CALLS, subject, 1, 2.5),
            goal.times_peer((TIME, "recloser"), CALLS, subject, 2, 8.0),
            goal.throughput(TIME, subject),
        ]);
        for (failing, quiet) in [(CALLS_1, CALLS), (TIME_1, TIME)] {
            goals.push(goal.times_quiet(failing, quiet, subject));
            goals.push(goal.at_most(failing, subject, 2, 30.0));
        }
        for group in [CALLS_25, TIME_25, CONSECUTIVE_FAIL, CALLS_FAIL, TIME_FAIL] {
            goals.push(goal.times_best_peer(group, subject, 1, 1.0));
            goals.push(goal.times_best_peer(group, subject, 2, 1.0));
        }
        goals.push(goal.above_bare(ASYNC, subject, 2.0));
    }
    // The error of a call site borrows its circuit; that of a handle counts a reference, and is not
    // held to these.
    goals.extend([
        goal.at_most(OPEN, "attribute", 1, 16.0),
        goal.times_best_peer(OPEN, "attribute", 1, 2.0),
        goal.times_best_peer(OPEN, "attribute", 2, 2.0),
        goal.at_most(OPEN, "handle", 1, 16.0),
    ]);
    goals.extend([
        goal.at_most(NAMES_10, "registry.call", 1, 20.0),
        goal.at_most(NAMES_10K, "registry.call", 1, 25.0),
        goal.two_no_slower(NAMES_10, "registry.call"),
        goal.two_no_slower(NAMES_10K, "registry.call"),
        goal.two_no_slower(NAMES_1M, "registry.call"),
        goal.above("handle, other kinds", 0.3),
        goal.above("handle, another circuit", 5.0),
        goal.no_allocations(&[CONSECUTIVE, CALLS, TIME, OPEN, HALF_OPEN, ASYNC, KEYED]),
        goal.bytes(CONSECUTIVE, 256.0),
        goal.bytes(CALLS, 512.0),
        goal.bytes(TIME, 1_024.0),
    ]);
    goals.into_iter().flatten().collect()
}

struct Goals<'a> {
    results: &'a Results,
}

impl Goals<'_> {
    fn median(&self, group: &Group, subject: &str, threads: usize) -> Option<f64> {
        self.results.line(group, subject)?.median(threads)
    }

    fn above_bare(&self, group: &Group, subject: &str, limit: f64) -> Option<Goal> {
        let above = self.median(group, subject, 1)? - self.median(group, "bare", 1)?;
        Some(Goal {
            text: format!("{}, {subject}: at most {limit} ns above bare", group.name),
            found: format!("{above:.2} ns"),
            holds: above <= limit,
        })
    }

    fn above(&self, subject: &str, limit: f64) -> Option<Goal> {
        let quiet = self.median(SUBSCRIBED, "handle, no subscription", 1)?;
        let above = self.median(SUBSCRIBED, subject, 1)? - quiet;
        Some(Goal {
            text: format!("subscribed, {subject}: at most {limit} ns above no subscription"),
            found: format!("{above:.2} ns"),
            holds: above <= limit,
        })
    }

    fn at_most(&self, group: &Group, subject: &str, threads: usize, limit: f64) -> Option<Goal> {
        let median = self.median(group, subject, threads)?;
        Some(Goal {
            text: format!("{}, {subject}, {}: at most {limit} ns", group.name, threads_in_words(threads)),
            found: format!("{median:.1} ns"),
            holds: median <= limit,
        })
    }

    fn times_best_peer(&self, group: &'static Group, subject: &str, threads: usize, limit: f64) -> Option<Goal> {
        let (peer, _) = self.results.best_peer(group, threads)?;
        self.times_peer((group, peer), group, subject, threads, limit)
    }

    /// How many times as fast as a peer, which may be one of another group where it has no such
    /// case itself.
    fn times_peer(
        &self,
        (group, peer): (&Group, &str),
        peers_group: &Group,
        subject: &str,
        threads: usize,
        limit: f64,
    ) -> Option<Goal> {
        let ratio = self.median(peers_group, peer, threads)? / self.median(group, subject, threads)?;
        Some(Goal {
            text: format!(
                "{}, {subject}, {}: at least {limit} × as fast as {peer}",
                group.name,
                threads_in_words(threads)
            ),
            found: format!("{ratio:.1} ×"),
            holds: ratio >= limit,
        })
    }

    fn times_quiet(&self, failing: &Group, quiet: &Group, subject: &str) -> Option<Goal> {
        let ratio = self.median(failing, subject, 1)? / self.median(quiet, subject, 1)?;
        Some(Goal {
            text: format!("{}, {subject}: at most 2 × the cost without failures", failing.name),
            found: format!("{ratio:.2} ×"),
            holds: ratio <= 2.0,
        })
    }

    fn throughput(&self, group: &Group, subject: &str) -> Option<Goal> {
        let ratio = 2.0 * self.median(group, subject, 1)? / self.median(group, subject, 2)?;
        Some(Goal {
            text: format!("{}, {subject}: two threads do at least 1.8 × as much as one", group.name),
            found: format!("{ratio:.2} ×"),
            holds: ratio >= 1.8,
        })
    }

    fn two_no_slower(&self, group: &Group, subject: &str) -> Option<Goal> {
        let (one, two) = (self.median(group, subject, 1)?, self.median(group, subject, 2)?);
        Some(Goal {
            text: format!("{}, {subject}: two threads no slower per call than one (5 % for noise)", group.name),
            found: format!("{one:.1} and {two:.1} ns"),
            holds: two <= one * 1.05,
        })
    }

    fn no_allocations(&self, groups: &[&Group]) -> Option<Goal> {
        let ours =
            self.results.lines.iter().filter(|line| line.case.side == Side::Ours && groups.contains(&line.case.group));
        let most = ours.filter_map(|line| line.allocations).map(|found| found.allocations).max_by(f64::total_cmp)?;
        Some(Goal {
            text: "no allocation in any call, closed, rejected, half-open, async, keyed".to_owned(),
            found: format!("{most} per call"),
            holds: most == 0.0,
        })
    }

    fn bytes(&self, group: &Group, limit: f64) -> Option<Goal> {
        let (_, bytes) = *self.results.registered.iter().find(|(weighed, _)| *weighed == group)?;
        Some(Goal {
            text: format!("{}: at most {limit} bytes per circuit in a registry, with key and entry", group.name),
            found: format!("{bytes:.0} bytes"),
            holds: bytes <= limit,
        })
    }
}
