//! Moved by hand: open, force open, close, reset, disable, metrics only.

use breaker_box::{
    CircuitBreaker, EventReceiver, EventType, Filter, ManualClock, Outcome, Policy, Registry, State, Window,
};

use crate::support::{breaker, fail, fail_times, half_open, runs, seconds, succeed};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn open_rejects_for_the_policys_expiry() {
    let (breaker, clock) = breaker(Policy::new().expiry(seconds(7)));
    breaker.open();
    assert!(!runs(&breaker));
    clock.advance(seconds(7));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn open_uses_the_back_off() {
    let (breaker, _) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(60)));
    breaker.open();
    breaker.open();
    assert_eq!((breaker.status().openings, breaker.status().retry_after), (2, Some(seconds(10))));
}

#[test]
fn open_for_lasts_as_long_as_asked() {
    let (breaker, clock) = breaker(Policy::new());
    breaker.open_for(seconds(3_600));
    clock.advance(seconds(3_599));
    assert_eq!(breaker.state(), State::Open);
    clock.advance(seconds(1));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn open_for_does_not_change_the_policy() {
    let (breaker, _) = breaker(ONE);
    breaker.open_for(seconds(3_600));
    assert_eq!(breaker.policy(), ONE);
    breaker.reset();
    fail(&breaker);
    assert_eq!(breaker.status().retry_after, Some(seconds(30)));
}

#[test]
fn open_for_an_open_circuit_may_shorten_its_time() {
    let (breaker, _) = breaker(ONE);
    breaker.open_for(seconds(3_600));
    breaker.open_for(seconds(1));
    assert_eq!((breaker.status().retry_after, breaker.status().openings), (Some(seconds(1)), 2));
}

#[test]
fn force_open_rejects_until_reset() {
    let (breaker, clock) = breaker(ONE);
    breaker.force_open();
    clock.advance(seconds(100 * 365 * 86_400));
    assert_eq!((breaker.state(), breaker.is_available()), (State::ForcedOpen, false));
    let open = breaker.try_acquire().unwrap_err();
    assert_eq!((open.state(), open.retry_after()), (State::ForcedOpen, None));
}

#[test]
fn force_open_adds_nothing_to_the_openings() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    breaker.force_open();
    assert_eq!(breaker.status().openings, 1);
}

#[test]
fn force_open_has_an_opening_time_and_no_end() {
    let (breaker, _) = breaker(ONE);
    breaker.force_open();
    let status = breaker.status();
    assert!(status.opened_at.is_some());
    assert_eq!(status.retry_after, None);
}

#[test]
fn every_manual_state_ends_by_every_manual_command() {
    let enter: [fn(&CircuitBreaker); 3] =
        [|breaker| breaker.force_open(), |breaker| breaker.disable(), |breaker| breaker.metrics_only()];
    for enter in enter {
        let (breaker, _) = breaker(ONE);
        enter(&breaker);
        breaker.reset();
        assert_eq!(breaker.state(), State::Closed);
        enter(&breaker);
        breaker.close();
        assert_eq!(breaker.state(), State::Closed);
        enter(&breaker);
        breaker.open();
        assert_eq!(breaker.state(), State::Open);
    }
}

#[test]
fn close_keeps_the_failure_count() {
    let (breaker, _) = breaker(Policy::consecutive_failures(5));
    fail_times(&breaker, 4);
    breaker.close();
    assert_eq!(breaker.status().failure_count, 4);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn close_keeps_the_back_off() {
    let (breaker, _) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(60)));
    fail(&breaker);
    breaker.close();
    assert_eq!(breaker.status().openings, 1);
    fail(&breaker);
    assert_eq!(breaker.status().retry_after, Some(seconds(10)));
}

#[test]
fn after_close_the_first_success_ends_the_row_of_openings() {
    let roads: [fn(&CircuitBreaker); 3] =
        [succeed, CircuitBreaker::record_success, |breaker| breaker.try_acquire().unwrap().success()];
    for succeed in roads {
        let (breaker, _) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(60)));
        for _ in 0..3 {
            fail(&breaker);
            breaker.close();
        }
        assert_eq!(breaker.status().openings, 3);
        succeed(&breaker);
        assert_eq!(breaker.status().openings, 0);
        fail(&breaker);
        assert_eq!(breaker.status().retry_after, Some(seconds(5)));
    }
}

