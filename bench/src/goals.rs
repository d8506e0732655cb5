//! The goals that the library holds itself to, compared with the results.

use crate::build::Build;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Group,
    HALF_OPEN, KEYED, NAMES_1M, NAMES_10, NAMES_10K, OPEN, OPENING, PERMIT, PROBES, REALISTIC, REALISTIC_ASYNC,
    REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED, REALISTIC_OPEN, SUBSCRIBED, Side, TIME, TIME_1, TIME_25,
    TIME_FAIL, threads_in_words,
};
use crate::results::Results;
use crate::times::Times;

/// What a build reached, and whether that is enough.
pub(crate) type Found = (String, bool);

/// A goal and how near the library came, in each build.
pub(crate) struct Goal {
    pub(crate) text: String,
    pub(crate) found: [Found; 2],
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
            goal.times_peer((TIME, subject), (CALLS, "recloser"), 1, 2.5),
            goal.times_peer((TIME, subject), (CALLS, "recloser"), 2, 8.0),
            goal.throughput(TIME, subject),
        ]);
        for (failing, quiet) in [(CALLS_1, CALLS), (TIME_1, TIME)] {
            goals.push(goal.times_quiet(failing, quiet, subject));
            goals.push(goal.at_most(failing, subject, 2, 30.0));
        }
        for threads in [1, 2] {
            goals.push(goal.times_peer((OPENING, subject), (OPENING, "mutex by hand"), threads, 1.0));
        }
        for group in [CALLS_25, TIME_25, CONSECUTIVE_FAIL, CALLS_FAIL, TIME_FAIL, ASYNC_FAIL, PERMIT, PROBES] {
            goals.push(goal.times_best_peer(group, subject, 1, 1.0));
            goals.push(goal.times_best_peer(group, subject, 2, 1.0));
        }
    }
    goals.extend(large_results(&goal));
    goals.extend(rejections(&goal));
    goals.extend([
        goal.at_most(CONSECUTIVE_FAIL, "attribute, with reasons", 1, 60.0),
        goal.at_most(REALISTIC_FAIL, "attribute, with reasons", 1, 60.0),
        goal.above_bare(ASYNC, "handle", 2.0),
        goal.above_bare(ASYNC, "attribute", 3.0),
        goal.at_most(NAMES_10, "registry.call", 1, 20.0),
        goal.at_most(NAMES_10K, "registry.call", 1, 25.0),
        goal.two_no_slower(NAMES_10, "registry.call"),
        goal.two_no_slower(NAMES_10K, "registry.call"),
        goal.two_no_slower(NAMES_1M, "registry.call"),
        goal.above("handle, other kinds", 0.3),
        goal.above("handle, another circuit", 5.0),
        goal.no_allocations(&[CONSECUTIVE, CALLS, TIME, OPEN, HALF_OPEN, ASYNC, KEYED, REALISTIC, REALISTIC_OPEN]),
        goal.bytes(CONSECUTIVE, 256.0),
        goal.bytes(CALLS, 512.0),
        goal.bytes(TIME, 1_024.0),
    ]);
    goals.into_iter().flatten().collect()
}

/// Calls that return structs are no slower than the fastest peer's on one thread, and ten times as
/// fast on two.
fn large_results(goal: &Goals<'_>) -> Vec<Option<Goal>> {
    let mut goals = Vec::new();
    for group in [REALISTIC, REALISTIC_INLINED, REALISTIC_ASYNC] {
        for subject in ["handle", "attribute", "by name", "tower layer"] {
            goals.push(goal.times_best_peer(group, subject, 1, 1.0));
            goals.push(goal.times_best_peer(group, subject, 2, 10.0));
        }
    }
    for subject in ["handle", "attribute", "by name"] {
        goals.push(goal.times_best_peer(REALISTIC_FAIL, subject, 1, 1.0));
        goals.push(goal.times_best_peer(REALISTIC_FAIL, subject, 2, 1.0));
    }
    goals.extend([goal.above_bare(REALISTIC_ASYNC, "handle", 2.0), goal.above_bare(REALISTIC_ASYNC, "attribute", 3.0)]);
    goals
}

/// Threads that are rejected share nothing.
fn rejections(goal: &Goals<'_>) -> Vec<Option<Goal>> {
    let mut goals = Vec::new();
    for subject in ["handle", "attribute"] {
        goals.extend([
            goal.at_most(OPEN, subject, 1, 16.0),
            goal.times_best_peer(OPEN, subject, 1, 2.0),
            goal.times_best_peer(OPEN, subject, 2, 2.0),
        ]);
    }
    for group in [OPEN, HALF_OPEN, ASYNC_OPEN, REALISTIC_OPEN, REALISTIC_ASYNC_OPEN] {
        for subject in ["handle", "attribute", "by name", "tower layer"] {
            goals.push(goal.two_no_slower(group, subject));
        }
    }
    goals
}

struct Goals<'a> {
    results: &'a Results,
}

