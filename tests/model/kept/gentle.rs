//! Edge cases of ramp-up, hung calls and slow cancellations.

use std::time::Duration;

use breaker_box::Cancellation;

use super::super::operation::{Operation, Span};
use super::super::plan::{Extent, Plan};
use super::super::terms::{Ending, Order};
use super::{ASK, FAILURE, MINUTE, NANO, SECOND, SUCCESS, agree, agree_at_the_end, configure, give, pass, settle};

/// Ramps up for a minute, from a quarter of the calls on.
const RAMP: Plan = Plan { ramp_up: Some(MINUTE), ramp_up_from: 0.25, expiry: SECOND, ..Plan::DEFAULT };

/// Two calls that are in flight for ten seconds.
const HUNG: Plan = Plan { hung_calls: Some((2, TEN)), expiry: SECOND, ..Plan::BARE };

const TEN: Duration = Duration::from_secs(10);

/// Opens and lets a probe succeed.
fn recovered() -> impl Iterator<Item = Operation> {
    [give(Order::Open), pass(SECOND), SUCCESS].into_iter()
}

fn calls(n: usize) -> impl Iterator<Item = Operation> {
    std::iter::repeat_n(SUCCESS, n)
}

#[test]
fn a_slow_cancellation_is_a_failure_and_slow_and_an_early_one_is_neither() {
    let base = Plan { on_cancel: Cancellation::Slow, extent: Extent::Calls(2), ..Plan::BARE };
    let by_rate = Plan { slow_call_rate: Some((1.0, SECOND)), ..base };
    let by_limit = Plan { fail_slower_than: Some(SECOND), consecutive_failures: Some(2), ..base };
    let by_both = Plan { fail_slower_than: Some(MINUTE), ..by_rate };
    for plan in [by_rate, by_limit, by_both] {
        for ask in [ASK, Operation::Ask { by_future: true }] {
            for time in [Duration::ZERO, SECOND, SECOND + NANO, MINUTE + NANO] {
                let dropped = [ask.clone(), pass(time), settle(Ending::Dropped)];
                agree(plan, dropped.clone().into_iter().chain(dropped.clone()));
                // As a probe.
                let opened = [give(Order::Open), pass(plan.expiry)];
                agree(plan, opened.into_iter().chain(dropped.clone()).chain([ASK]));
                agree(plan, [give(Order::MetricsOnly)].into_iter().chain(dropped));
            }
        }
    }
}

#[test]
fn a_cancelled_call_is_slow_by_the_policy_that_is_there_when_it_is_cancelled() {
    let slow = Plan { on_cancel: Cancellation::Slow, fail_slower_than: Some(SECOND), ..Plan::DEFAULT };
    let longer = Plan { fail_slower_than: Some(MINUTE), ..slow };
    let ignored = Plan { on_cancel: Cancellation::Ignore, ..slow };
    for (before, after) in [(slow, longer), (longer, slow), (ignored, slow), (slow, ignored), (Plan::DEFAULT, slow)] {
        agree(before, [ASK, pass(SECOND * 2), configure(after), settle(Ending::Dropped)]);
    }
}

#[test]
fn a_share_is_spread_evenly_over_the_calls() {
    for ramp_up_from in [f64::MIN_POSITIVE, 0.01, 0.25, 1.0 / 3.0, 0.5, 0.9, 1.0] {
        let plan = Plan { ramp_up_from, ..RAMP };
        agree(plan, recovered().chain(calls(130)));
        // While it grows.
        agree(plan, recovered().chain((0..130).flat_map(|_| [pass(SECOND / 2), SUCCESS])));
    }
}

#[test]
fn the_end_of_a_ramp_up_is_exact_and_seen_late_as_well() {
    for time in [MINUTE.saturating_sub(NANO), MINUTE, MINUTE * 100] {
        let end = [pass(time), ASK, ASK, FAILURE, FAILURE, settle(Ending::Success), settle(Ending::Success)];
        agree(RAMP, recovered().chain(end.clone()));
        agree_at_the_end(RAMP, recovered().chain(end));
    }
}