#[test]
fn after_close_what_is_no_success_ends_no_row() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2).progressive_expiry(seconds(5), 2.0, seconds(60)));
    fail_times(&breaker, 2);
    let late = breaker.try_acquire();
    breaker.close();
    drop(late);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    drop(breaker.try_acquire().unwrap());
    assert_eq!(breaker.status().openings, 1);
    fail(&breaker);
    assert_eq!(breaker.status().retry_after, Some(seconds(10)));
}

#[test]
fn after_close_a_success_that_opens_by_a_kept_window_begins_a_new_row() {
    let (breaker, _) =
        breaker(Policy::failure_rate(0.5, Window::calls(4)).progressive_expiry(seconds(5), 2.0, seconds(60)));
    fail_times(&breaker, 4);
    breaker.close();
    succeed(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 1, Some(seconds(5))));
}

#[test]
fn close_keeps_the_windows() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(2)));
    fail_times(&breaker, 2);
    breaker.close();
    assert_eq!((breaker.state(), breaker.status().window.failures), (State::Closed, 2));
}

#[test]
fn kept_counts_that_would_open_do_so_at_the_next_result_only() {
    let (breaker, _) = breaker(Policy::failures_within(2, seconds(60)));
    fail_times(&breaker, 2);
    breaker.close();
    assert_eq!((breaker.state(), breaker.is_available()), (State::Closed, true));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_kept_rate_is_evaluated_at_the_next_success() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(3)));
    fail_times(&breaker, 3);
    breaker.close();
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open, "two of the last three");
}

#[test]
fn a_success_clears_kept_failures_in_a_row() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    fail_times(&breaker, 2);
    breaker.close();
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 0));
}

#[test]
fn close_ends_half_open_without_recovery() {
    let (breaker, _) = half_open(ONE);
    breaker.close();
    assert_eq!((breaker.state(), breaker.status().openings), (State::Closed, 1));
}

#[test]
fn reset_forgets_counts_windows_back_off_and_the_last_failure() {
    let policy =
        Policy::consecutive_failures(5).or_failures_within(9, seconds(60)).or_failure_rate(1.0, Window::calls(9));
    let (breaker, _) = breaker(policy);
    fail_times(&breaker, 4);
    breaker.open();
    breaker.reset();
    let status = breaker.status();
    assert_eq!((status.state, status.failure_count, status.openings), (State::Closed, 0, 0));
    assert_eq!((status.window.calls, status.last_failure), (0, None));
}

#[test]
fn reset_forgets_a_failure_without_reason_too() {
    let (breaker, _) = breaker(Policy::new());
    breaker.call_with(|| (), |()| Outcome::failure()).unwrap();
    assert!(breaker.status().last_failure.is_some());
    breaker.reset();
    assert_eq!(breaker.status().last_failure, None);
}

#[test]
fn reset_forgets_the_debounce() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2).debounce(seconds(60)));
    fail(&breaker);
    breaker.reset();
    fail(&breaker);
    assert_eq!(breaker.status().failure_count, 1);
}

#[test]
fn close_keeps_the_debounce() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2).debounce(seconds(60)));
    fail(&breaker);
    breaker.close();
    fail(&breaker);
    assert_eq!(breaker.status().failure_count, 1);
}

#[test]
fn reset_keeps_totals_metadata_and_policy() {
    let (breaker, _) = breaker(ONE);
    breaker.set_metadata("team", "payments").unwrap();
    fail(&breaker);
    let before = breaker.status();
    breaker.reset();
    let after = breaker.status();
    assert_eq!((after.totals, after.metadata, after.policy), (before.totals, before.metadata, before.policy));
}

#[test]
fn disabled_lets_everything_through_and_counts_nothing() {
    let (breaker, _) = breaker(ONE);
    breaker.disable();
    let before = breaker.status();
    fail_times(&breaker, 10);
    succeed(&breaker);
    drop(breaker.try_acquire().unwrap());
    breaker.call_with(|| (), |()| Outcome::trip()).unwrap();
    breaker.record_failure("elsewhere");
    assert_eq!(breaker.status(), before);
}

