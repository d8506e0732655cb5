//! How long a probe may take: with `half_open_timeout` it fails at its own instant, without it
//! gives its slot to another.

use std::mem::forget;
use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Outcome, Permit, Policy, State, Status};

use crate::support::{fail, fail_times, half_open, runs, seconds, succeed, take};

const ONE: Policy = Policy::consecutive_failures(1);
const LIMITED: Policy = ONE.half_open_timeout(seconds(10));

/// All that is counted, but for what was rejected.
fn counted(status: &Status) -> (u64, u64, u64) {
    (status.totals.successes, status.totals.failures, status.totals.late)
}

fn probe(breaker: &CircuitBreaker) -> Permit {
    breaker.try_acquire().expect("a free slot")
}

/// The default policy, opened by five failures, and its time is over.
fn expired() -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = crate::support::breaker(Policy::new());
    fail_times(&breaker, 5);
    clock.advance(seconds(30));
    (breaker, clock)
}

#[test]
fn a_probe_that_takes_longer_than_the_expiry_closes() {
    let (breaker, clock) = expired();
    take(&breaker, &clock, seconds(45));
    assert_eq!((breaker.state(), breaker.status().openings), (State::Closed, 0));
}

#[test]
fn probes_may_succeed_as_far_apart_as_calls_are() {
    let (breaker, clock) = half_open(ONE.success_threshold(3));
    for _ in 0..2 {
        succeed(&breaker);
        clock.advance(seconds(86_400));
        assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
    }
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn half_open_as_such_has_no_limit() {
    for policy in [ONE, LIMITED] {
        let (breaker, clock) = half_open(policy.success_threshold(2));
        succeed(&breaker);
        clock.advance(seconds(1_000_000));
        assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
    }
}

#[test]
fn a_probe_without_a_verdict_never_raises_the_back_off() {
    let policy = ONE.progressive_expiry(seconds(30), 2.0, seconds(300));
    let neutral: [fn(Permit); 3] = [Permit::ignore, drop, Permit::cancel];
    for policy in [policy, policy.half_open_timeout(seconds(10))] {
        for settle in neutral {
            let (breaker, clock) = half_open(policy);
            for _ in 0..20 {
                settle(probe(&breaker));
                clock.advance(seconds(3_600));
            }
            assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
        }
    }
}

// # With `half_open_timeout`

#[test]
fn a_probe_that_is_not_back_at_its_limit_has_failed() {
    let (breaker, clock) = half_open(LIMITED);
    forget(probe(&breaker));
    clock.advance(Duration::from_nanos(9_999_999_999));
    assert_eq!(breaker.state(), State::HalfOpen);
    clock.advance(Duration::from_nanos(1));
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 2, Some(seconds(30))));
}

#[test]
fn a_limit_seen_late_opened_as_of_its_instant() {
    let (breaker, clock) = half_open(LIMITED);
    let before = breaker.status().opened_at.unwrap();
    forget(probe(&breaker));
    clock.advance(seconds(25));
    let open = breaker.try_acquire().unwrap_err();
    assert_eq!((open.state(), open.retry_after()), (State::Open, Some(seconds(15))));
    assert_eq!(breaker.status().opened_at, Some(before + seconds(40)));
}

