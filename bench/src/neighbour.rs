//! What a busy neighbour does to a call: another process on the same processor, or on the other
//! one, which may be the other half of the same core.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::build::Build;
use crate::case::{CONSECUTIVE, Case, Group, REALISTIC, REALISTIC_INLINED, Side, TIME};
use crate::subjects;
use crate::times::Times;
use crate::worker::Worker;

const MEASURED: [&Group; 4] = [CONSECUTIVE, TIME, REALISTIC, REALISTIC_INLINED];
const LENGTH: Duration = Duration::from_millis(5);
/// The neighbour comes and goes so often …
const BLOCKS: usize = 8;
/// … and so many rounds are measured each time.
const ROUNDS: usize = 8;

/// Where the neighbour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Neighbour {
    None,
    OtherProcessor,
    SameProcessor,
}

impl Neighbour {
    const ALL: [Self; 3] = [Self::None, Self::OtherProcessor, Self::SameProcessor];

    fn title(self) -> &'static str {
        match self {
            Self::None => "alone",
            Self::OtherProcessor => "busy on the other processor",
            Self::SameProcessor => "busy on the same processor",
        }
    }

    /// Starts it.
    fn begin(self, program: &Path) -> io::Result<Option<Busy>> {
        match self {
            Self::None => Ok(None),
            Self::OtherProcessor => Busy::new(program, OTHER).map(Some),
            Self::SameProcessor => Busy::new(program, MEASURING).map(Some),
        }
    }
}

/// The processor that is measured on, and another.
const MEASURING: usize = 0;
const OTHER: usize = 1;

/// Times with each neighbour, in the users' build; or why there are none.
pub(crate) fn report() -> Result<String, Box<dyn Error>> {
    if pinned(Path::new("true"), OTHER).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        measure()
    } else {
        Ok("skipped: it needs `taskset` and two processors".to_owned())
    }
}

fn measure() -> Result<String, Box<dyn Error>> {
    let program = Build::Users.program()?;
    let cases = subjects::all();
    let mut worker = Worker::start(pinned(&program, MEASURING))?;
    let mut text = format!(
        "One thread, {}; ns per call: the median, the mean of the quietest tenth. × is the median of the ratios of each round.\n\n",
        Build::Users.title()
    );
    for group in MEASURED {
        let chosen = chosen(&cases, group, &mut worker)?;
        let mut found: BTreeMap<(Neighbour, usize), Vec<f64>> = BTreeMap::new();
        for _ in 0..BLOCKS {
            for neighbour in Neighbour::ALL {
                let _busy = neighbour.begin(&program)?;
                for _ in 0..ROUNDS {
                    for &case in &chosen {
                        let nanoseconds = worker.batch(case, 1, LENGTH)?.nanoseconds;
                        found.entry((neighbour, case)).or_default().push(nanoseconds);
                    }
                }
            }
        }
        let times = found.into_iter().map(|(key, rounds)| (key, Times::new(rounds))).collect();
        write(&mut text, &cases, group, &chosen, &times);
    }
    Ok(text)
}

/// Our handle and attribute, and at the end the peer that is the fastest alone.
fn chosen(cases: &[Case], group: &'static Group, worker: &mut Worker) -> Result<Vec<usize>, Box<dyn Error>> {
    let of_group = (0..cases.len()).filter(|&index| cases[index].group == group);
    let mut chosen = Vec::new();
    let mut fastest: Option<(f64, usize)> = None;
    for index in of_group {
        if cases[index].side == Side::Peer {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                rounds.push(worker.batch(index, 1, LENGTH)?.nanoseconds);
            }
            let median = Times::new(rounds).median;
            if fastest.is_none_or(|(least, _)| median < least) {
                fastest = Some((median, index));
            }
        } else if ["handle", "attribute"].contains(&cases[index].subject) {
            chosen.push(index);
        }
    }
    chosen.extend(fastest.map(|(_, index)| index));
    Ok(chosen)
}

/// One table. Writing to a string cannot fail.
fn write(
    text: &mut String,
    cases: &[Case],
    group: &Group,
    chosen: &[usize],
    times: &BTreeMap<(Neighbour, usize), Times>,
) {
    let Some((&peer, ours)) = chosen.split_last() else { return };
    let titles = chosen.iter().map(|&case| cases[case].subject.to_owned());
    let ratios = ours.iter().map(|&case| format!("{} as fast as {}", cases[case].subject, cases[peer].subject));
    let titles: Vec<String> = titles.chain(ratios).collect();
    let _ = writeln!(text, "| `{}` | {} |\n|---|{}", group.name, titles.join(" | "), "---|".repeat(titles.len()));
    for neighbour in Neighbour::ALL {
        let shown = chosen.iter().map(|&case| {
            let times = &times[&(neighbour, case)];
            format!("{:.1} / {:.1}", times.median, times.quiet)
        });
        let ratios =
            ours.iter().map(|&case| format!("{:.1} ×", times[&(neighbour, case)].ratio(&times[&(neighbour, peer)])));
        let _ = writeln!(text, "| {} | {} |", neighbour.title(), shown.chain(ratios).collect::<Vec<_>>().join(" | "));
    }
    text.push('\n');
}

/// A program on one processor.
fn pinned(program: &Path, processor: usize) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &processor.to_string()]).arg(program);
    command
}

/// A process that computes until this is dropped.
struct Busy(Child);

impl Busy {
    fn new(program: &Path, processor: usize) -> io::Result<Self> {
        pinned(program, processor).arg("busy").spawn().map(Self)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the neighbour does: it multiplies, adds and reads, as fast as it can.
pub(crate) fn compute() {
    let numbers: Vec<u64> = (0..4_096).collect();
    let mut sum: u64 = 1;
    loop {
        for number in black_box(&numbers) {
            sum = sum.wrapping_add(number.wrapping_mul(sum | 1) ^ (sum >> 7));
        }
        black_box(sum);
    }
}
