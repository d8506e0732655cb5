//! Histories written by hand, to check that the search rejects the impossible ones and accepts the
//! possible ones.

use std::time::Duration;

use breaker_box::State;

use super::history::{History, Recorded, What};
use super::model::Model;
use super::plan::{Extent, Plan};
use super::search::explain;
use super::terms::{Adopted, Agreed, Ending, Order, Rejection};

const FAILURE: Ending = Ending::Failure { because: None };
const REJECTED: Option<Rejection> = Some(Rejection { state: State::Open, retry_after: Some(Plan::DEFAULT.expiry) });

const fn at(invoked: u64, returned: u64, what: What) -> Recorded {
    Recorded { invoked, returned, what }
}

const fn asked(number: usize) -> What {
    What::Asked { number, rejection: None }
}

const fn settled(number: usize, ending: Ending) -> What {
    What::Settled { number, ending }
}

fn is_explained(plan: Plan, threads: impl IntoIterator<Item = Vec<Recorded>>) -> bool {
    explain(&History { plan, threads: threads.into_iter().collect() }).is_ok()
}

/// Two threads whose calls fail, and what is seen when both are back.
fn two_failures(seen: State) -> bool {
    let plan = Plan { consecutive_failures: Some(2), ..Plan::DEFAULT };
    let failing = |number| vec![at(1, 5, asked(number)), at(6, 9, settled(number, FAILURE))];
    is_explained(plan, [failing(1), failing(2), vec![at(10, 11, What::SawState(seen))]])
}

#[test]
fn a_history_with_a_lost_failure_is_rejected() {
    assert!(two_failures(State::Open));
    assert!(!two_failures(State::Closed));
}

/// Two threads that ask when the period is over, and whether the second is let through beside the
/// first.
fn two_probes(second: What) -> bool {
    let alone = vec![at(1, 2, What::Ordered(Order::Open)), at(3, 4, What::Advanced(Plan::DEFAULT.expiry))];
    is_explained(Plan::DEFAULT, [alone, vec![at(5, 9, asked(1))], vec![at(5, 9, second)]])
}

#[test]
fn a_history_with_too_many_probes_is_rejected() {
    let rejection = Some(Rejection { state: State::HalfOpen, retry_after: None });
    assert!(two_probes(What::Asked { number: 2, rejection }));
    assert!(!two_probes(asked(2)));
}

/// One thread opens the circuit at 3..4, and another observes a state at that time.
fn opened(seen: State, invoked: u64, returned: u64) -> bool {
    let order = vec![at(3, 4, What::Ordered(Order::Open))];
    is_explained(Plan::DEFAULT, [order, vec![at(invoked, returned, What::SawState(seen))]])
}

#[test]
fn finished_calls_keep_their_order_and_overlapping_ones_may_swap() {
    assert!(opened(State::Closed, 1, 2) && !opened(State::Open, 1, 2));
    assert!(opened(State::Closed, 1, 3) && opened(State::Open, 1, 3));
    assert!(!opened(State::Closed, 5, 6) && opened(State::Open, 5, 6));
}

#[test]
fn a_history_in_which_a_late_failure_opens_is_rejected() {
    let plan = Plan { consecutive_failures: Some(1), ..Plan::DEFAULT };
    let history = |seen| {
        let failing = vec![at(1, 2, asked(1)), at(5, 6, settled(1, FAILURE)), at(7, 8, What::SawState(seen))];
        is_explained(plan, [failing, vec![at(3, 4, What::Ordered(Order::Reset))]])
    };
    assert!(history(State::Closed));
    assert!(!history(State::Open));
}

#[test]
fn a_history_with_a_wrong_retry_after_is_rejected() {
    let history = |rejection| {
        is_explained(
            Plan::DEFAULT,
            [vec![at(1, 2, What::Ordered(Order::Open)), at(3, 4, What::Asked { number: 1, rejection })]],
        )
    };
    assert!(history(REJECTED));
    let shorter = Rejection { state: State::Open, retry_after: Some(Duration::from_secs(1)) };
    assert!(!history(Some(shorter)));
}

/// What the model shows of a circuit with such a window in which these calls have been counted.
fn look(plan: Plan, successes: u64, calls: u64) -> What {
    let mut look = Model::new(&plan).look();
    look.totals.successes = successes;
    look.window.calls = calls;
    What::Looked(Box::new(look))
}