#[test]
fn a_ramp_up_after_an_expiry_began_at_the_deadline() {
    let plan = Plan { close_on_expiry: true, ..RAMP };
    for late in [Duration::ZERO, NANO, SECOND * 30, MINUTE.saturating_sub(NANO), MINUTE, MINUTE * 9] {
        let seen = || [give(Order::Open), pass(SECOND + late)].into_iter();
        agree(plan, seen().chain(calls(9)));
        agree_at_the_end(plan, seen().chain([pass(SECOND)]).chain(calls(9)));
        // By a result from before it, and by a sweep.
        agree_at_the_end(plan, [ASK].into_iter().chain(seen()).chain([settle(Ending::Success)]));
        agree_at_the_end(plan, seen().chain([Operation::Sweep, pass(MINUTE), ASK]));
    }
}

#[test]
fn back_off_goes_on_from_an_opening_in_a_ramp_up_and_starts_anew_after_it() {
    let plan = Plan { progressive: Some((2.0, MINUTE)), consecutive_failures: Some(1), ..RAMP };
    let again = |time| recovered().chain([pass(time), FAILURE, ASK, pass(SECOND), ASK, pass(SECOND), ASK, SUCCESS]);
    agree(plan, again(Duration::ZERO));
    agree(plan, recovered().chain([SUCCESS, SUCCESS, FAILURE, pass(SECOND), ASK]));
    agree(plan, again(MINUTE));
}

#[test]
fn a_ramp_up_whose_policy_changes_goes_on_from_the_same_beginning() {
    let afterwards = [
        Plan { ramp_up: Some(SECOND), ..RAMP },
        Plan { ramp_up: Some(MINUTE * 10), ..RAMP },
        Plan { ramp_up_from: 1.0, ..RAMP },
        Plan { ramp_up: None, ..RAMP },
        Plan { hung_calls: Some((1, SECOND)), ..RAMP },
        Plan { ramp_up: None, hung_calls: Some((1, SECOND)), ..RAMP },
    ];
    for after in afterwards {
        for time in [Duration::ZERO, SECOND, SECOND * 30] {
            let swapped = [SUCCESS, SUCCESS, ASK, pass(time), configure(after)];
            agree(RAMP, recovered().chain(swapped.clone()).chain(calls(9)));
            agree_at_the_end(RAMP, recovered().chain(swapped).chain([configure(RAMP)]).chain(calls(9)));
        }
    }
}

#[test]
fn a_policy_that_ends_a_ramp_up_and_finds_hung_calls_opens() {
    let long = Plan { hung_calls: Some((1, MINUTE)), ramp_up_from: 1.0, ..RAMP };
    let short = Plan { hung_calls: Some((1, SECOND)), ramp_up: None, ..long };
    for time in [SECOND.saturating_sub(NANO), SECOND, TEN] {
        agree(long, recovered().chain([ASK, pass(time), configure(short), ASK, pass(NANO), ASK]));
    }
}

#[test]
fn orders_and_trips_end_a_ramp_up() {
    let orders = [
        Order::Open,
        Order::OpenFor(Duration::ZERO),
        Order::ForceOpen,
        Order::Close,
        Order::Reset,
        Order::Disable,
        Order::MetricsOnly,
    ];
    for order in orders {
        let given = [ASK, FAILURE, give(order), ASK, settle(Ending::Success), ASK, pass(MINUTE), ASK];
        agree(Plan { ramp_up_from: 1.0, ..RAMP }, recovered().chain(given));
    }
    let trip = Operation::Call {
        ending: Ending::Trip { open_for: Some(TEN), because: None },
        lasting: Span::For(Duration::ZERO),
    };
    agree(RAMP, recovered().chain([trip, ASK, pass(TEN), SUCCESS]).chain(calls(5)));
}

#[test]
fn calls_are_hung_from_the_very_instant_on_whoever_looks_first() {
    for time in [TEN.saturating_sub(NANO), TEN, TEN + NANO, TEN + SECOND, MINUTE] {
        let asked = || [ASK, pass(SECOND), ASK, pass(time)].into_iter();
        agree(HUNG, asked().chain([ASK, settle(Ending::Success), settle(Ending::Dropped)]));
        agree_at_the_end(HUNG, asked().chain([settle(Ending::Success), ASK]));
        agree_at_the_end(HUNG, asked().chain([FAILURE]));
        agree_at_the_end(HUNG, asked().chain([Operation::Record { success: true }]));
        agree_at_the_end(HUNG, asked().chain([Operation::Sweep]));
        agree_at_the_end(HUNG, asked().chain([give(Order::Close)]));
        agree_at_the_end(HUNG, asked().chain([configure(Plan::DEFAULT)]));
        agree(HUNG, [Operation::Ask { by_future: true }].into_iter().chain(asked()).chain([ASK]));
    }
}

