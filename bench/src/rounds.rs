//! Rounds of short batches of every case, in both builds.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::build::Build;
use crate::case::{Case, GROUPS};
use crate::measure::Batch;
use crate::times::Times;
use crate::worker::Worker;

/// A case in a build on so many threads: the index of the case, the build, the threads.
pub(crate) type Place = (usize, Build, usize);

/// What all rounds found.
pub(crate) struct Rounds {
    pub(crate) times: BTreeMap<Place, Times>,
    pub(crate) done: usize,
    /// Batches that stayed disturbed after all attempts.
    pub(crate) disturbed: usize,
}

const FEW_THREADS: Duration = Duration::from_millis(3);
/// Threads that share cores need more than a time slice each.
const MANY_THREADS: Duration = Duration::from_millis(40);
/// Many threads are measured only in every so many rounds.
const MANY_THREADS_EVERY: usize = 8;
const ATTEMPTS: usize = 4;

/// What runs without a break: the cases of a group, one after the other, on so many threads.
struct Run {
    cases: Vec<usize>,
    threads: usize,
}

impl Rounds {
    /// Measures the groups whose name holds `part` in so many rounds, or as many as begin within
    /// the time limit.
    pub(crate) fn measure(
        cases: &[Case],
        part: &str,
        workers: &mut [(Build, Worker)],
        rounds: usize,
        limit: Duration,
    ) -> Result<Self, Box<dyn Error>> {
        let began = Instant::now();
        let mut found: BTreeMap<Place, Vec<f64>> = BTreeMap::new();
        let mut runs = runs(cases, part);
        let mut shuffler = Shuffler::new();
        let (mut done, mut disturbed) = (0, 0);
        while done < rounds && began.elapsed() < limit {
            eprint!("\rround {} of {rounds}", done + 1);
            shuffler.shuffle(&mut runs);
            for run in &mut runs {
                if run.threads > 2 && done % MANY_THREADS_EVERY != 0 {
                    continue;
                }
                shuffler.shuffle(&mut run.cases);
                shuffler.shuffle(workers);
                for (build, worker) in &mut *workers {
                    for &case in &run.cases {
                        let batch = quiet_batch(worker, case, run.threads)?;
                        disturbed += usize::from(batch.disturbed);
                        found.entry((case, *build, run.threads)).or_default().push(batch.nanoseconds);
                    }
                }
            }
            done += 1;
        }
        eprintln!();
        let times = found.into_iter().map(|(place, rounds)| (place, Times::new(rounds))).collect();
        Ok(Self { times, done, disturbed })
    }
}

fn runs(cases: &[Case], part: &str) -> Vec<Run> {
    let of_group = |group| (0..cases.len()).filter(move |&index| cases[index].group == group).collect();
    let runs = GROUPS
        .iter()
        .filter(|group| group.name.contains(part))
        .flat_map(|&group| group.threads.iter().map(move |&threads| (group, threads)));
    runs.map(|(group, threads)| Run { cases: of_group(group), threads }).collect()
}

/// A batch, tried again while something else disturbs it.
fn quiet_batch(worker: &mut Worker, case: usize, threads: usize) -> Result<Batch, Box<dyn Error>> {
    let length = if threads > 2 { MANY_THREADS } else { FEW_THREADS };
    let mut batch = worker.batch(case, threads, length)?;
    for _ in 1..ATTEMPTS {
        if !batch.disturbed {
            break;
        }
        batch = worker.batch(case, threads, length)?;
    }
    Ok(batch)
}

/// Shuffles the order of what is measured, so that nothing always comes after the same other thing.
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