#[test]
fn a_limit_and_the_expiry_after_it_seen_late_leave_fresh_probes() {
    let (breaker, clock) = half_open(LIMITED);
    forget(probe(&breaker));
    clock.advance(seconds(40));
    assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 2));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn the_limit_runs_from_the_probes_admission() {
    let (breaker, clock) = half_open(LIMITED.success_threshold(5));
    clock.advance(seconds(1_000));
    succeed(&breaker);
    clock.advance(seconds(9));
    let second = probe(&breaker);
    clock.advance(seconds(9));
    assert_eq!(breaker.state(), State::HalfOpen);
    second.success();
    clock.advance(seconds(9));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn with_a_threshold_the_limit_that_reaches_it_opens_as_of_its_instant() {
    let (breaker, clock) = half_open(LIMITED.half_open_max_calls(3).half_open_failure_threshold(3));
    let before = breaker.status().opened_at.unwrap();
    let _first = probe(&breaker);
    clock.advance(seconds(2));
    let _second = probe(&breaker);
    clock.advance(seconds(3));
    probe(&breaker).failure("an ordinary one");
    clock.advance(seconds(6));
    // One timed out, one failed, one is out: the second limit, at 30 + 2 + 10, is the third
    // failure.
    assert_eq!(breaker.state(), State::HalfOpen);
    clock.advance(seconds(20));
    let status = breaker.status();
    assert_eq!((status.state, status.opened_at), (State::Open, Some(before + seconds(42))));
    assert_eq!(status.retry_after, Some(seconds(11)));
}

#[test]
fn below_the_threshold_a_limit_frees_the_slot_and_the_probe_is_late() {
    for outcome in [Outcome::Success, Outcome::failure(), Outcome::Ignore, Outcome::trip()] {
        let (breaker, clock) = half_open(LIMITED.half_open_failure_threshold(2));
        let before = breaker.status();
        let first = probe(&breaker);
        clock.advance(seconds(10));
        assert!(breaker.is_available(), "its slot is free");
        let second = probe(&breaker);
        first.settle(outcome.clone());
        let status = breaker.status();
        assert_eq!((status.state, status.totals.late), (State::HalfOpen, 1), "{outcome:?}");
        assert_eq!(counted(&status), (before.totals.successes, before.totals.failures, 1), "{outcome:?}");
        assert!(!breaker.is_available(), "a late probe freed the slot of another");
        second.failure("the second");
        assert_eq!(breaker.state(), State::Open, "the limit was the first failure");
    }
}

#[test]
fn each_result_is_in_one_total_whatever_became_of_its_probe() {
    let (breaker, clock) =
        half_open(LIMITED.half_open_max_calls(4).half_open_failure_threshold(4).success_threshold(9));
    let before = breaker.status();
    let probes: Vec<_> = (0..4).map(|_| probe(&breaker)).collect();
    let mut probes = probes.into_iter();
    probes.next().unwrap().success();
    probes.next().unwrap().failure("down");
    clock.advance(seconds(10));
    // Two limits, and one failure: half-open still.
    probes.next().unwrap().success();
    assert_eq!(breaker.state(), State::HalfOpen);
    probes.next().unwrap().failure("down");
    let status = breaker.status();
    assert_eq!(counted(&status), (before.totals.successes + 1, before.totals.failures + 1, 2));
    assert_eq!(status.state, State::HalfOpen);
}

#[test]
fn probes_admitted_in_one_instant_have_one_limit_and_free_their_own_slots() {
    let (breaker, clock) = half_open(LIMITED.half_open_max_calls(3).half_open_failure_threshold(3));
    let [first, second, third] = [(); 3].map(|()| probe(&breaker));
    second.ignore();
    let fourth = probe(&breaker);
    clock.advance(seconds(10));
    // Three limits at the same instant.
    assert_eq!(breaker.state(), State::Open);
    for late in [first, third, fourth] {
        late.success();
    }
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 3));
}

// # Without it

#[test]
fn a_probe_that_is_out_for_the_open_period_gives_its_slot_to_another() {
    let (breaker, clock) = half_open(ONE);
    let _first = probe(&breaker);
    clock.advance(Duration::from_nanos(29_999_999_999));
    assert!(!breaker.is_available() && breaker.try_acquire().is_err());
    clock.advance(Duration::from_nanos(1));
    assert!(breaker.is_available());
    assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
    let _second = probe(&breaker);
    assert!(!breaker.is_available() && breaker.try_acquire().is_err());
}

#[test]
fn slots_are_given_up_one_by_one_in_the_order_of_their_probes() {
    let (breaker, clock) = half_open(ONE.half_open_max_calls(3));
    let mut out = Vec::new();
    for _ in 0..3 {
        out.push(probe(&breaker));
        clock.advance(seconds(5));
    }
    assert!(!breaker.is_available());
    clock.advance(seconds(15));
    for _ in 0..3 {
        out.push(probe(&breaker));
        assert!(breaker.try_acquire().is_err(), "one slot and no more");
        clock.advance(seconds(5));
    }
}

#[test]
fn a_result_that_comes_after_its_slot_was_given_up_still_counts() {
    let (breaker, clock) = half_open(ONE);
    let slow = probe(&breaker);
    clock.advance(seconds(30));
    let other = probe(&breaker);
    slow.success();
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 0));
    other.failure("late");
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 1));

    let (breaker, clock) = half_open(ONE);
    let slow = probe(&breaker);
    clock.advance(seconds(100));
    slow.failure("down");
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 2));
}

