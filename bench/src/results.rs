//! The results of a run of the table.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use crate::allocations;
use crate::build::Build;
use crate::case::{
    ASYNC, ASYNC_OPEN, CALLS, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group, OPEN, REALISTIC,
    REALISTIC_ASYNC, REALISTIC_FAIL, REALISTIC_INLINED, REALISTIC_OPEN, SLOW, Side, TIME,
};
use crate::instructions::{self, Counter};
use crate::rounds::Rounds;
use crate::subjects;
use crate::times::Times;
use crate::worker::Worker;

/// What is known about one case.
pub(crate) struct Line {
    pub(crate) case: Case,
    /// By build and number of threads.
    pub(crate) times: BTreeMap<(Build, usize), Times>,
    pub(crate) instructions: BTreeMap<Build, instructions::PerCall>,
    pub(crate) allocations: Option<allocations::PerCall>,
    pub(crate) bytes: Option<f64>,
}

/// All cases.
pub(crate) struct Results {
    pub(crate) lines: Vec<Line>,
    /// Bytes of one of this library's circuits in a registry, by the group of its policy.
    pub(crate) registered: Vec<(&'static Group, f64)>,
    pub(crate) rounds: usize,
    /// Batches that stayed disturbed after all attempts.
    pub(crate) disturbed: usize,
    pub(crate) took: Duration,
}

/// Cases whose instructions are counted, with their builds.
const COUNTED: [(&[Build], &[&Group]); 2] = [
    (
        &Build::ALL,
        &[CONSECUTIVE, ASYNC, OPEN, REALISTIC, REALISTIC_INLINED, REALISTIC_FAIL, REALISTIC_OPEN, REALISTIC_ASYNC],
    ),
    (&[Build::Whole], &[CALLS, TIME, SLOW, CALLS_25, CONSECUTIVE_FAIL, CALLS_FAIL, ASYNC_OPEN]),
];
/// Cases whose bytes per breaker are counted.
const WEIGHED: [&Group; 3] = [CONSECUTIVE, CALLS, TIME];

/// No round begins after this, so that the whole table stays below ten minutes.
const TIME_LIMIT: Duration = Duration::from_mins(7);

impl Results {
    /// Measures everything, which takes some minutes.
    pub(crate) fn measure(rounds: usize) -> Result<Self, Box<dyn Error>> {
        let mut results = Self::only_times("", rounds)?;
        eprintln!("allocations and instructions");
        for build in Build::ALL {
            if let Some(counter) = Counter::new(build.program()?) {
                count(&mut results.lines, build, &counter)?;
            }
        }
        for line in &mut results.lines {
            line.count_memory();
        }
        results.registered =
            subjects::WEIGHED.into_iter().map(|(group, policy)| (group, allocations::per_circuit(policy))).collect();
        Ok(results)
    }

    /// Measures only times, and only those of the groups whose name holds `part`.
    pub(crate) fn only_times(part: &str, rounds: usize) -> Result<Self, Box<dyn Error>> {
        let began = Instant::now();
        let cases = subjects::all();
        let mut workers = Vec::new();
        for build in Build::ALL {
            workers.push((build, Worker::new(&build.program()?)?));
        }
        let measured = Rounds::measure(&cases, part, &mut workers, rounds, TIME_LIMIT)?;
        let mut lines: Vec<Line> = cases.into_iter().map(Line::new).collect();
        for ((index, build, threads), times) in measured.times {
            lines[index].times.insert((build, threads), times);
        }
        Ok(Self {
            lines,
            registered: Vec::new(),
            rounds: measured.done,
            disturbed: measured.disturbed,
            took: began.elapsed(),
        })
    }

    /// The lines of one group.
    pub(crate) fn of(&self, group: &Group) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.case.group == group)
    }

    /// One line.
    pub(crate) fn line(&self, group: &Group, subject: &str) -> Option<&Line> {
        self.of(group).find(|line| line.case.subject == subject)
    }

    /// The fastest peer of a group in a build on so many threads.
    pub(crate) fn best_peer(&self, group: &Group, build: Build, threads: usize) -> Option<(&'static str, &Times)> {
        Self::fastest(self.of(group).filter(|line| line.case.side == Side::Peer), build, threads)
    }

    /// The fastest of the peers that do what this subject of ours does besides: look up a name, or
    /// be a layer. `None` if it does nothing besides, or no peer does it.
    pub(crate) fn best_alike(&self, line: &Line, build: Build, threads: usize) -> Option<(&'static str, &Times)> {
        let alike: &[&str] = match line.case.subject {
            "by name" => &["recloser in a map"],
            "tower layer" => &["seatbelt", "tower-resilience"],
            _ => &[],
        };
        Self::fastest(self.of(line.case.group).filter(|peer| alike.contains(&peer.case.subject)), build, threads)
    }

    fn fastest<'a>(
        lines: impl Iterator<Item = &'a Line>,
        build: Build,
        threads: usize,
    ) -> Option<(&'static str, &'a Times)> {
        lines
            .filter_map(|line| Some((line.case.subject, line.times(build, threads)?)))
            .min_by(|a, b| a.1.median.total_cmp(&b.1.median))
    }
}

/// Counts the instructions of a build.
fn count(lines: &mut [Line], build: Build, counter: &Counter) -> io::Result<()> {
    let is_counted =
        |case: &Case| COUNTED.iter().any(|(builds, groups)| builds.contains(&build) && groups.contains(&case.group));
    let chosen: Vec<&mut Line> = lines.iter_mut().filter(|line| is_counted(&line.case)).collect();
    let names: Vec<String> = chosen.iter().map(|line| line.case.name()).collect();
    for (line, count) in chosen.into_iter().zip(counter.count(&names)?) {
        line.instructions.insert(build, count);
    }
    Ok(())
}

impl Line {
    fn new(case: Case) -> Self {
        Self { case, times: BTreeMap::new(), instructions: BTreeMap::new(), allocations: None, bytes: None }
    }

    fn count_memory(&mut self) {
        let case = &self.case;
        let weighed = WEIGHED.contains(&case.group) && case.subject != "attribute" && case.side != Side::Limit;
        self.bytes = weighed.then(|| allocations::per_breaker(case));
        self.allocations = allocations::per_call(case);
    }

    pub(crate) fn times(&self, build: Build, threads: usize) -> Option<&Times> {
        self.times.get(&(build, threads))
    }
}
