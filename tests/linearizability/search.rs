//! Looks for an order of all operations in which each of them did what the model does (Wing and
//! Gong's search, with Lowe's memory of the states that led nowhere).

use std::collections::HashSet;

use super::history::History;
use super::node::Node;

/// A history that no order explains, and how far the search got.
#[derive(Debug)]
pub(crate) struct Unexplained(pub(crate) String);

/// Whether some order explains the history.
pub(crate) fn explain(history: &History) -> Result<(), Unexplained> {
    let mut search = Search { history, visited: HashSet::new(), best: (0, Vec::new()) };
    if search.go(&Node::start(history)) {
        return Ok(());
    }
    let (explained, left) = search.best;
    Err(Unexplained(format!("{history}after {explained} operations\n  {}", left.join("\n  "))))
}

struct Search<'a> {
    history: &'a History,
    /// From here on no order was found.
    visited: HashSet<u64>,
    /// The most operations that an order explained, and what was left then.
    best: (usize, Vec<String>),
}

impl Search<'_> {
    fn go(&mut self, node: &Node) -> bool {
        if node.is_over(self.history) {
            return true;
        }
        let place = node.fingerprint();
        if self.visited.contains(&place) {
            return false;
        }
        // Tries first the steps that would come first if the threads never overlapped.
        let found = node.steps(self.history).into_iter().any(|step| {
            let mut next = node.clone();
            next.take(step, self.history) && self.go(&next)
        });
        if !found {
            if self.best.1.is_empty() || node.explained() > self.best.0 {
                self.best = (node.explained(), node.left(self.history));
            }
            self.visited.insert(place);
        }
        found
    }
}