#[test]
fn a_probe_without_a_slot_frees_no_other() {
    let (breaker, clock) = half_open(ONE.success_threshold(9).half_open_failure_threshold(9));
    let slow = [(); 4].map(|()| {
        let slow = probe(&breaker);
        clock.advance(seconds(30));
        slow
    });
    let _other = probe(&breaker);
    let settle: [fn(Permit); 4] = [Permit::success, Permit::ignore, drop, |permit| permit.failure("down")];
    for (permit, settle) in slow.into_iter().zip(settle) {
        settle(permit);
        assert!(breaker.try_acquire().is_err());
    }
    assert_eq!((breaker.status().totals.late, breaker.status().totals.successes), (0, 1));
}

#[test]
fn forgotten_permits_wedge_nothing() {
    for policy in [ONE, LIMITED, ONE.expiry(Duration::MAX), ONE.progressive_expiry(seconds(1), 10.0, Duration::MAX)] {
        let (breaker, clock) = crate::support::breaker(policy.half_open_max_calls(2));
        breaker.open_for(seconds(30));
        clock.advance(seconds(30));
        for _ in 0..20 {
            while let Ok(permit) = breaker.try_acquire() {
                forget(permit);
            }
            clock.advance(seconds(60));
        }
        assert!(runs(&breaker), "{policy}");
        assert_eq!(breaker.state(), State::Closed, "{policy}");
    }
}

#[test]
fn what_probes_hold_is_not_lost_when_a_new_policy_allows_fewer_or_more() {
    let (breaker, clock) = half_open(ONE.half_open_max_calls(3).success_threshold(9));
    let probes = [(); 3].map(|()| probe(&breaker));
    breaker.configure(ONE.success_threshold(9)).unwrap();
    let [first, second, third] = probes;
    first.success();
    second.success();
    assert!(!breaker.is_available(), "one is out, and one is allowed");
    third.success();
    let _out = probe(&breaker);
    assert!(!breaker.is_available());
    breaker.configure(ONE.half_open_max_calls(2)).unwrap();
    assert!(breaker.is_available());
    clock.advance(seconds(1));
    let _another = probe(&breaker);
    assert!(!breaker.is_available());
}

#[test]
fn a_new_policy_changes_the_time_of_the_probes_that_are_out() {
    let (breaker, clock) = half_open(ONE);
    let _slow = probe(&breaker);
    clock.advance(seconds(10));
    breaker.configure(ONE.expiry(seconds(11))).unwrap();
    assert!(!breaker.is_available() && breaker.try_acquire().is_err());
    clock.advance(seconds(1));
    let _other = probe(&breaker);
    // The limit is for probes that hold a slot: the result of one that gave up its slot still
    // counts.
    breaker.configure(ONE.half_open_timeout(seconds(12))).unwrap();
    clock.advance(seconds(11));
    assert_eq!(breaker.state(), State::HalfOpen);
    clock.advance(seconds(1));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_list_of_probes_that_come_and_go_and_are_forgotten_stays_as_small() {
    // Looks, reports and results beside probes that never come back, for as long as it takes to see
    // a list that grows by the time.
    let (breaker, clock) = half_open(ONE.half_open_max_calls(4).success_threshold(10_000_000));
    for round in 0..50_000_u32 {
        forget(probe(&breaker));
        probe(&breaker).ignore();
        succeed(&breaker);
        if round % 7 == 0 {
            assert!(breaker.is_available());
        }
        clock.advance(seconds(10));
    }
    assert_eq!(breaker.state(), State::HalfOpen);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_hundred_thousand_probes_come_back_in_any_order() {
    let most = 100_000;
    let (breaker, clock) = half_open(ONE.half_open_max_calls(most).success_threshold(most));
    let mut probes = Vec::new();
    for _ in 0..most {
        probes.push(probe(&breaker));
        clock.advance(Duration::from_nanos(1));
    }
    assert!(breaker.try_acquire().is_err());
    // Every second one first.
    let (even, odd): (Vec<_>, Vec<_>) = probes.into_iter().enumerate().partition(|(place, _)| place % 2 == 0);
    for (_, permit) in even.into_iter().chain(odd) {
        permit.success();
    }
    assert_eq!(breaker.state(), State::Closed);
}
