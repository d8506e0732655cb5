//! Five instances of a service share their circuits through Redis, next to five that do not.
//!
//! Each instance is a process of its own (`instance.rs`), with one annotated function that calls a
//! payment service over HTTP (`service.rs`). This process starts a Redis (`store.rs`), the
//! instances (`fleet.rs`) and two payment services, one for each group, and lets both fail at the
//! same time. Four things are shown (`scenes.rs`) and asserted:
//!
//! 1. An outage: two instances find out, the others open with them. While it lasts, one probe at a
//!    time goes out. The first that succeeds closes the circuit everywhere.
//! 2. Redis is killed in the middle of an outage. No call waits for it, and the circuits recover by
//!    their own rules.
//! 3. Redis is back, without data. The instances find each other again.
//! 4. An operator forces the circuit open on one instance. All obey, and so does one that starts
//!    afterwards, from its first call on.
//!
//! Run it with `cargo run -p breaker-box-redis --example fleet`; it takes about half a minute and
//! needs `redis-server` or `valkey-server`.

mod fleet;
mod instance;
mod scenes;
mod service;
mod store;
mod timeline;

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // This program starts itself again as an instance.
        ["instance", name, service, store @ ..] => instance::run(name, service, store.first().copied()),
        _ => scenes::play(),
    }
}
