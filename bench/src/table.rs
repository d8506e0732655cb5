//! The results as Markdown.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::build::Build;
use crate::case::{GROUPS, Group, Side, threads_in_words};
use crate::goals;
use crate::results::{Line, Results};

/// The whole table. Writing to a string cannot fail.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = String::from("<!-- Written by `cargo run --release -p bench -- table`. -->\n\n");
    let _ = writeln!(
        text,
        "{}. {} interleaved rounds, {} s in all; {} batches that other work disturbed are included.\n\n\
         Each table is one case in one build: cargo's default release profile, which users get who set nothing, and fat LTO with one \
         codegen unit, the best that the compiler does. Times are in nanoseconds per call and thread: the median of all rounds, the \
         mean of the quietest tenth of them, and the worst round in parentheses. \"× as fast\" is the median of the ratios of each \
         round, in which both were measured one soon after the other; a row by name or of the layer is also compared with the \
         fastest peer that looks up a name or is a layer. Instructions and locked instructions per call are counted by \
         callgrind, which does not see inside clock reads. \"Bytes standalone\" is one breaker outside a registry.\n",
        machine(),
        results.rounds,
        results.took.as_secs(),
        results.disturbed,
    );
    write_lost(&mut text, results);
    text.push_str(&groups(results));
    let _ = writeln!(text, "### Bytes per circuit in a registry, with key and registry entry, called by one thread\n");
    for (group, bytes) in &results.registered {
        let _ = writeln!(text, "* `{}`: {bytes:.0}", group.name);
    }
    text.push('\n');
    write_goals(&mut text, results);
    write_configurations(&mut text, results);
    text
}

/// The groups that were measured.
pub(crate) fn groups(results: &Results) -> String {
    let mut text = String::new();
    for group in GROUPS.iter().filter(|group| results.of(group).any(|line| !line.times.is_empty())) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "### {} (`{}`)\n", group.title, group.name);
        for build in Build::ALL {
            write_group(&mut text, results, group, build);
        }
    }
    text
}

/// Every row of ours that a peer wins.
fn write_lost(text: &mut String, results: &Results) {
    let _ = writeln!(text, "### Rows that a peer wins\n");
    for build in Build::ALL {
        let _ = writeln!(text, "In the {}:\n", build.title());
        let mut none = true;
        for group in GROUPS {
            for &threads in group.threads {
                for (line, ratio, peer, alike) in compared(results, group, build, threads) {
                    if ratio < 1.0 {
                        none = false;
                        let (name, threads) = (line.case.name(), threads_in_words(threads));
                        let _ = writeln!(text, "* `{name}`, {threads}: {ratio:.2} × as fast as {peer}{alike}");
                    }
                }
            }
        }
        text.push_str(if none { "* none\n\n" } else { "\n" });
    }
}

/// Each of our lines of a group, how many times as fast as the fastest peer it is, the peer, and
/// the same of the fastest peer that does as much, in words.
fn compared<'a>(
    results: &'a Results,
    group: &'static Group,
    build: Build,
    threads: usize,
) -> impl Iterator<Item = (&'a Line, f64, &'static str, String)> {
    let best = results.best_peer(group, build, threads);
    let ours = results.of(group).filter(|line| line.case.side == Side::Ours);
    ours.filter_map(move |line| {
        let (peer, theirs) = best?;
        let ours = line.times(build, threads)?;
        let alike = results.best_alike(line, build, threads);
        let alike = alike.map_or(String::new(), |(peer, theirs)| format!(" ({:.2} × {peer})", ours.ratio(theirs)));
        Some((line, ours.ratio(theirs), peer, alike))
    })
}

/// What stands beside the times.
type Column = (&'static str, fn(&Line, Build) -> Option<String>);

const COLUMNS: [Column; 4] = [
    ("instructions", |line, build| Some(format!("{:.1}", line.instructions.get(&build)?.instructions))),
    ("locked", |line, build| Some(format!("{:.2}", line.instructions.get(&build)?.locked))),
    ("allocations", |line, _| {
        let found = line.allocations?;
        Some(match found.allocations {
            0.0 => "0".to_owned(),
            allocations => format!("{allocations:.2} ({:.0} bytes)", found.bytes),
        })
    }),
    ("bytes standalone", |line, _| Some(format!("{:.0}", line.bytes?))),
];

fn write_group(text: &mut String, results: &Results, group: &'static Group, build: Build) {
    // A column that nobody has a figure for is left out.
    let columns: Vec<Column> =
        COLUMNS.into_iter().filter(|(_, cell)| results.of(group).any(|line| cell(line, build).is_some())).collect();
    let mut titles = vec![build.title().to_owned()];
    titles.extend(group.threads.iter().map(|&threads| threads_in_words(threads)));
    titles.extend(columns.iter().map(|(title, _)| (*title).to_owned()));
    let _ = writeln!(text, "| {} |\n|{}", titles.join(" | "), "---|".repeat(titles.len()));
    for line in results.of(group) {
        let subject = line.case.subject;
        let mut cells = vec![if line.case.side == Side::Ours { format!("**{subject}**") } else { subject.to_owned() }];
        cells.extend(group.threads.iter().map(|&threads| time(line, build, threads)));
        cells.extend(columns.iter().map(|(_, cell)| cell(line, build).unwrap_or("–".into())));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
    for &threads in group.threads {
        write_comparison(text, results, group, build, threads);
    }
    text.push('\n');
}

fn time(line: &Line, build: Build, threads: usize) -> String {
    line.times(build, threads).map_or("–".into(), |times| {
        format!("{} / {} ({})", nanoseconds(times.median), nanoseconds(times.quiet), nanoseconds(times.worst))
    })
}

fn nanoseconds(value: f64) -> String {
    match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// How much faster than the fastest peer, in words.
fn write_comparison(text: &mut String, results: &Results, group: &'static Group, build: Build, threads: usize) {
    let Some((peer, _)) = results.best_peer(group, build, threads) else { return };
    let verdicts: Vec<String> = compared(results, group, build, threads)
        .map(|(line, ratio, _, alike)| {
            let verdict = format!("{} {ratio:.2} ×", line.case.subject);
            if ratio < 1.0 { format!("**{verdict}**{alike}") } else { verdict + &alike }
        })
        .collect();
    if !verdicts.is_empty() {
        let _ = writeln!(text, "* {}, as fast as {peer}: {}.", threads_in_words(threads), verdicts.join(", "));
    }
}

fn write_goals(text: &mut String, results: &Results) {
    let [users, whole] = Build::ALL;
    let _ = writeln!(text, "### Goals\n\n| goal | {} | {} |\n|---|---|---|", users.title(), whole.title());
    for goal in goals::evaluate(results) {
        let cells = goal.found.map(|(found, holds)| if holds { found } else { format!("**missed**: {found}") });
        let _ = writeln!(text, "| {} | {} |", goal.text, cells.join(" | "));
    }
}

fn write_configurations(text: &mut String, results: &Results) {
    let _ = writeln!(text, "\n### Configurations\n\n| case | configuration |\n|---|---|");
    for line in &results.lines {
        let _ = writeln!(text, "| `{}` | {} |", line.case.name(), line.case.configuration);
    }
}

/// Processor, cores, system and compiler.
fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let said = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output();
        output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("{model}, {cores} cores, Linux {}, {}", said("uname", "-r"), said("rustc", "--version"))
}
