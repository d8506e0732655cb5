//! The scenarios of the Tinkex registry (1–21, 63–67) and its defects (D8–D14), as this library
//! decides them.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use breaker_box::{
    CallError, CircuitBreaker, Key, ManualClock, Outcome, Policy, PolicyError, RegisterError, Registry, State,
};
use support::{
    breaker, fail, fail_times, half_open, panic_in, registry, registry_with, runs, seconds, succeed, succeed_times,
};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn scenario_1_a_new_breaker_has_the_defaults() {
    let (breaker, _) = breaker(Policy::new());
    let status = breaker.status();
    assert_eq!((status.state, status.failure_count, status.key), (State::Closed, 0, Key::new("payment_api")));
    assert_eq!(status.policy, Policy::consecutive_failures(5).expiry(seconds(30)));
}

#[test]
fn scenario_2_given_values_are_reported() {
    let policy = Policy::consecutive_failures(3).expiry(seconds(10)).half_open_max_calls(2);
    let (breaker, _) = breaker(policy);
    assert_eq!(breaker.status().policy, policy);
}

#[test]
fn scenario_3_closed_allows() {
    let (breaker, _) = breaker(Policy::new());
    assert!(breaker.is_available() && runs(&breaker));
}

#[test]
fn scenario_4_one_failure_at_threshold_one_denies() {
    let (breaker, _) = breaker(ONE);
    fail(&breaker);
    assert!(!breaker.is_available() && !runs(&breaker));
}

#[test]
fn scenario_5_a_timeout_of_zero_is_refused_and_the_shortest_is_half_open_at_once() {
    let refused = CircuitBreaker::new("any", ONE.expiry(Duration::ZERO));
    assert_eq!(refused.unwrap_err(), PolicyError::ZeroDuration { setter: "expiry" });
    let (breaker, clock) = breaker(ONE.expiry(Duration::from_nanos(1)));
    fail(&breaker);
    clock.advance(Duration::from_millis(10));
    assert_eq!((breaker.is_available(), breaker.state()), (true, State::HalfOpen));
}

#[test]
fn scenario_6_a_success_clears_a_count_of_two() {
    let (breaker, _) = breaker(Policy::new());
    fail_times(&breaker, 2);
    succeed(&breaker);
    assert_eq!(breaker.status().failure_count, 0);
}

#[test]
fn scenario_7_a_success_while_half_open_closes() {
    let (breaker, _) = half_open(ONE);
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 0));
}

#[test]
fn scenario_8_one_failure_of_five_is_counted() {
    let (breaker, _) = breaker(Policy::new());
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 1));
}

#[test]
fn scenario_9_two_failures_of_two_open() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    fail_times(&breaker, 2);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn scenario_10_opening_records_its_time() {
    let (breaker, _) = breaker(ONE);
    assert_eq!(breaker.status().opened_at, None);
    fail(&breaker);
    assert!(breaker.status().opened_at.is_some());
}

#[test]
fn scenario_11_an_ok_result_passes_and_clears() {
    let (breaker, _) = breaker(Policy::new());
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)).unwrap(), 7);
    fail_times(&breaker, 2);
    assert_eq!(breaker.call(|| Ok::<_, ()>(8)).unwrap(), 8);
    assert_eq!(breaker.status().failure_count, 0);
}

#[test]
fn scenario_12_an_err_result_passes_and_counts() {
    let (breaker, _) = breaker(Policy::new());
    assert!(matches!(breaker.call(|| Err::<(), _>("declined")), Err(CallError::Failed("declined"))));
    assert_eq!(breaker.status().failure_count, 1);
}

#[test]
fn scenario_13_a_call_while_open_does_not_run() {
    let (breaker, _) = breaker(ONE);
    fail(&breaker);
    let mut ran = false;
    let answer = breaker.call(|| {
        ran = true;
        Ok::<_, ()>(())
    });
    assert!(matches!(answer, Err(CallError::Open(_))) && !ran);
}

