//! Memory orderings and their reasons.

/// How many lines above it the comment on an ordering may begin.
const REACH: usize = 12;

/// The orderings without a comment that names them and says why, by line.
pub(crate) fn unexplained(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        for ordering in ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"] {
            let code = line.split_once("//").map_or(*line, |(code, _)| code);
            let near = &lines[index.saturating_sub(REACH)..=index];
            if code.contains(&format!("Ordering::{ordering}")) && !is_explained(near, ordering) {
                found.push(format!("{}: {ordering}", index + 1));
            }
        }
    }
    found
}

/// Whether one of the comments in these lines names the ordering.
fn is_explained(lines: &[&str], ordering: &str) -> bool {
    lines.iter().filter_map(|line| line.split_once("//")).any(|(_, comment)| comment.contains(ordering))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordering_without_a_comment_is_found() {
        assert_eq!(unexplained("fn f() {\n    word.load(Ordering::Acquire)\n}\n"), ["2: Acquire"]);
    }

    #[test]
    fn a_comment_on_another_ordering_does_not_explain_it() {
        let text =
            "// Release: pairs with the load.\nword.compare_exchange(0, 1, Ordering::Release, Ordering::Relaxed);";
        assert_eq!(unexplained(text), ["2: Relaxed"]);
    }

    #[test]
    fn a_comment_far_above_does_not_explain_it() {
        let text = format!("// Relaxed: a number to show.\n{}calls.load(Ordering::Relaxed)", "\n".repeat(REACH));
        assert_eq!(unexplained(&text).len(), 1);
    }

    #[test]
    fn a_comment_above_or_beside_it_does() {
        assert!(unexplained("// Relaxed: a number to show.\ncalls.load(Ordering::Relaxed)").is_empty());
        assert!(unexplained("calls.load(Ordering::Relaxed) // Relaxed: a number to show.").is_empty());
    }
}
