//! Looks for an order of all operations in which each of them did what the model does (Wing and Gong's search; what was visited in
//! vain is remembered, as Lowe does).

use std::collections::HashSet;

use super::history::History;
use super::node::Node;

/// Why no order explains a history: how far the search came, and what it could not explain there.
pub(crate) struct Unexplained {
    pub(crate) explained: usize,
    pub(crate) left: Vec<String>,
}

/// Whether some order explains the history.
pub(crate) fn explain(history: &History) -> Result<(), Unexplained> {
    let mut search = Search { history, visited: HashSet::new(), best: Unexplained { explained: 0, left: Vec::new() } };
    if search.go(&Node::start(history)) { Ok(()) } else { Err(search.best) }
}

struct Search<'a> {
    history: &'a History,
    /// From here on no order was found.
    visited: HashSet<u64>,
    best: Unexplained,
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
        // The steps that come first are those that would, if threads never met.
        let found = node.steps(self.history).into_iter().any(|step| {
            let mut next = node.clone();
            next.take(step, self.history) && self.go(&next)
        });
        if !found {
            self.remember_best(node);
            self.visited.insert(place);
        }
        found
    }

    fn remember_best(&mut self, node: &Node) {
        if self.best.left.is_empty() || node.explained() > self.best.explained {
            self.best = Unexplained { explained: node.explained(), left: node.left(self.history) };
        }
    }
}