#[test]
fn scenario_14_a_classifier_that_accepts_below_500_counts_no_400() {
    let (breaker, _) = breaker(Policy::new());
    let answer = breaker.call_with(|| Err::<(), _>(400), |result| result.as_ref().is_err_and(|status| *status < 500));
    assert_eq!(answer.unwrap(), Err(400));
    assert_eq!(breaker.status().failure_count, 0);
}

#[test]
fn scenario_15_there_is_nothing_to_initialise() {
    assert!(std::ptr::eq(Registry::global(), Registry::global()));
}

#[test]
fn scenario_16_a_call_on_a_new_name_makes_the_circuit() {
    let (registry, _) = registry();
    assert_eq!(registry.call("new", || Ok::<_, ()>(7)).unwrap(), 7);
    assert_eq!(registry.status("new").unwrap().state, State::Closed);
}

#[test]
fn scenario_17_failing_calls_by_name_open_for_callers_without_options_too() {
    let (registry, _) = registry();
    for _ in 0..5 {
        let _ = registry.call("defaults", || Err::<(), _>(()));
    }
    assert_eq!(registry.state("defaults"), State::Open);

    let two = Policy::consecutive_failures(2);
    for _ in 0..2 {
        let _ = registry.get_or_register("options", two).unwrap().call(|| Err::<(), _>(()));
    }
    let mut ran = false;
    let answer = registry.call("options", || {
        ran = true;
        Ok::<_, ()>(())
    });
    assert!(matches!(answer, Err(CallError::Open(_))) && !ran);
}

#[test]
fn scenario_18_an_unknown_name_is_closed_and_cannot_be_reset() {
    let (registry, _) = registry();
    assert_eq!(registry.state("unknown"), State::Closed);
    assert!(registry.reset("unknown").is_err(), "Tinkex says ok; here it says that there is nothing");
    assert!(registry.is_empty());
    registry.register("known", ONE).unwrap().open();
    registry.unregister("known").unwrap();
    assert_eq!(registry.state("known"), State::Closed);
}

#[test]
fn scenario_19_open_then_reset_is_closed() {
    let (registry, _) = registry_with(ONE);
    let _ = registry.call("payment_api", || Err::<(), _>(()));
    registry.reset("payment_api").unwrap();
    assert_eq!(registry.state("payment_api"), State::Closed);
}

#[test]
fn scenario_20_the_list_holds_every_used_name_with_its_state() {
    let (registry, _) = registry_with(ONE);
    registry.call("a", || Ok::<_, ()>(())).unwrap();
    let _ = registry.call("b", || Err::<(), _>(()));
    let list: Vec<_> = registry.list().into_iter().map(|status| (status.key.to_string(), status.state)).collect();
    assert_eq!(list, [("a".to_owned(), State::Closed), ("b".to_owned(), State::Open)]);
}

#[test]
fn scenario_21_twenty_failures_released_together_open_at_threshold_twenty() {
    for _ in 0..50 {
        let (registry, _) = registry_with(Policy::consecutive_failures(20));
        let barrier = Barrier::new(20);
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    barrier.wait();
                    registry.call("payment_api", || Err::<(), _>(()))
                });
            }
        });
        assert_eq!(registry.state("payment_api"), State::Open);
    }
}

#[test]
fn scenario_63_of_fifty_concurrent_probes_one_runs_and_forty_nine_are_rejected() {
    let (breaker, _) = half_open(ONE);
    let (ran, all_asked) = (AtomicU32::new(0), Barrier::new(50));
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let permit = breaker.try_acquire();
                all_asked.wait();
                if let Ok(permit) = permit {
                    ran.fetch_add(1, Ordering::Relaxed);
                    permit.success();
                }
            });
        }
    });
    assert_eq!((ran.into_inner(), breaker.status().totals.rejected), (1, 49));
}

#[test]
fn scenario_64_a_success_that_began_before_the_opening_closes_nothing() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    clock.advance(seconds(30));
    permit.success();
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::HalfOpen, 1));
}

