//! The calendar time of a clock that is a function.

use std::time::{Duration, SystemTime};

use breaker_box::{CircuitBreaker, Filter, Policy, Registry};

use crate::support::{Reading, seconds};

#[test]
fn events_begin_with_the_time_of_the_system_and_follow_the_function() {
    let before = SystemTime::now();
    let reading = Reading::at(seconds(1_000_000));
    let registry = Registry::builder().clock(reading.clock()).build().unwrap();
    let after = SystemTime::now();
    let events = registry.events(Filter::all());
    let at = || events.try_recv().unwrap().at;

    let breaker = registry.register("search", Policy::new()).unwrap();
    let first = at();
    assert!(before <= first && first <= after);
    reading.advance(seconds(3_600));
    breaker.record_success();
    assert_eq!(at(), first + seconds(3_600));
    reading.set(seconds(1_000_000 - 60));
    breaker.record_success();
    assert_eq!(at(), first - seconds(60), "a step back is one on the calendar too");
    reading.advance(seconds(1));
    breaker.record_success();
    assert_eq!(at(), first - seconds(59));
}

#[test]
fn a_status_says_when_it_opened_and_when_it_failed() {
    let reading = Reading::default();
    let clock = reading.clock();
    let origin = SystemTime::now();
    let breaker = CircuitBreaker::with_clock("search", Policy::consecutive_failures(1), clock).unwrap();
    reading.advance(seconds(86_400));
    breaker.record_failure("down");
    let status = breaker.status();
    let (opened, failed) = (status.opened_at.unwrap(), status.last_failure.unwrap().at);
    assert_eq!(opened, failed);
    let begun = opened - seconds(86_400);
    assert!(begun <= origin && origin < begun + seconds(60), "the clock was created just before");
}

#[test]
fn a_reading_of_any_size_has_a_calendar_time() {
    for begin in [Duration::ZERO, seconds(1_800_000_000), Duration::MAX] {
        let reading = Reading::at(begin);
        let breaker = CircuitBreaker::with_clock("search", Policy::new(), reading.clock()).unwrap();
        for time in [Duration::ZERO, seconds(7), Duration::MAX] {
            reading.set(time);
            breaker.open();
            assert!(breaker.status().opened_at.is_some());
        }
    }
}
