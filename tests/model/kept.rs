//! Sequences in which the breaker and the model once differed, and edge cases that should not be
//! left to chance.

mod gentle;

use std::time::Duration;

use super::operation::{Case, Operation, Span};
use super::plan::{EXACT, Extent, Plan};
use super::side_by_side::compare;
use super::terms::{Ending, Order};

const NANO: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const SUCCESS: Operation = Operation::Call { ending: Ending::Success, lasting: Span::For(Duration::ZERO) };
const FAILURE: Operation =
    Operation::Call { ending: Ending::Failure { because: None }, lasting: Span::For(Duration::ZERO) };
const ASK: Operation = Operation::Ask { by_future: false };

fn within(n: u32, window: Duration) -> Plan {
    Plan { failures_within: Some((n, window)), ..Plan::BARE }
}

fn configure(plan: Plan) -> Operation {
    Operation::Configure(Box::new(plan))
}

fn give(order: Order) -> Operation {
    Operation::Give { order, because: None }
}

fn pass(duration: Duration) -> Operation {
    Operation::Pass(Span::For(duration))
}

fn settle(ending: Ending) -> Operation {
    Operation::Settle { which: 0, ending }
}

#[track_caller]
fn agree(plan: Plan, operations: impl IntoIterator<Item = Operation>) {
    agree_on(&Case::of(plan, operations));
}

#[track_caller]
fn agree_on(case: &Case) {
    if let Err(difference) = compare(case) {
        panic!("{difference}\n{case:?}");
    }
}

/// The same without a look between the steps: a look must change nothing, also not what it is about
/// to see.
#[track_caller]
fn agree_at_the_end(plan: Plan, operations: impl IntoIterator<Item = Operation>) {
    let mut case = Case::of(plan, operations);
    let last = case.steps.len() - 1;
    case.steps[..last].iter_mut().for_each(|step| step.look = false);
    agree_on(&case);
}

#[test]
fn a_failure_that_left_its_window_stays_forgotten_in_a_longer_one() {
    for longer in [Duration::from_nanos(10), Duration::MAX] {
        let operations = [FAILURE, pass(NANO), configure(within(2, longer))];
        agree(within(2, NANO), operations.clone());
        agree_at_the_end(within(2, NANO), operations);
    }
}

#[test]
fn failures_in_buckets_stay_when_the_policy_changes_but_not_their_window() {
    let plan = within(EXACT + 1, MINUTE);
    agree(plan, [FAILURE, pass(SECOND), FAILURE, configure(Plan { expiry: SECOND, ..plan }), FAILURE]);
    agree(plan, [FAILURE, pass(SECOND), FAILURE, configure(within(EXACT + 9, MINUTE)), pass(MINUTE)]);
}

#[test]
fn a_debounce_that_is_new_knows_no_failure_before_it() {
    let plan = Plan::DEFAULT;
    agree(plan, [FAILURE, configure(Plan { debounce: SECOND, ..plan }), FAILURE, pass(SECOND), FAILURE]);
    let because = Operation::Call { ending: Ending::Failure { because: Some("refused") }, lasting: Span::For(NANO) };
    agree(plan, [because.clone(), configure(Plan { debounce: SECOND, ..plan }), because]);
}

#[test]
fn a_classifier_that_panics_over_a_late_result_counts_nothing() {
    agree(Plan::DEFAULT, [Operation::Ask { by_future: true }, give(Order::Open), settle(Ending::Unclassified), ASK]);
}

#[test]
fn an_opening_without_end_has_no_retry_after() {
    agree(Plan::DEFAULT, [give(Order::OpenFor(Duration::MAX)), ASK, pass(MINUTE), ASK, give(Order::Close), ASK]);
    agree(Plan { expiry: Duration::MAX, ..Plan::DEFAULT }, [give(Order::Open), ASK, pass(MINUTE), ASK]);
}

#[test]
fn a_slow_trip_is_a_slow_call() {
    let plan = Plan { slow_call_rate: Some((1.0, SECOND)), extent: Extent::Calls(4), ..Plan::BARE };
    let trip = Ending::Trip { open_for: None, because: None };
    agree(plan, [give(Order::MetricsOnly), Operation::Call { ending: trip, lasting: Span::For(MINUTE) }]);
}

#[test]
fn calls_stay_when_only_the_limit_of_slow_ones_changes() {
    let slow = |longer_than| Plan {
        failure_rate: Some(0.9),
        slow_call_rate: Some((1.0, longer_than)),
        extent: Extent::Calls(4),
        ..Plan::BARE
    };
    let lasting = Operation::Call { ending: Ending::Success, lasting: Span::For(MINUTE) };
    agree(slow(SECOND), [lasting, FAILURE, configure(slow(MINUTE)), SUCCESS, FAILURE, FAILURE, FAILURE]);
}