impl<'a> Goals<'a> {
    fn times(&self, build: Build, group: &Group, subject: &str, threads: usize) -> Option<&'a Times> {
        self.results.line(group, subject)?.times(build, threads)
    }

    fn median(&self, build: Build, group: &Group, subject: &str, threads: usize) -> Option<f64> {
        Some(self.times(build, group, subject, threads)?.median)
    }

    /// What is found in each build; `None` where there is no such case.
    fn goal(text: String, found: impl Fn(Build) -> Option<Found>) -> Option<Goal> {
        let [users, whole] = Build::ALL;
        Some(Goal { text, found: [found(users)?, found(whole)?] })
    }

    fn above_bare(&self, group: &Group, subject: &str, limit: f64) -> Option<Goal> {
        Self::goal(format!("{}, {subject}: at most {limit} ns above bare", group.name), |build| {
            let above = self.median(build, group, subject, 1)? - self.median(build, group, "bare", 1)?;
            Some((format!("{above:.2} ns"), above <= limit))
        })
    }

    fn above(&self, subject: &str, limit: f64) -> Option<Goal> {
        Self::goal(format!("subscribed, {subject}: at most {limit} ns above no subscription"), |build| {
            let quiet = self.median(build, SUBSCRIBED, "handle, no subscription", 1)?;
            let above = self.median(build, SUBSCRIBED, subject, 1)? - quiet;
            Some((format!("{above:.2} ns"), above <= limit))
        })
    }

    fn at_most(&self, group: &Group, subject: &str, threads: usize, limit: f64) -> Option<Goal> {
        let text = format!("{}, {subject}, {}: at most {limit} ns", group.name, threads_in_words(threads));
        Self::goal(text, |build| {
            let median = self.median(build, group, subject, threads)?;
            Some((format!("{median:.1} ns"), median <= limit))
        })
    }

    fn times_best_peer(&self, group: &'static Group, subject: &str, threads: usize, limit: f64) -> Option<Goal> {
        let alike = if matches!(subject, "by name" | "tower layer") { " that does as much" } else { "" };
        let text = format!(
            "{}, {subject}, {}: at least {limit} × as fast as the fastest peer{alike}",
            group.name,
            threads_in_words(threads)
        );
        Self::goal(text, |build| {
            let line = self.results.line(group, subject)?;
            let alike = self.results.best_alike(line, build, threads);
            let (peer, theirs) = alike.or_else(|| self.results.best_peer(group, build, threads))?;
            let ratio = line.times(build, threads)?.ratio(theirs);
            Some((format!("{ratio:.2} × {peer}"), ratio >= limit))
        })
    }

    /// How many times as fast as a peer, which may be one of another group where it has no such
    /// case itself.
    fn times_peer(
        &self,
        (group, subject): (&Group, &str),
        (peers_group, peer): (&Group, &str),
        threads: usize,
        limit: f64,
    ) -> Option<Goal> {
        let text =
            format!("{}, {subject}, {}: at least {limit} × as fast as {peer}", group.name, threads_in_words(threads));
        Self::goal(text, |build| {
            let theirs = self.times(build, peers_group, peer, threads)?;
            let ratio = self.times(build, group, subject, threads)?.ratio(theirs);
            Some((format!("{ratio:.2} ×"), ratio >= limit))
        })
    }

    fn times_quiet(&self, failing: &Group, quiet: &Group, subject: &str) -> Option<Goal> {
        Self::goal(format!("{}, {subject}: at most 2 × the cost without failures", failing.name), |build| {
            let ratio = self.median(build, failing, subject, 1)? / self.median(build, quiet, subject, 1)?;
            Some((format!("{ratio:.2} ×"), ratio <= 2.0))
        })
    }

    fn throughput(&self, group: &Group, subject: &str) -> Option<Goal> {
        Self::goal(format!("{}, {subject}: two threads do at least 1.8 × as much as one", group.name), |build| {
            let ratio = 2.0 * self.median(build, group, subject, 1)? / self.median(build, group, subject, 2)?;
            Some((format!("{ratio:.2} ×"), ratio >= 1.8))
        })
    }

    fn two_no_slower(&self, group: &Group, subject: &str) -> Option<Goal> {
        let text = format!("{}, {subject}: two threads no slower per call than one (5 % for noise)", group.name);
        Self::goal(text, |build| {
            let (one, two) = (self.median(build, group, subject, 1)?, self.median(build, group, subject, 2)?);
            Some((format!("{one:.1} and {two:.1} ns"), two <= one * 1.05))
        })
    }

    fn no_allocations(&self, groups: &[&Group]) -> Option<Goal> {
        let ours =
            self.results.lines.iter().filter(|line| line.case.side == Side::Ours && groups.contains(&line.case.group));
        let most = ours.filter_map(|line| line.allocations).map(|found| found.allocations).max_by(f64::total_cmp)?;
        Self::goal("no allocation in any call, closed, rejected, half-open, async, keyed".to_owned(), |_| {
            Some((format!("{most} per call"), most == 0.0))
        })
    }

    fn bytes(&self, group: &Group, limit: f64) -> Option<Goal> {
        let (_, bytes) = *self.results.registered.iter().find(|(weighed, _)| *weighed == group)?;
        Self::goal(
            format!("{}: at most {limit} bytes per circuit in a registry, with key and entry", group.name),
            |_| Some((format!("{bytes:.0} bytes"), bytes <= limit)),
        )
    }
}
