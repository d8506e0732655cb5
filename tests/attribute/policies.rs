//! Every option of a policy has the same effect as the constructor or setter of its name.

use std::time::Duration;

use breaker_box::{Cancellation, Policy, Registry, Window, circuit_breaker};

use crate::support::{now, registry, status};

const LIMIT: u32 = 4;

/// A function with these options, its circuit's policy, and the policy that is expected.
macro_rules! policies {
    ($($name:ident: ($($options:tt)*) => $expected:expr;)*) => {
        $(
            #[test]
            fn $name() {
                #[circuit_breaker(identifier = "policy", registry = registry, $($options)*)]
                fn call(registry: &Registry) -> Option<()> {
                    Some(())
                }

                let registry = registry();
                call(&registry).unwrap();
                assert_eq!(status(&registry, "policy").policy, $expected);
            }
        )*
    };
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

policies! {
    no_option_leaves_the_default_of_the_registry: () => Policy::consecutive_failures(1);
    failure_threshold: (failure_threshold = 7) => Policy::consecutive_failures(7);
    failure_threshold_computed: (failure_threshold = LIMIT * 2) => Policy::consecutive_failures(8);
    failures_within: (failures = 7, within = "60s") => Policy::failures_within(7, seconds(60));
    failure_rate_of_calls: (failure_rate = 0.25, window = 50) => Policy::failure_rate(0.25, Window::calls(50));
    failure_rate_of_time: (failure_rate = 1, window = "5m") => Policy::failure_rate(1.0, Window::time(seconds(300)));
    failure_rate_of_computed_calls: (failure_rate = 0.25, window = LIMIT) => Policy::failure_rate(0.25, Window::calls(4));
    slow_call_rate: (slow_call_rate = 0.8, slow_call = "250ms", window = 50) =>
        Policy::slow_call_rate(0.8, Duration::from_millis(250), Window::calls(50));
    all_conditions: (
        failure_threshold = 5, failures = 9, within = "1h", failure_rate = 0.5, slow_call_rate = 0.8, slow_call = "2s", window = 100,
        hung_calls = 10, hung_after = "30s",
    ) => Policy::consecutive_failures(5)
        .or_failures_within(9, seconds(3600))
        .or_failure_rate(0.5, Window::calls(100))
        .or_slow_call_rate(0.8, seconds(2), Window::calls(100))
        .or_hung_calls(10, seconds(30));
    minimum_calls: (failure_rate = 0.5, window = 100, minimum_calls = 10) =>
        Policy::failure_rate(0.5, Window::calls(100)).minimum_calls(10);
    hung_calls: (hung_calls = 10, hung_after = "30s") => Policy::hung_calls(10, seconds(30));
    hung_calls_of_constants: (hung_calls = LIMIT * 2, hung_after = EXPIRY) => Policy::hung_calls(8, EXPIRY);
    hung_calls_beside_another_condition: (failure_threshold = 3, hung_calls = 10, hung_after = "30s") =>
        Policy::consecutive_failures(3).or_hung_calls(10, seconds(30));
    debounce: (debounce = "5s") => Policy::new().debounce(seconds(5));
    durations_as_in_settings_files: (expiry = "1m 30s", debounce = "1.5s", failures = 5, within = "forever") =>
        Policy::failures_within(5, Duration::MAX).expiry(seconds(90)).debounce(Duration::from_millis(1_500));
    constant_durations: (expiry = EXPIRY, half_open_timeout = EXPIRY, debounce = Duration::from_secs(5)) =>
        Policy::new().expiry(EXPIRY).half_open_timeout(EXPIRY).debounce(seconds(5));
    progressive_expiry_of_constants: (expiry = EXPIRY, backoff_factor = FACTOR, max_expiry = seconds(300)) =>
        Policy::new().progressive_expiry(EXPIRY, FACTOR, seconds(300));
    window_of_a_constant_duration: (failure_rate = 0.25, window = EXPIRY) =>
        Policy::failure_rate(0.25, Window::time(EXPIRY));
    window_of_a_constant_window: (failure_rate = 0.25, slow_call_rate = 0.5, slow_call = EXPIRY, window = WINDOW) =>
        Policy::failure_rate(0.25, WINDOW).or_slow_call_rate(0.5, EXPIRY, WINDOW);
    fail_slower_than: (fail_slower_than = "2s") => Policy::new().fail_slower_than(seconds(2));
    max_trip: (max_trip = "60s") => Policy::new().max_trip(seconds(60));
    debounce_off: (debounce = "0s") => Policy::new();
    expiry: (expiry = "10s") => Policy::new().expiry(seconds(10));
    progressive_expiry: (expiry = "10s", backoff_factor = 2.5, max_expiry = "5m") =>
        Policy::new().expiry(seconds(10)).progressive_expiry(seconds(10), 2.5, seconds(300));
    progressive_expiry_from_the_default: (backoff_factor = 2, max_expiry = "5m") =>
        Policy::new().progressive_expiry(seconds(30), 2.0, seconds(300));
    jitter: (jitter = 0.1) => Policy::new().jitter(0.1);
    half_open_max_calls: (half_open_max_calls = 3) => Policy::new().half_open_max_calls(3);
    success_threshold: (success_threshold = 3) => Policy::new().success_threshold(3);
    half_open_failure_threshold: (half_open_failure_threshold = 3) => Policy::new().half_open_failure_threshold(3);
    half_open_timeout: (half_open_timeout = "5s") => Policy::new().half_open_timeout(seconds(5));
    close_on_expiry: (close_on_expiry) => Policy::new().close_on_expiry();
    ramp_up: (ramp_up = "1m") => Policy::new().ramp_up(seconds(60));
    ramp_up_from: (ramp_up = "1m", ramp_up_from = 0.25) => Policy::new().ramp_up(seconds(60)).ramp_up_from(0.25);
    ramp_up_from_all: (ramp_up = "1m", ramp_up_from = 1) => Policy::new().ramp_up(seconds(60)).ramp_up_from(1.0);
    ramp_up_of_constants: (ramp_up = EXPIRY, ramp_up_from = FACTOR / 10.0) =>
        Policy::new().ramp_up(EXPIRY).ramp_up_from(0.25);
    ramp_up_after_the_expiry: (close_on_expiry, ramp_up = "1m") => Policy::new().close_on_expiry().ramp_up(seconds(60));
    cancellation_as_failure: (on_cancel = "failure") => Policy::new().on_cancel(Cancellation::Failure);
    cancellation_ignored: (on_cancel = "ignore") => Policy::new();
    cancellation_of_a_slow_call: (slow_call_rate = 0.8, slow_call = "2s", window = 50, on_cancel = "slow") =>
        Policy::slow_call_rate(0.8, seconds(2), Window::calls(50)).on_cancel(Cancellation::Slow);
    cancellation_of_a_call_that_would_fail: (fail_slower_than = EXPIRY, on_cancel = "slow") =>
        Policy::new().fail_slower_than(EXPIRY).on_cancel(Cancellation::Slow);
    policy_as_a_constant: (policy = STRICT) => STRICT;
    policy_as_a_chain: (policy = Policy::new().expiry(seconds(5))) => Policy::new().expiry(seconds(5));
}

const EXPIRY: Duration = seconds(12);
const FACTOR: f64 = 2.5;
const WINDOW: Window = Window::calls(12);
const STRICT: Policy = Policy::failures_within(2, seconds(10)).jitter(0.5);

#[test]
fn a_policy_of_a_placed_name_serves_each_circuit() {
    #[circuit_breaker(identifier = "shop:{id}", registry = registry, expiry = "10s")]
    fn call(registry: &Registry, id: u32) -> Option<()> {
        Some(())
    }

    let registry = registry();
    call(&registry, 1).unwrap();
    call(&registry, 2).unwrap();
    assert!(registry.list().iter().all(|status| status.policy == Policy::new().expiry(seconds(10))));
}

#[test]
fn a_policy_may_depend_on_a_parameter_of_the_function() {
    #[circuit_breaker(identifier = "generic", registry = registry, policy = T::POLICY.success_threshold(N))]
    fn call<T: Service, const N: u32>(registry: &Registry) -> Option<()> {
        Some(())
    }

    trait Service {
        const POLICY: Policy;
    }

    struct Payments;

    impl Service for Payments {
        const POLICY: Policy = STRICT;
    }

    let registry = registry();
    call::<Payments, 3>(&registry).unwrap();
    assert_eq!(status(&registry, "generic").policy, STRICT.success_threshold(3));
}

trait Limits {
    const LIMIT: u32;
    const EXPIRY: Duration;
    const POLICY: Policy = Policy::consecutive_failures(Self::LIMIT).expiry(Self::EXPIRY);
}

struct Few;

impl Limits for Few {
    const LIMIT: u32 = 2;
    const EXPIRY: Duration = seconds(7);
}

#[test]
fn a_policy_may_depend_on_a_parameter_of_the_implementation() {
    struct One<T>(T);

    impl<T: Limits> One<T> {
        #[circuit_breaker(identifier = "whole", registry = registry, policy = T::POLICY)]
        fn whole(registry: &Registry) -> Option<()> {
            Some(())
        }

        #[circuit_breaker(identifier = "parts", registry = registry, failure_threshold = T::LIMIT, expiry = T::EXPIRY)]
        fn parts(registry: &Registry) -> Option<()> {
            Some(())
        }
    }

    struct Other<Upstream, const N: u32>(Upstream);

    impl<Upstream: Limits, const N: u32> Other<Upstream, N> {
        #[circuit_breaker(identifier = "spelled", registry = registry, policy = Upstream::POLICY.half_open_max_calls(N))]
        async fn spelled(registry: &Registry) -> Option<()> {
            Some(())
        }

        #[circuit_breaker(identifier = "as_trait", registry = registry, policy = <Upstream as Limits>::POLICY)]
        fn as_trait(registry: &Registry) -> Option<()> {
            Some(())
        }

        #[circuit_breaker(identifier = "function", registry = registry, policy = policy_of::<Upstream>())]
        fn function(registry: &Registry) -> Option<()> {
            Some(())
        }
    }

    const fn policy_of<T: Limits>() -> Policy {
        T::POLICY
    }

    let registry = registry();
    One::<Few>::whole(&registry).unwrap();
    One::<Few>::parts(&registry).unwrap();
    now(Other::<Few, 3>::spelled(&registry)).unwrap();
    Other::<Few, 3>::as_trait(&registry).unwrap();
    Other::<Few, 3>::function(&registry).unwrap();
    for name in ["whole", "parts", "as_trait", "function"] {
        assert_eq!(status(&registry, name).policy, Few::POLICY, "{name}");
    }
    assert_eq!(status(&registry, "spelled").policy, Few::POLICY.half_open_max_calls(3));
}
