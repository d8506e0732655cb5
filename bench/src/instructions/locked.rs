//! Which instructions of this program are locked, and how often callgrind saw them.

use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The addresses of locked instructions, by objdump.
pub(super) fn addresses(program: &Path) -> io::Result<HashSet<u64>> {
    let mut listing =
        Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(program).stdout(Stdio::piped()).spawn()?;
    let lines = listing.stdout.take().map(|output| BufReader::new(output).lines()).into_iter().flatten();
    let found = lines.map_while(Result::ok).filter_map(|line| address_if_locked(&line)).collect();
    listing.wait()?;
    Ok(found)
}

/// A line of a listing: `4a51c0:`, a tab, `lock cmpxchg %rcx,(%rdi)`.
fn address_if_locked(line: &str) -> Option<u64> {
    let (address, instruction) = line.split_once(":\t")?;
    let exchanges_memory = instruction.starts_with("xchg") && instruction.contains('(');
    let locked = instruction.starts_with("lock ") || exchanges_memory;
    locked.then(|| u64::from_str_radix(address.trim(), 16).ok()).flatten()
}

/// All instructions in a profile, and those at one of the `locked` addresses of this program.
pub(super) fn count_instructions(profile: &str, locked: &HashSet<u64>) -> (u64, u64) {
    let (mut all, mut at_locked) = (0, 0);
    let mut in_program = false;
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        if let Some(object) = line.strip_prefix("ob=") {
            in_program = object.contains("bench");
        } else if line.starts_with("calls=") {
            // The next line is what the called function cost, which is counted there.
            lines.next();
        } else if let Some((address, executed)) = cost(line) {
            all += executed;
            if in_program && locked.contains(&address) {
                at_locked += executed;
            }
        }
    }
    (all, at_locked)
}

/// A line of costs: `0x4a51c0 11000`, with the unknown source line between them in some versions.
fn cost(line: &str) -> Option<(u64, u64)> {
    let mut words = line.strip_prefix("0x")?.split(' ');
    let address = u64::from_str_radix(words.next()?, 16).ok()?;
    Some((address, words.next_back()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_instructions_are_told_from_others() {
        assert_eq!(address_if_locked("  4a51c0:\tlock cmpxchg %rcx,(%rdi)"), Some(0x4a_51c0));
        assert_eq!(address_if_locked("  4a51c0:\txchg   %eax,(%rdi)"), Some(0x4a_51c0));
        assert_eq!(address_if_locked("  4a51c0:\txchg   %ax,%ax"), None);
        assert_eq!(address_if_locked("  4a51c0:\tmov    %eax,(%rdi)"), None);
    }

    #[test]
    fn what_calls_cost_is_not_counted_twice() {
        let profile = "ob=/x/bench\n0x10 5\ncalls=1 0x20\n0x10 100\nfn=other\n0x20 95\nob=/lib/libc.so\n0x10 7\n";
        assert_eq!(count_instructions(profile, &HashSet::from([0x10])), (107, 5));
    }
}
