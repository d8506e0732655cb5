//! The end of a connection, whoever notices it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::problem::Problem;

/// Shared by a connection, its loop and the requests. The first reason is kept.
#[derive(Clone, Default)]
pub(crate) struct Lost(Arc<Inner>);

#[derive(Default)]
struct Inner {
    why: Mutex<Option<Problem>>,
    noticed: Notify,
}

impl Lost {
    pub(super) fn because(&self, problem: Problem) {
        self.0.why.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(problem);
        self.0.noticed.notify_one();
    }

    fn why(&self) -> Option<Problem> {
        self.0.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the end. Only the connection's loop waits.
    pub(super) async fn wait(&self) -> Problem {
        loop {
            if let Some(problem) = self.why() {
                return problem;
            }
            self.0.noticed.notified().await;
        }
    }
}
