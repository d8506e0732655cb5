//! The results as Markdown.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::case::{GROUPS, Group, Side, threads_in_words};
use crate::goals;
use crate::results::{Line, Results};

/// The whole table. Writing to a string cannot fail.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = String::from("<!-- Written by `cargo run --release -p bench -- table`. -->\n\n");
    let _ = writeln!(
        text,
        "{}. {} interleaved rounds in {} s; {} batches that other work disturbed are included.\n\n\
         Each table is one case. Times are in nanoseconds per call and thread: the median of all rounds, and the worst round in \
         parentheses. Instructions and locked instructions per call are counted by callgrind, which does not see inside clock \
         reads. \"Bytes standalone\" is one breaker outside a registry.\n",
        machine(),
        results.rounds,
        results.took.as_secs(),
        results.disturbed,
    );
    for group in GROUPS {
        write_group(&mut text, results, group);
    }
    let _ = writeln!(text, "### Bytes per circuit in a registry, with key and registry entry, called by one thread\n");
    for (group, bytes) in &results.registered {
        let _ = writeln!(text, "* `{}`: {bytes:.0}", group.name);
    }
    text.push('\n');
    write_goals(&mut text, results);
    write_configurations(&mut text, results);
    text
}

fn write_group(text: &mut String, results: &Results, group: &'static Group) {
    let _ = writeln!(text, "### {} (`{}`)\n", group.title, group.name);
    let mut titles = vec!["subject".to_owned()];
    titles.extend(group.threads.iter().map(|&threads| threads_in_words(threads)));
    titles.extend(["instructions", "locked", "allocations", "bytes standalone"].map(str::to_owned));
    let _ = writeln!(text, "| {} |\n|{}", titles.join(" | "), "---|".repeat(titles.len()));
    for line in results.of(group) {
        let _ = writeln!(text, "| {} |", cells(line).join(" | "));
    }
    let _ = writeln!(text, "{}", comparison(results, group));
}

fn cells(line: &Line) -> Vec<String> {
    let subject = line.case.subject;
    let mut cells = vec![if line.case.side == Side::Ours { format!("**{subject}**") } else { subject.to_owned() }];
    for threads in line.case.group.threads {
        cells.push(
            line.times
                .get(threads)
                .map_or("–".into(), |times| format!("{} ({})", nanoseconds(times.median), nanoseconds(times.worst))),
        );
    }
    cells.push(line.instructions.map_or("–".into(), |count| format!("{:.1}", count.instructions)));
    cells.push(line.instructions.map_or("–".into(), |count| format!("{:.2}", count.locked)));
    cells.push(line.allocations.map_or("–".into(), |found| match found.allocations {
        0.0 => "0".to_owned(),
        allocations => format!("{allocations:.2} ({:.0} bytes)", found.bytes),
    }));
    cells.push(line.bytes.map_or("–".into(), |bytes| format!("{bytes:.0}")));
    cells
}

fn nanoseconds(value: f64) -> String {
    match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Who wins, in words.
fn comparison(results: &Results, group: &'static Group) -> String {
    let mut sentences = String::new();
    for &threads in group.threads {
        let Some((peer, theirs)) = results.best_peer(group, threads) else { continue };
        for line in results.of(group).filter(|line| line.case.side == Side::Ours) {
            let Some(ours) = line.median(threads) else { continue };
            let subject = line.case.subject;
            let verdict = if ours <= theirs {
                format!("{subject} {:.1} × as fast as {peer}", theirs / ours)
            } else {
                format!("**{peer} wins: {subject} takes {:.1} × as long**", ours / theirs)
            };
            let _ = write!(sentences, "\n* {}: {verdict}.", threads_in_words(threads));
        }
    }
    sentences.push('\n');
    sentences
}

fn write_goals(text: &mut String, results: &Results) {
    let _ = writeln!(text, "### Goals\n\n| goal | measured | result |\n|---|---|---|");
    for goal in goals::evaluate(results) {
        let _ =
            writeln!(text, "| {} | {} | {} |", goal.text, goal.found, if goal.holds { "met" } else { "**missed**" });
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
    format!(
        "{model}, {cores} cores, Linux {}, {}, fat LTO, one codegen unit",
        said("uname", "-r"),
        said("rustc", "--version")
    )
}
