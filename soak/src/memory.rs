//! Measures memory and threads.

use std::fs;

use peak_alloc::PeakAlloc;

/// Counts the allocated bytes.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Memory over time.
#[derive(Debug, Default)]
pub(crate) struct MemoryUsage(Vec<Sample>);

#[derive(Clone, Copy, Debug)]
struct Sample {
    allocated: usize,
    /// The resident set size, where the system has `/proc`.
    resident: usize,
}

/// The median and the highest of the samples in one half of the run, in kilobytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) middle: usize,
    pub(crate) highest: usize,
}

/// The first one in so many samples is of the warm-up, in which circuits are first called and
/// queues grow to their size.
const WARM_UP: usize = 6;

impl MemoryUsage {
    pub(crate) fn read(&mut self) {
        self.0.push(Sample { allocated: ALLOCATED.current_usage(), resident: resident() });
    }

    /// Allocated memory in the first half, without the warm-up, and in the second.
    pub(crate) fn allocated(&self) -> [Level; 2] {
        self.halves(|sample| sample.allocated)
    }

    /// The same for the resident set size.
    pub(crate) fn resident(&self) -> [Level; 2] {
        self.halves(|sample| sample.resident)
    }

    /// Allocated megabytes in each tenth of the run.
    pub(crate) fn allocated_by_tenth(&self) -> Vec<usize> {
        let tenth = self.0.len().div_ceil(10).max(1);
        self.0.chunks(tenth).filter_map(|samples| samples.iter().map(|sample| sample.allocated >> 20).max()).collect()
    }

    /// Halves by number and not by time: on a busy machine, samples may be rare at the beginning.
    fn halves(&self, of: impl Fn(&Sample) -> usize) -> [Level; 2] {
        let warmed_up = &self.0[self.0.len().div_ceil(WARM_UP)..];
        let (first, second) = warmed_up.split_at(warmed_up.len() / 2);
        [first, second].map(|half| {
            let mut kilobytes: Vec<_> = half.iter().map(|sample| of(sample) / 1_024).collect();
            kilobytes.sort_unstable();
            let middle = kilobytes.get(kilobytes.len() / 2).copied().unwrap_or(0);
            Level { middle, highest: kilobytes.last().copied().unwrap_or(0) }
        })
    }
}

/// The resident set size in bytes; 0 if the system has no `/proc`.
fn resident() -> usize {
    const PAGE: usize = 4_096;
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * PAGE
}

/// The number of threads of this process; `None` if the system has no `/proc`.
pub(crate) fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}
