//! Defaults, then templates, then the circuit.

use breaker_box::{Cancellation, Policy, Window};

use crate::{policy_of_a, seconds};

#[test]
fn what_is_nearer_wins_option_by_option() {
    let policy = policy_of_a(
        r#"
        [defaults]
        expiry = "10s"
        jitter = 0.1
        success_threshold = 2

        [templates.far]
        jitter = 0.2
        success_threshold = 3

        [templates.near]
        template = "far"
        success_threshold = 4

        [circuits.a]
        template = "near"
        half_open_max_calls = 5
        "#,
    );
    assert_eq!(policy, Policy::new().expiry(seconds(10)).jitter(0.2).success_threshold(4).half_open_max_calls(5));
}

#[test]
fn a_named_condition_replaces_all_inherited_ones() {
    let defaults = "[defaults]\nfailure_rate = 0.5\nwindow = 100\nminimum_calls = 20\nfailure_threshold = 9\n";
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nfailure_threshold = 3"));
    assert_eq!(policy, Policy::consecutive_failures(3));
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nfailures = 3\nwithin = \"1m\""));
    assert_eq!(policy, Policy::failures_within(3, seconds(60)));
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nhung_calls = 3\nhung_after = \"1m\""));
    assert_eq!(policy, Policy::hung_calls(3, seconds(60)));
    let policy = policy_of_a("[defaults]\nhung_calls = 3\nhung_after = \"1m\"\n[circuits.a]\nfailure_threshold = 3");
    assert_eq!(policy, Policy::consecutive_failures(3));
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nexpiry = \"1s\""));
    let inherited = Policy::consecutive_failures(9).or_failure_rate(0.5, Window::calls(100)).minimum_calls(20);
    assert_eq!(policy, inherited.expiry(seconds(1)));
}

#[test]
fn what_belongs_to_a_condition_is_inherited_beside_it_and_changed_alone() {
    let defaults = "[defaults]\nfailure_rate = 0.5\nwindow = 100\nminimum_calls = 20\n";
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nfailure_rate = 0.1"));
    assert_eq!(policy, Policy::failure_rate(0.1, Window::calls(100)).minimum_calls(20));
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nwindow = \"30s\""));
    assert_eq!(policy, Policy::failure_rate(0.5, Window::time(seconds(30))).minimum_calls(20));
    let policy = policy_of_a("[defaults]\nfailures = 5\nwithin = \"1m\"\n[circuits.a]\nwithin = \"10s\"");
    assert_eq!(policy, Policy::failures_within(5, seconds(10)));
    let policy = policy_of_a("[defaults]\nhung_calls = 5\nhung_after = \"1m\"\n[circuits.a]\nhung_after = \"10s\"");
    assert_eq!(policy, Policy::hung_calls(5, seconds(10)));
    let policy = policy_of_a("[defaults]\nhung_calls = 5\nhung_after = \"1m\"\n[circuits.a]\nhung_calls = 9");
    assert_eq!(policy, Policy::hung_calls(9, seconds(60)));
}

#[test]
fn a_template_may_leave_a_partner_to_the_circuit() {
    let policy = policy_of_a(
        "[templates.http]\nwindow = 50\nslow_call = \"2s\"\n[circuits.a]\ntemplate = \"http\"\nslow_call_rate = 0.5",
    );
    assert_eq!(policy, Policy::slow_call_rate(0.5, seconds(2), Window::calls(50)));
    let policy =
        policy_of_a("[templates.gentle]\nramp_up_from = 0.2\n[circuits.a]\ntemplate = \"gentle\"\nramp_up = \"30s\"");
    assert_eq!(policy, Policy::new().ramp_up(seconds(30)).ramp_up_from(0.2));
    let policy =
        policy_of_a("[templates.stuck]\nhung_after = \"30s\"\n[circuits.a]\ntemplate = \"stuck\"\nhung_calls = 10");
    assert_eq!(policy, Policy::hung_calls(10, seconds(30)));
    // Where the circuit has no rate, what belongs to one is not its mistake.
    let policy = policy_of_a("[templates.http]\nwindow = 50\n[circuits.a]\ntemplate = \"http\"");
    assert_eq!(policy, Policy::new());
    let policy = policy_of_a("[templates.stuck]\nhung_after = \"30s\"\n[circuits.a]\ntemplate = \"stuck\"");
    assert_eq!(policy, Policy::new());
}

#[test]
fn the_ramp_up_and_its_beginning_are_two_options() {
    let defaults = "[defaults]\nramp_up = \"30s\"\nramp_up_from = 0.2\n";
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nramp_up = \"1m\""));
    assert_eq!(policy, Policy::new().ramp_up(seconds(60)).ramp_up_from(0.2));
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nramp_up_from = 1"));
    assert_eq!(policy, Policy::new().ramp_up(seconds(30)).ramp_up_from(1.0));
    let policy = policy_of_a("[defaults]\nramp_up = \"30s\"\n[circuits.a]\nramp_up_from = 0.5");
    assert_eq!(policy, Policy::new().ramp_up(seconds(30)).ramp_up_from(0.5));
}

#[test]
fn inherited_slow_cancellations_apply_where_calls_are_slow() {
    let rate = "slow_call_rate = 0.8\nslow_call = \"2s\"\nwindow = 50\n";
    let slow_calls = Policy::slow_call_rate(0.8, seconds(2), Window::calls(50)).on_cancel(Cancellation::Slow);
    let defaults = format!("[defaults]\non_cancel = \"slow\"\n{rate}");
    assert_eq!(policy_of_a(&format!("{defaults}[circuits.a]")), slow_calls);
    assert_eq!(policy_of_a(&format!("{defaults}[circuits.a]\nfailure_threshold = 3")), Policy::consecutive_failures(3));
    let template = "[templates.patient]\non_cancel = \"slow\"\n[circuits.a]\ntemplate = \"patient\"\n";
    assert_eq!(policy_of_a(&format!("{template}{rate}")), slow_calls);
    assert_eq!(policy_of_a(template), Policy::new());
    assert_eq!(
        policy_of_a(&format!("{template}fail_slower_than = \"3s\"")),
        Policy::new().fail_slower_than(seconds(3)).on_cancel(Cancellation::Slow)
    );
}

#[test]
fn the_expiry_and_its_back_off_are_three_options() {
    let defaults = "[defaults]\nexpiry = \"5s\"\nbackoff_factor = 2.0\nmax_expiry = \"5m\"\n";
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nexpiry = \"1m\""));
    assert_eq!(policy, Policy::new().progressive_expiry(seconds(60), 2.0, seconds(300)));
    let policy = policy_of_a(&format!("{defaults}[circuits.a]\nmax_expiry = \"10m\""));
    assert_eq!(policy, Policy::new().progressive_expiry(seconds(5), 2.0, seconds(600)));
    let policy = policy_of_a("[circuits.a]\nbackoff_factor = 3\nmax_expiry = \"1h\"");
    assert_eq!(policy, Policy::new().progressive_expiry(seconds(30), 3.0, seconds(3_600)));
}

#[test]
fn a_flag_can_be_taken_back() {
    let policy = policy_of_a("[defaults]\nclose_on_expiry = true\n[circuits.a]\nclose_on_expiry = false");
    assert_eq!(policy, Policy::new());
}