#[test]
fn disabled_runs_calls_and_hands_their_results_out() {
    let (breaker, _) = breaker(ONE);
    breaker.disable();
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)).unwrap(), 7);
    assert!(breaker.is_available());
}

#[test]
fn metrics_only_counts_but_never_opens() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    breaker.metrics_only();
    fail_times(&breaker, 10);
    let status = breaker.status();
    assert_eq!((status.state, status.totals.failures, status.openings), (State::MetricsOnly, 10, 0));
    assert_eq!(status.failure_count, 10);
    assert!(runs(&breaker));
}

#[test]
fn metrics_only_fills_the_windows() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(4)));
    breaker.metrics_only();
    fail_times(&breaker, 3);
    succeed(&breaker);
    assert_eq!(breaker.status().window.failure_rate, Some(0.75));
}

/// How often a dry run has reported since the last look that it would have opened.
fn would_open_events(events: &EventReceiver) -> usize {
    std::iter::from_fn(|| events.try_recv().ok()).count()
}

/// A circuit in metrics-only, and what its dry run says.
fn dry_run(policy: Policy) -> (CircuitBreaker, ManualClock, EventReceiver) {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let breaker = registry.register("search", policy).unwrap();
    breaker.metrics_only();
    let events = registry.events(Filter::all().events([EventType::WouldOpen]));
    (breaker, clock, events)
}

#[test]
fn a_dry_run_reports_each_incident_once() {
    let (breaker, _, events) = dry_run(Policy::consecutive_failures(3));
    for _ in 0..3 {
        fail_times(&breaker, 20);
        assert_eq!(would_open_events(&events), 1);
        succeed(&breaker);
    }
}

#[test]
fn a_dry_run_reports_again_after_another_policy() {
    let (breaker, _, events) = dry_run(Policy::consecutive_failures(3));
    fail_times(&breaker, 3);
    breaker.configure(Policy::consecutive_failures(2)).unwrap();
    assert_eq!(would_open_events(&events), 1);
    fail(&breaker);
    assert_eq!(would_open_events(&events), 1, "the condition holds under the new policy, too");
    breaker.configure(Policy::consecutive_failures(10)).unwrap();
    fail_times(&breaker, 50);
    assert_eq!(would_open_events(&events), 1);
}

#[test]
fn a_dry_run_reports_again_once_its_windows_were_empty() {
    let (breaker, clock, events) = dry_run(Policy::failures_within(1, seconds(60)));
    fail_times(&breaker, 2);
    assert_eq!(would_open_events(&events), 1);
    clock.advance(seconds(59));
    fail(&breaker);
    assert_eq!(would_open_events(&events), 0, "still the same incident");
    clock.advance(seconds(60));
    fail(&breaker);
    assert_eq!(would_open_events(&events), 1, "no condition held in between");
}

#[test]
fn a_dry_run_reports_trips_in_a_row_once() {
    let (breaker, _, events) = dry_run(Policy::new());
    let trip = || breaker.call_with(|| (), |()| Outcome::trip()).unwrap();
    trip();
    trip();
    assert_eq!(would_open_events(&events), 1);
    succeed(&breaker);
    trip();
    assert_eq!(would_open_events(&events), 1);
}

#[test]
fn metrics_only_is_not_opened_by_a_trip() {
    let (breaker, _) = breaker(ONE);
    breaker.metrics_only();
    breaker.call_with(|| (), |()| Outcome::trip()).unwrap();
    assert_eq!(breaker.state(), State::MetricsOnly);
}

#[test]
fn the_because_forms_do_the_same() {
    let (breaker, _) = breaker(ONE);
    breaker.open_because("deploy");
    assert_eq!(breaker.state(), State::Open);
    breaker.close_because("done");
    assert_eq!((breaker.state(), breaker.status().openings), (State::Closed, 1));
    breaker.open_for_because(seconds(7), "deploy");
    assert_eq!(breaker.status().retry_after, Some(seconds(7)));
    breaker.reset_because("done");
    assert_eq!(breaker.status().openings, 0);
    breaker.force_open_because("maintenance");
    assert_eq!(breaker.state(), State::ForcedOpen);
    breaker.disable_because("trust");
    assert_eq!(breaker.state(), State::Disabled);
    breaker.metrics_only_because("dry run");
    assert_eq!(breaker.state(), State::MetricsOnly);
}
