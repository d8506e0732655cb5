//! The results of a run of the table.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::allocations;
use crate::case::{
    ASYNC, ASYNC_OPEN, CALLS, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group, OPEN, SLOW, Side, TIME,
};
use crate::instructions::{self, Counter};
use crate::measure::{Batch, batch};
use crate::subjects;

/// The times of one case on so many threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) worst: f64,
}

/// What is known about one case.
pub(crate) struct Line {
    pub(crate) case: Case,
    pub(crate) times: BTreeMap<usize, Times>,
    pub(crate) instructions: Option<instructions::PerCall>,
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

/// Cases whose instructions are counted.
const COUNTED: [&Group; 10] =
    [CONSECUTIVE, CALLS, TIME, SLOW, CALLS_25, CONSECUTIVE_FAIL, CALLS_FAIL, OPEN, ASYNC, ASYNC_OPEN];
/// Cases whose bytes per breaker are counted.
const WEIGHED: [&Group; 3] = [CONSECUTIVE, CALLS, TIME];

const FEW_THREADS: Duration = Duration::from_millis(10);
/// Threads that share cores need more than a time slice each.
const MANY_THREADS: Duration = Duration::from_millis(40);
/// Many threads are measured only in every so many rounds.
const MANY_THREADS_EVERY: usize = 4;
const ATTEMPTS: usize = 4;
/// No round begins after this, so that the whole table stays below five minutes.
const TIME_LIMIT: Duration = Duration::from_secs(200);

impl Results {
    /// Measures everything, which takes a few minutes.
    pub(crate) fn measure(rounds: usize) -> Self {
        let began = SystemTime::now();
        let cases = subjects::all();
        let mut times: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
        let mut order: Vec<(usize, usize)> = cases
            .iter()
            .enumerate()
            .flat_map(|(index, case)| case.group.threads.iter().map(move |&threads| (index, threads)))
            .collect();
        let mut shuffler = Shuffler::new();
        let mut disturbed = 0;
        let mut done = 0;
        for round in 0..rounds {
            if began.elapsed().is_ok_and(|elapsed| elapsed > TIME_LIMIT) {
                break;
            }
            done += 1;
            eprint!("\rround {} of {rounds}", round + 1);
            shuffler.shuffle(&mut order);
            for &(index, threads) in &order {
                if threads > 2 && round % MANY_THREADS_EVERY != 0 {
                    continue;
                }
                let batch = quiet_batch(&cases[index], threads);
                disturbed += usize::from(batch.disturbed);
                times.entry((index, threads)).or_default().push(batch.nanoseconds);
            }
        }
        eprintln!("\ninstructions and allocations");
        let counter = Counter::new();
        let mut lines: Vec<Line> = cases.into_iter().map(|case| Line::without_times(case, counter.as_ref())).collect();
        for ((index, threads), mut found) in times {
            found.sort_by(f64::total_cmp);
            let times = Times { median: found[found.len() / 2], worst: found[found.len() - 1] };
            lines[index].times.insert(threads, times);
        }
        let registered =
            subjects::WEIGHED.into_iter().map(|(group, policy)| (group, allocations::per_circuit(policy))).collect();
        Self { lines, registered, rounds: done, disturbed, took: began.elapsed().unwrap_or_default() }
    }

    /// The lines of one group.
    pub(crate) fn of(&self, group: &Group) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.case.group == group)
    }

    /// One line.
    pub(crate) fn line(&self, group: &Group, subject: &str) -> Option<&Line> {
        self.of(group).find(|line| line.case.subject == subject)
    }

    /// The fastest peer of a group on so many threads.
    pub(crate) fn best_peer(&self, group: &Group, threads: usize) -> Option<(&'static str, f64)> {
        let peers = self.of(group).filter(|line| line.case.side == Side::Peer);
        peers.filter_map(|line| Some((line.case.subject, line.median(threads)?))).min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

impl Line {
    fn without_times(case: Case, counter: Option<&Counter>) -> Self {
        let by_callgrind = COUNTED.contains(&case.group);
        let weighed = WEIGHED.contains(&case.group) && case.subject != "attribute" && case.side != Side::Limit;
        Self {
            instructions: counter.filter(|_| by_callgrind).and_then(|counter| counter.count(&case.name()).ok()),
            allocations: allocations::per_call(&case),
            bytes: weighed.then(|| allocations::per_breaker(&case)),
            times: BTreeMap::new(),
            case,
        }
    }

    pub(crate) fn median(&self, threads: usize) -> Option<f64> {
        self.times.get(&threads).map(|times| times.median)
    }
}

/// A batch on a fresh subject, tried again while something else disturbs it.
fn quiet_batch(case: &Case, threads: usize) -> Batch {
    let length = if threads > 2 { MANY_THREADS } else { FEW_THREADS };
    let mut best = batch(&*(case.make)(), threads, length);
    for _ in 1..ATTEMPTS {
        if !best.disturbed {
            break;
        }
        best = batch(&*(case.make)(), threads, length);
    }
    best
}

/// Shuffles the order of the cases, so that none always comes after the same other.
struct Shuffler(u64);

impl Shuffler {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs());
        Self(now | 1)
    }

    /// A number below `end`, by xorshift.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap_or(0)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