#[test]
fn only_calls_that_are_still_in_flight_and_of_this_stay_are_hung() {
    agree(HUNG, [ASK, ASK, settle(Ending::Success), pass(TEN), ASK, pass(TEN), ASK]);
    agree(HUNG, [ASK, ASK, give(Order::Close), pass(TEN), ASK, ASK, pass(TEN), ASK]);
    agree(HUNG, [ASK, give(Order::Disable), ASK, give(Order::Reset), ASK, pass(TEN), ASK, pass(TEN), ASK]);
    for order in [Order::Disable, Order::MetricsOnly] {
        agree(HUNG, [give(order), ASK, ASK, ASK, pass(TEN), ASK, pass(TEN), SUCCESS, FAILURE]);
    }
}

#[test]
fn probes_are_hung_whether_they_hold_their_slots_or_not() {
    let plans = [
        HUNG,
        Plan { half_open_max_calls: 2, ..HUNG },
        Plan { half_open_timeout: Some(TEN), half_open_failure_threshold: 3, half_open_max_calls: 2, ..HUNG },
        Plan { half_open_timeout: Some(TEN), half_open_failure_threshold: 2, half_open_max_calls: 2, ..HUNG },
        Plan { half_open_timeout: Some(SECOND), half_open_failure_threshold: 9, half_open_max_calls: 1, ..HUNG },
        Plan { half_open_timeout: Some(MINUTE), half_open_max_calls: 3, ..HUNG },
        Plan { expiry: TEN, half_open_max_calls: 1, ..HUNG },
    ];
    for plan in plans {
        for between in [Duration::ZERO, NANO, SECOND] {
            let asked = || [give(Order::Open), pass(plan.expiry), ASK, pass(between), ASK].into_iter();
            agree(plan, asked().chain([pass(TEN), ASK, pass(MINUTE), ASK]));
            agree_at_the_end(plan, asked().chain([pass(MINUTE), ASK, pass(MINUTE), ASK]));
        }
    }
}

#[test]
fn a_policy_that_begins_to_notice_hung_calls_may_open_at_once() {
    let longer = Plan { hung_calls: Some((2, MINUTE)), ..HUNG };
    let more = Plan { hung_calls: Some((3, TEN)), ..HUNG };
    for (before, after) in [(longer, HUNG), (HUNG, longer), (more, HUNG), (HUNG, more), (Plan::DEFAULT, HUNG)] {
        for time in [Duration::ZERO, SECOND, TEN] {
            let asked = || [ASK, ASK, pass(time), configure(after)].into_iter();
            agree(before, asked().chain([pass(TEN), ASK, pass(MINUTE), ASK]));
            agree_at_the_end(before, asked().chain([ASK, configure(before), ASK, pass(MINUTE), ASK]));
        }
    }
    // Without the condition in between.
    agree(HUNG, [ASK, configure(Plan::DEFAULT), ASK, configure(HUNG), ASK, pass(TEN), ASK]);
}

#[test]
fn calls_of_a_ramp_up_are_hung_as_of_their_instant_or_closed_before_it() {
    for hung_after in [SECOND, MINUTE.saturating_sub(NANO), MINUTE, MINUTE + NANO, MINUTE * 2] {
        let plan = Plan { hung_calls: Some((1, hung_after)), ramp_up_from: 1.0, ..RAMP };
        for late in [Duration::ZERO, NANO, SECOND, MINUTE * 9] {
            agree(plan, recovered().chain([ASK, pass(hung_after + late), ASK, pass(MINUTE), ASK]));
            agree_at_the_end(plan, recovered().chain([ASK, pass(hung_after + late), ASK]));
            let expires = Plan { close_on_expiry: true, ..plan };
            agree_at_the_end(expires, [ASK, pass(hung_after + late), ASK, pass(MINUTE * 9), ASK]);
        }
    }
}
