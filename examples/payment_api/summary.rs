//! The two clients side by side.

use std::time::Duration;

use breaker_box::Registry;

use crate::call_log::{CallCounts, Experience};
use crate::client::Gateway;
use crate::schedule::{Phase, STAGES};
use crate::server::Server;
use crate::timeline;

/// What one client did to its server, and how its callers fared.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) counts: CallCounts,
    /// By stage: requests that met the failing server, or tried to.
    pub(crate) failing: [u64; STAGES.len()],
    pub(crate) sent: u64,
    pub(crate) unreachable: u64,
    pub(crate) answered: u64,
    pub(crate) received: u64,
}

impl Account {
    pub(crate) fn new(counts: CallCounts, gateway: &Gateway, server: &Server) -> Self {
        let failing = std::array::from_fn(|stage| {
            // Where nobody listens, only the client knows that it tried.
            let refused = if STAGES[stage].phase == Phase::Refusing { gateway.unreachable.of(stage) } else { 0 };
            server.counts.failed.of(stage) + refused
        });
        Self {
            counts,
            failing,
            sent: gateway.sent.sum(),
            unreachable: gateway.unreachable.sum(),
            answered: gateway.answered.sum(),
            received: server.counts.received.sum(),
        }
    }

    pub(crate) fn failing_requests(&self) -> u64 {
        self.failing.iter().sum()
    }

    /// What callers went through while the server failed.
    pub(crate) fn outage(&self) -> Experience {
        let stages = failing_stages().map(|stage| self.counts.stages[stage]);
        stages.fold(Experience::default(), |all, stage| Experience {
            calls: all.calls + stage.calls,
            useful: all.useful + stage.useful,
            waited: all.waited + stage.waited,
            worst: all.worst.max(stage.worst),
        })
    }

    pub(crate) fn slowest_recovery(&self) -> Option<Duration> {
        self.counts.recovered.values().max().copied()
    }
}

pub(crate) fn failing_stages() -> impl Iterator<Item = usize> {
    (0..STAGES.len()).filter(|&stage| STAGES[stage].phase != Phase::Healthy)
}

/// What the library counted.
pub(crate) fn print_totals(registry: &Registry) {
    let columns = |[circuit, state, succeeded, failed, rejected]: [&str; 5]| {
        timeline::print(&format!("  {circuit:<20}{state:<16}{succeeded:>14}{failed:>14}{rejected:>14}"));
    };
    println!();
    columns(["circuit", "state", "succeeded", "failed", "rejected"]);
    for status in registry.list() {
        let totals = status.totals;
        columns([
            &status.key.to_string(),
            &status.state.to_string(),
            &totals.successes.to_string(),
            &totals.failures.to_string(),
            &totals.rejected.to_string(),
        ]);
    }
}

pub(crate) fn print(protected: &Account, unprotected: &Account) {
    timeline::print(&format!("\n{:<34}{:>23}{:>23}", "", "with circuit breakers", "without"));
    timeline::print("requests that reached for the server while it was");
    for stage in failing_stages() {
        row(STAGES[stage].phase.title(), protected, unprotected, |account| account.failing[stage].to_string());
    }
    row("any of these", protected, unprotected, |account| account.failing_requests().to_string());
    timeline::print("while the server failed, callers");
    row("made calls", protected, unprotected, |account| account.outage().calls.to_string());
    row("got a useful answer", protected, unprotected, |account| {
        let Experience { useful, calls, .. } = account.outage();
        format!("{useful} ({} %)", useful * 100 / calls.max(1))
    });
    row("waited, all together", protected, unprotected, |account| {
        format!("{:.1} s", account.outage().waited.as_secs_f64())
    });
    row("waited for a call, on average", protected, unprotected, |account| {
        let Experience { waited, calls, .. } = account.outage();
        format!("{:.1} ms", waited.as_secs_f64() * 1_000.0 / f64::from(u32::try_from(calls).unwrap_or(u32::MAX)))
    });
    row("waited for a call, at most", protected, unprotected, |account| {
        format!("{} ms", account.outage().worst.as_millis())
    });
    timeline::print("after the server had recovered, calls worked again within");
    for call in protected.counts.recovered.keys() {
        row(&call.to_string(), protected, unprotected, |account| {
            account.counts.recovered.get(call).map_or("never".to_owned(), |after| format!("{} ms", after.as_millis()))
        });
    }
    println!();
}

fn row(title: &str, protected: &Account, unprotected: &Account, cell: impl Fn(&Account) -> String) {
    timeline::print(&format!("  {title:<32}{:>23}{:>23}", cell(protected), cell(unprotected)));
}