#[test]
fn a_shorter_time_limit_may_be_over_when_it_comes() {
    let plan = Plan { half_open_timeout: Some(MINUTE), ..Plan::DEFAULT };
    let operations =
        [give(Order::Open), pass(MINUTE), ASK, pass(SECOND), configure(Plan { expiry: NANO, ..Plan::DEFAULT })];
    agree(plan, operations);
}

#[test]
fn a_success_is_evaluated_on_the_calls_that_are_still_in_the_window() {
    let plan = Plan {
        failure_rate: Some(0.5),
        extent: Extent::Time(Duration::from_secs(10)),
        minimum_calls: Some(1),
        ..Plan::BARE
    };
    for between in [None, Some(settle(Ending::Dropped))] {
        let mut operations = vec![ASK, SUCCESS, SUCCESS, SUCCESS, pass(SECOND), FAILURE, pass(SECOND * 9)];
        operations.extend(between);
        operations.push(SUCCESS);
        agree(plan, operations.clone());
        agree_at_the_end(plan, operations);
    }
}

#[test]
fn every_deadline_is_exact_to_the_nanosecond() {
    let before_and_at = |edge: Duration| [pass(edge.saturating_sub(NANO)), ASK, pass(NANO), ASK];
    // The deadline.
    agree(Plan::DEFAULT, [give(Order::Open)].into_iter().chain(before_and_at(Plan::DEFAULT.expiry)));
    // The time limit of a probe, since which the next period has been running.
    let plan = Plan { expiry: NANO, half_open_timeout: Some(SECOND), ..Plan::DEFAULT };
    agree(plan, [give(Order::OpenFor(NANO)), pass(NANO), ASK].into_iter().chain(before_and_at(SECOND)));
    // A failure that leaves its window.
    for edge in [SECOND.saturating_sub(NANO), SECOND] {
        agree(within(2, SECOND), [FAILURE, pass(edge), FAILURE]);
    }
    // The debounce.
    for edge in [SECOND.saturating_sub(NANO), SECOND] {
        agree(Plan { debounce: SECOND, ..Plan::DEFAULT }, [FAILURE, pass(edge), FAILURE]);
    }
    // A call that is as long as the limit, and one that is longer.
    let plan = Plan { slow_call_rate: Some((1.0, SECOND)), extent: Extent::Calls(1), ..Plan::BARE };
    for edge in [SECOND, SECOND + NANO] {
        agree(plan, [Operation::Call { ending: Ending::Success, lasting: Span::For(edge) }]);
    }
    // A rate that is reached exactly, by the call that reaches the minimum.
    let plan = Plan { failure_rate: Some(0.5), extent: Extent::Calls(8), minimum_calls: Some(4), ..Plan::BARE };
    agree(plan, [FAILURE, FAILURE, SUCCESS, SUCCESS]);
    // Bucket by bucket out of a window of time.
    let plan = Plan { extent: Extent::Time(SECOND * 10), minimum_calls: Some(1), ..plan };
    agree(plan, [SUCCESS, SUCCESS, SUCCESS, FAILURE].into_iter().chain((0..11).map(|_| pass(SECOND))));
}

#[test]
fn an_opening_of_no_time_under_an_endless_policy_leaves_slots_that_can_be_freed() {
    let endless = Plan { expiry: Duration::MAX, ..Plan::DEFAULT };
    let operations = [
        give(Order::OpenFor(Duration::ZERO)),
        ASK,
        settle(Ending::Ignore),
        ASK,
        pass(NANO),
        ASK,
        settle(Ending::Ignore),
    ];
    agree(endless, operations);
}

#[test]
fn a_probe_that_gave_up_its_slot_counts_and_one_whose_time_was_over_does_not() {
    let limited = Plan { half_open_timeout: Some(SECOND), half_open_failure_threshold: 3, ..Plan::DEFAULT };
    for ending in [Ending::Success, Ending::Failure { because: None }, Ending::Ignore, Ending::Dropped] {
        for plan in [Plan { half_open_timeout: None, ..limited }, limited] {
            let opened = [give(Order::OpenFor(SECOND)), pass(SECOND), ASK, pass(MINUTE), ASK];
            agree(plan, opened.into_iter().chain([settle(ending), ASK, settle(ending), ASK]));
        }
    }
}

#[test]
fn a_limit_that_comes_and_goes_while_probes_are_out_counts_each_once() {
    let limited = Plan {
        half_open_timeout: Some(SECOND),
        half_open_failure_threshold: 9,
        half_open_max_calls: 3,
        ..Plan::DEFAULT
    };
    let unlimited = Plan { half_open_timeout: None, ..limited };
    for (first, second) in [(limited, unlimited), (unlimited, limited)] {
        let opened =
            [give(Order::OpenFor(SECOND)), pass(SECOND), ASK, pass(MINUTE), ASK, configure(second), pass(NANO)];
        let back = [ASK, pass(MINUTE), ASK, configure(first), pass(MINUTE)];
        let failed = || settle(Ending::Failure { because: None });
        agree(first, opened.into_iter().chain(back).chain([failed(), failed(), failed(), failed()]));
    }
}
