//! The service of the example `payment_api` with its panel open: load and faults run until ctrl-c,
//! and the page shows them.
//!
//! Run it with `cargo run --example panel --features panel` and open the address that it prints.
//! The token that it prints lets you move circuits. With `CI=true` or the argument `--check` it
//! reads its own panel, sends a command, and ends.

#![expect(dead_code, reason = "of the modules of `payment_api`, only the service and its load are used here")]

#[path = "../payment_api/answer.rs"]
mod answer;
#[path = "../payment_api/call_log.rs"]
mod call_log;
#[path = "../payment_api/callers.rs"]
mod callers;
#[path = "../payment_api/client.rs"]
mod client;
mod other_dependencies;
#[path = "../payment_api/protected.rs"]
mod protected;
#[path = "../payment_api/schedule.rs"]
mod schedule;
mod self_check;
#[path = "../payment_api/server.rs"]
mod server;
#[path = "../payment_api/stage_counter.rs"]
mod stage_counter;
#[path = "../payment_api/timeline.rs"]
mod timeline;

use std::error::Error;
use std::net::SocketAddr;
use std::panic;
use std::thread;
use std::time::Instant;

use axum::Router;
use breaker_box::Registry;
use breaker_box_panel::{Controls, Operator, Panel, Token};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::callers::{Callers, Client};
use crate::client::{Gateway, PANIC};
use crate::schedule::{LAST, Schedule};
use crate::server::Server;
use crate::timeline::Timeline;

/// Lets whoever runs this move circuits. A real service reads its own from where it keeps its
/// secrets.
const TOKEN: &str = "only-for-this-example";

fn main() -> Result<(), Box<dyn Error>> {
    silence_parser_panics();
    let registry = Registry::global();
    let panel = Panel::builder(registry)
        .title("Payments")
        .controls(Controls::tokens([(Operator::new("you"), Token::new(TOKEN)?)]))
        .build()?;
    let runtime = Runtime::new()?;
    let address = serve(&runtime, &panel)?;
    println!("the panel:  http://{address}/circuits");
    println!("the token:  {TOKEN}");

    other_dependencies::start(registry)?;
    thread::spawn(move || {
        loop {
            if let Err(error) = round(&runtime) {
                eprintln!("the load has ended: {error}");
                return;
            }
        }
    });
    if std::env::var_os("CI").is_some() || std::env::args().any(|argument| argument == "--check") {
        return self_check::run(address, registry, TOKEN);
    }
    println!("ctrl-c ends it");
    loop {
        thread::park();
    }
}

/// Serves the panel beside whatever else a service answers: on the usual port, or another if that
/// is taken.
fn serve(runtime: &Runtime, panel: &Panel) -> std::io::Result<SocketAddr> {
    let service = Router::new().nest_service("/circuits", panel.router());
    let listener = runtime.block_on(async {
        match TcpListener::bind(("127.0.0.1", 8_088)).await {
            Ok(listener) => Ok(listener),
            Err(_) => TcpListener::bind(("127.0.0.1", 0)).await,
        }
    })?;
    let address = listener.local_addr()?;
    // With the addresses of clients, so that the panel can tell them apart.
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

/// The payment API goes through all its faults once, with callers that are protected by circuit
/// breakers.
fn round(runtime: &Runtime) -> Result<(), Box<dyn Error>> {
    let schedule = Schedule::starting_now();
    let server = Server::start(schedule)?;
    // What callers got is counted there, and printed by the other example.
    let client = Client::Protected(Timeline::new(schedule));
    let callers = Callers::new(Gateway::new(server.address, schedule)?, client, schedule);
    let running = callers.call(runtime);
    thread::sleep(schedule.end_of(LAST).saturating_duration_since(Instant::now()));
    callers.stop(running, runtime);
    Ok(())
}

/// The parser's panics are expected, so they are not printed; all others are.
fn silence_parser_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let parser = panic.payload().downcast_ref::<String>().is_some_and(|message| message.starts_with(PANIC));
        if !parser {
            print(panic);
        }
    }));
}