#[test]
fn scenario_65_a_failure_in_flight_does_not_bring_a_deleted_circuit_back() {
    let (registry, _) = registry_with(ONE);
    let _ = registry.call("payment_api", || {
        registry.unregister("payment_api").unwrap();
        Err::<(), _>(())
    });
    assert!(registry.is_empty());
}

#[test]
fn scenario_66_the_first_options_stay() {
    let (registry, _) = registry();
    registry.get_or_register("payment_api", ONE).unwrap();
    registry.get_or_register("payment_api", Policy::consecutive_failures(9)).unwrap();
    assert_eq!(registry.status("payment_api").unwrap().policy, ONE);
}

#[test]
fn scenario_67_a_panic_goes_on_and_counts_as_a_failure() {
    let (breaker, _) = breaker(ONE);
    panic_in(&breaker, "boom");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn defect_d8_the_half_open_limit_counts_calls_in_flight_and_not_finished_ones() {
    let (breaker, _) = half_open(ONE.half_open_max_calls(2));
    let first = breaker.try_acquire().unwrap();
    let second = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    first.ignore();
    assert!(breaker.try_acquire().is_ok());
    second.ignore();
}

#[test]
fn defect_d9_a_limit_of_no_probes_is_refused() {
    let refused = CircuitBreaker::new("any", ONE.half_open_max_calls(0));
    assert_eq!(refused.unwrap_err(), PolicyError::Count { setter: "half_open_max_calls", value: 0 });
}

#[test]
fn defect_d10_there_is_one_rule_of_admission() {
    let (breaker, clock) = breaker(ONE);
    let agree = |expected: bool| {
        assert_eq!(breaker.is_available(), expected);
        assert_eq!(breaker.call_with(|| (), |()| Outcome::Ignore).is_ok(), expected);
        assert_eq!(breaker.try_acquire().map(breaker_box::Permit::ignore).is_ok(), expected);
    };
    agree(true);
    fail(&breaker);
    agree(false);
    clock.advance(seconds(30));
    agree(true);
    let _probe = breaker.try_acquire().unwrap();
    agree(false);
    breaker.force_open();
    agree(false);
}

#[test]
fn defect_d11_a_result_is_judged_in_the_generation_of_its_call() {
    let (breaker, clock) = breaker(ONE);
    let permits = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    fail(&breaker);
    clock.advance(seconds(30));
    let [success, failure] = permits;
    success.success();
    failure.failure("late");
    assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
}

#[test]
fn defect_d12_a_second_registration_with_other_options_is_not_silent() {
    let (registry, _) = registry();
    registry.register("payment_api", ONE).unwrap();
    let refused = registry.register("payment_api", Policy::new());
    assert!(matches!(refused, Err(RegisterError::AlreadyRegistered { .. })));
}

#[test]
fn defect_d13_a_dependency_that_only_panics_opens() {
    let (breaker, _) = breaker(Policy::new());
    for _ in 0..5 {
        panic_in(&breaker, "boom");
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn defect_d14_the_registry_survives_every_thread_that_used_it() {
    let clock = ManualClock::new();
    let registry = Registry::builder().default_policy(ONE).clock(clock).build().unwrap();
    let user = registry.clone();
    let ended = thread::spawn(move || {
        let _ = user.call("payment_api", || Err::<(), _>(()));
        panic!("the first user dies");
    });
    assert!(ended.join().is_err());
    assert_eq!(registry.state("payment_api"), State::Open);
}

#[test]
fn defect_d14_concurrent_successes_are_all_counted() {
    let (breaker, _) = breaker(Policy::new());
    let handles = Mutex::new(vec![breaker.clone(); 4]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let own = handles.lock().unwrap().pop().unwrap();
                succeed_times(&own, 1_000);
            });
        }
    });
    assert_eq!(breaker.status().totals.successes, 4_000);
}