#[test]
fn a_success_may_be_in_the_next_window_only_if_it_races_with_the_change() {
    let plan = Plan { failure_rate: Some(1.0), extent: Extent::Calls(4), minimum_calls: Some(4), ..Plan::BARE };
    let history = |returned: u64, calls| {
        let calling = vec![at(1, 2, asked(1)), at(3, returned, settled(1, Ending::Success))];
        let reset = vec![at(6, 9, What::Ordered(Order::Reset)), at(10, 11, look(plan, 1, calls))];
        is_explained(plan, [calling, reset])
    };
    // It had returned before the reset began.
    assert!(history(4, 0) && !history(4, 1));
    // Both at once.
    assert!(history(8, 0) && history(8, 1));
    assert!(!history(8, 2));
}

#[test]
fn a_history_with_an_impossible_total_is_rejected() {
    let history = |successes| {
        let calling = vec![at(1, 2, asked(1)), at(3, 6, settled(1, Ending::Success))];
        let looking = vec![at(4, 5, look(Plan::DEFAULT, successes, 0))];
        is_explained(Plan::DEFAULT, [calling, looking])
    };
    assert!(history(0) && history(1));
    assert!(!history(2));
}

/// Two threads that ask at a share of a half.
fn two_in_a_ramp_up(second: What) -> bool {
    let plan =
        Plan { close_on_expiry: true, ramp_up: Some(Duration::from_secs(60)), ramp_up_from: 0.5, ..Plan::DEFAULT };
    let alone = vec![at(1, 2, What::Ordered(Order::Open)), at(3, 4, What::Advanced(plan.expiry))];
    is_explained(plan, [alone, vec![at(5, 9, asked(1))], vec![at(5, 9, second)]])
}

#[test]
fn a_history_in_which_a_ramp_up_admits_too_many_is_rejected() {
    let rejection = Some(Rejection { state: State::RampingUp, retry_after: None });
    assert!(two_in_a_ramp_up(What::Asked { number: 2, rejection }));
    assert!(!two_in_a_ramp_up(asked(2)));
}

/// A call that settles at the same time as another one is let through, when it becomes hung.
fn hung(ending: Ending, rejection: Option<Rejection>) -> bool {
    let plan = Plan { hung_calls: Some((1, Duration::from_secs(10))), ..Plan::DEFAULT };
    let alone = vec![at(1, 2, asked(1)), at(3, 4, What::Advanced(Duration::from_secs(10)))];
    let settling = vec![at(5, 9, settled(1, ending))];
    let mut after = Model::new(&plan).look();
    (after.state, after.openings, after.opened_at) = (State::Open, 1, Some(10_000_000_000));
    (after.retry_after, after.in_flight) = (Some(plan.expiry), Some((0, 0)));
    (after.totals.opened, after.totals.late, after.totals.rejected) = (1, 1, 1);
    let asking = vec![at(5, 9, What::Asked { number: 2, rejection }), at(10, 11, What::Looked(Box::new(after)))];
    is_explained(plan, [alone, settling, asking])
}

#[test]
fn a_history_in_which_a_hung_call_comes_back_in_time_is_rejected() {
    for ending in [Ending::Success, FAILURE, Ending::Dropped] {
        assert!(hung(ending, REJECTED));
        assert!(!hung(ending, None));
    }
}

/// Two threads that move the circuit from the same generation at the same time.
fn two_adoptions(first: (Adopted, u64), second: (Adopted, u64)) -> bool {
    let adopted = |state, (came, generation)| {
        let to = Agreed { state, left: None, openings: 1 };
        vec![at(1, 9, What::Adopted { expected: Some(0), to, came, generation })]
    };
    is_explained(Plan::DEFAULT, [adopted(State::Open, first), adopted(State::ForcedOpen, second)])
}

#[test]
fn a_history_in_which_two_adoptions_move_one_generation_is_rejected() {
    use Adopted::{Applied, Moved};
    assert!(two_adoptions((Applied, 1), (Moved, 1)) && two_adoptions((Moved, 1), (Applied, 1)));
    assert!(!two_adoptions((Applied, 1), (Applied, 2)) && !two_adoptions((Moved, 1), (Moved, 1)));
}
