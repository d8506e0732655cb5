//! A payment API that fails in every way a server can, and a client that is protected from it by
//! annotations alone.
//!
//! Two clients call two servers that follow the same schedule (`schedule.rs`), side by side: one
//! client's functions are annotated with `#[circuit_breaker]` (`protected.rs`), the other's are the
//! same functions without it (`client.rs`). Servers and clients are real: axum and reqwest over
//! TCP, tasks and threads. The timeline shows the protected client, the summary compares both, and
//! all that is claimed is asserted (`checks.rs`).
//!
//! Run it with `cargo run --example payment_api`; it takes eight seconds.

mod answer;
mod call_log;
mod callers;
mod checks;
mod client;
mod protected;
mod schedule;
mod server;
mod stage_counter;
mod summary;
mod timeline;

use std::error::Error;
use std::panic;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{Registry, State, Status};
use tokio::runtime::Runtime;

use crate::callers::{Callers, Client};
use crate::client::{Gateway, PANIC};
use crate::schedule::{LAST, STAGES, Schedule};
use crate::server::Server;
use crate::summary::Account;
use crate::timeline::Timeline;

fn main() -> Result<(), Box<dyn Error>> {
    silence_parser_panics();
    let registry = Registry::global();
    let runtime = Runtime::new()?;
    let schedule = Schedule::starting_now();
    let timeline = Timeline::new(schedule);
    let _watch = timeline.follow(registry);

    let (server, other_server) = (Server::start(schedule)?, Server::start(schedule)?);
    let protected_callers =
        Callers::new(Gateway::new(server.address, schedule)?, Client::Protected(timeline.clone()), schedule);
    let unprotected_callers =
        Callers::new(Gateway::new(other_server.address, schedule)?, Client::Unprotected, schedule);
    let (running, other_running) = (protected_callers.call(&runtime), unprotected_callers.call(&runtime));

    Timeline::explain();
    for stage in 0..STAGES.len() {
        wait_until(schedule.begin_of(stage));
        timeline.stage_ends();
        timeline.stage_begins(stage);
    }
    wait_until(schedule.end_of(LAST));
    let recovered = wait_for_recovery(registry);
    protected_callers.stop(running, &runtime);
    unprotected_callers.stop(other_running, &runtime);
    timeline.stage_ends();

    summary::print_totals(registry);
    let protected = Account::new(protected_callers.log.counts(), &protected_callers.gateway, &server);
    let unprotected = Account::new(unprotected_callers.log.counts(), &unprotected_callers.gateway, &other_server);
    summary::print(&protected, &unprotected);
    checks::all(registry, &recovered, &timeline, &protected, &unprotected);
    Ok(())
}

fn wait_until(instant: Instant) {
    thread::sleep(instant.saturating_duration_since(Instant::now()));
}

/// A busy machine may need longer than the schedule says; the checks tell when even this was not
/// enough. Later looks would not do: on such a machine, a slow call may open a circuit once more.
fn wait_for_recovery(registry: &Registry) -> Vec<Status> {
    let give_up = Instant::now() + Duration::from_secs(8);
    loop {
        let circuits = registry.list();
        if circuits.iter().all(|status| status.state == State::Closed) || Instant::now() > give_up {
            return circuits;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The parser's panics are expected and counted, so they are not printed; all others are.
fn silence_parser_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let parser = panic.payload().downcast_ref::<String>().is_some_and(|message| message.starts_with(PANIC));
        if !parser {
            print(panic);
        }
    }));
}
