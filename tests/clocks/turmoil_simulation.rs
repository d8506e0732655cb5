//! The clock of a simulator: turmoil, which runs hosts, their network and their timers in one
//! thread and in simulated time.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_box::{CircuitBreaker, Clock, Policy, State};
use tokio::time::{sleep, timeout};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Result};

use crate::support::seconds;

/// The time of the simulation, which is over where there is none.
fn simulated() -> Clock {
    Clock::from_fn(|| turmoil::sim_elapsed().unwrap_or_default())
}

async fn connect() -> io::Result<TcpStream> {
    timeout(seconds(1), TcpStream::connect("shop:80")).await?
}

/// What the client of a shop sees in half an hour of which the network is down for ten minutes:
/// each second, whether its call was made, and the state after it.
fn half_an_hour() -> (Vec<(bool, State)>, CircuitBreaker) {
    let mut simulation =
        Builder::new().simulation_duration(seconds(2_000)).tick_duration(Duration::from_millis(100)).build();
    simulation.host("shop", || async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            listener.accept().await?;
        }
    });
    let breaker = CircuitBreaker::with_clock("shop", Policy::consecutive_failures(3).expiry(seconds(60)), simulated());
    let breaker = breaker.unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (guarded, seen) = (breaker.clone(), Arc::clone(&log));
    simulation.client("client", async move {
        for second in 0..1_800 {
            if second == 300 {
                turmoil::partition("client", "shop");
            } else if second == 900 {
                turmoil::repair("client", "shop");
            }
            let called = guarded.call_async(connect()).await;
            let admitted = !matches!(called, Err(breaker_box::CallError::Open(_)));
            seen.lock().unwrap().push((admitted, guarded.state()));
            sleep(seconds(1)).await;
        }
        Result::Ok(())
    });
    // The status is read between the steps too, where the simulator has no time.
    while !simulation.step().unwrap() {
        let _ = breaker.status();
    }
    drop(simulation);
    let log = log.lock().unwrap().clone();
    (log, breaker)
}

#[test]
fn an_outage_in_simulated_time_opens_and_closes_as_in_real_time() {
    let (log, breaker) = half_an_hour();
    assert_eq!(log.len(), 1_800);
    let admitted = |from: usize, to: usize| log[from..to].iter().filter(|(admitted, _)| *admitted).count();
    assert_eq!(admitted(0, 300), 300);
    // Three failures, then a probe each minute. A failed call takes two rounds.
    let probes = admitted(300, 900) - 3;
    assert!((8..=11).contains(&probes), "{probes} probes in ten minutes");
    assert_eq!(admitted(1_000, 1_800), 800);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.status().totals.failures, 3 + probes as u64);
}

#[test]
fn a_simulation_is_the_same_each_time() {
    assert_eq!(half_an_hour().0, half_an_hour().0);
}
