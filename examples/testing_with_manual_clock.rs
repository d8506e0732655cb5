//! Testing code behind circuits: a registry of its own for each test, on a clock that stands still
//! until the test moves it.
//!
//! `registry = …` names the registry that an annotated function uses, here a field of the service.
//! In production it is `Registry::global().clone()`; a test passes its own. Tests then share
//! nothing, run in parallel, and never sleep.
//!
//! Run it with `cargo run --example testing_with_manual_clock`.

use std::cell::Cell;
use std::time::Duration;

use breaker_box::{CircuitOpenError, ManualClock, PolicyError, Registry, State, circuit_breaker};

#[derive(Debug, thiserror::Error)]
enum WeatherError {
    #[error("the station is silent")]
    Silent,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

/// The service under test.
struct Weather {
    registry: Registry,
    station_is_up: Cell<bool>,
}

impl Weather {
    #[circuit_breaker(
        identifier = "weather_station",
        registry = &self.registry,
        failure_threshold = 3,
        expiry = "1m",
        backoff_factor = 2.0,
        max_expiry = "10m",
    )]
    fn temperature(&self) -> Result<i32, WeatherError> {
        if self.station_is_up.get() { Ok(21) } else { Err(WeatherError::Silent) }
    }
}

const A_MOMENT: Duration = Duration::from_nanos(1);

/// What a test would be called: an outage of hours, in no time.
fn an_outage_ends_with_one_probe_and_each_failed_probe_doubles_the_wait() -> Result<(), PolicyError> {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build()?;
    let weather = Weather { registry: registry.clone(), station_is_up: Cell::new(false) };

    for _ in 0..3 {
        assert!(matches!(weather.temperature(), Err(WeatherError::Silent)));
    }
    let mut waits = Vec::new();
    for _ in 0..6 {
        let Err(WeatherError::CircuitOpen(open)) = weather.temperature() else { panic!("the circuit is open") };
        let wait = open.retry_after().expect("it knows when it may be asked again");
        // A moment earlier it is still open: the clock stands where the test has put it, so this is
        // exact.
        clock.advance(wait.saturating_sub(A_MOMENT));
        assert!(!registry.is_available("weather_station"));
        clock.advance(A_MOMENT);
        assert!(matches!(weather.temperature(), Err(WeatherError::Silent)), "one probe goes out");
        waits.push(wait.as_secs() / 60);
    }
    println!("minutes between probes: {waits:?}");
    assert_eq!(waits, [1, 2, 4, 8, 10, 10]);

    weather.station_is_up.set(true);
    clock.advance(Duration::from_secs(600));
    assert_eq!(weather.temperature().expect("the probe reaches the station"), 21);
    assert_eq!(registry.state("weather_station"), State::Closed);
    println!("after {} minutes on the test's clock: {}", clock.elapsed().as_secs() / 60, registry.list()[0]);
    Ok(())
}

fn another_registry_knows_nothing_of_it() {
    let weather = Weather { registry: Registry::new(), station_is_up: Cell::new(true) };
    assert_eq!(weather.temperature().expect("a circuit of its own, and closed"), 21);
    assert!(Registry::global().is_empty(), "the global registry was never involved");
}

fn main() -> Result<(), PolicyError> {
    an_outage_ends_with_one_probe_and_each_failed_probe_doubles_the_wait()?;
    another_registry_knows_nothing_of_it();
    Ok(())
}
