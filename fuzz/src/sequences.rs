//! The breaker beside the reference model of `tests/model`, over sequences that the fuzzer makes
//! up. Those of proptest choose from values that meet each other; here every value can be any.

// The model belongs to the tests of the facade, and is compiled into this crate as well.
#[path = "../../tests/model/give.rs"]
mod give;
#[path = "../../tests/support/happened.rs"]
mod happened;
#[path = "../../tests/model/in_fleet.rs"]
mod in_fleet;
#[path = "../../tests/model/model.rs"]
mod model;
#[path = "../../tests/model/operation.rs"]
mod operation;
#[path = "../../tests/model/outcomes.rs"]
mod outcomes;
#[path = "../../tests/model/plan.rs"]
mod plan;
#[path = "../../tests/model/side_by_side.rs"]
mod side_by_side;
#[path = "../../tests/model/terms.rs"]
mod terms;

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use breaker_box::{Cancellation, State};

use self::operation::{At, Case, Operation, Span};
use self::plan::{Extent, Plan};
use self::terms::{Agreed, Ending, Order, Slots};

/// Steps both through what the bytes say, and compares them after each step.
pub fn run(data: &[u8]) {
    // By the length, so that the bytes that were kept before there were fleets say what they said.
    let has_fleet = data.len() % 2 == 1;
    // And by the last byte those that were kept before there were ramps.
    let is_gentle = data.last().is_some_and(|last| last % 8 == 7);
    let Ok(case) = case(&mut Unstructured::new(data), Has { fleet: has_fleet, gentle: is_gentle }) else { return };
    if let Err(difference) = side_by_side::compare(&case) {
        panic!("{difference}\n{case:?}");
    }
}

/// What a case may have.
#[derive(Clone, Copy)]
struct Has {
    fleet: bool,
    /// Policies that ramp up, that notice hung calls, and to which a slow cancellation is a failure.
    gentle: bool,
}

fn case(choices: &mut Unstructured<'_>, has: Has) -> Result<Case> {
    let plan = plan(choices, has)?;
    let mut operations = Vec::new();
    while !choices.is_empty() && operations.len() < MOST_STEPS {
        operations.push(operation(choices, has)?);
    }
    let mut case = Case::of(plan, operations);
    case.tracked = bool::arbitrary(choices)?;
    Ok(case)
}

/// A policy that is valid; whatever is not is mended, or refused by `validate`, which must cope
/// with anything.
fn plan(choices: &mut Unstructured<'_>, has: Has) -> Result<Plan> {
    let options = u8::arbitrary(choices)?;
    let option = |bit: u8| options & (1 << bit) != 0;
    let expiry = duration(choices)?;
    let extent = if option(0) { Extent::Calls(count(choices)?) } else { Extent::Time(duration(choices)?) };
    let mut plan = Plan { extent, expiry, ..Plan::BARE };
    if option(1) {
        plan.failures_within = Some((count(choices)?, duration(choices)?));
    }
    if option(2) {
        plan.failure_rate = Some(rate(choices)?);
    }
    if option(3) {
        plan.slow_call_rate = Some((rate(choices)?, duration(choices)?));
    }
    let has_condition = plan.failures_within.is_some() || plan.has_rate();
    if option(4) || !has_condition {
        plan.consecutive_failures = Some(count(choices)?);
    }
    if option(5) && plan.has_rate() {
        plan.minimum_calls = Some(count(choices)?);
    }
    if option(6) {
        plan.progressive = Some((f64::arbitrary(choices)?, duration(choices)?));
    }
    if option(7) {
        plan.debounce = duration(choices)?;
        plan.half_open_timeout = Some(duration(choices)?);
        plan.fail_slower_than = Some(duration(choices)?);
        plan.max_trip = duration(choices)?;
    }
    let recovers = u8::arbitrary(choices)?;
    plan.half_open_max_calls = u32::from(recovers & 3) + 1;
    plan.success_threshold = u32::from((recovers >> 2) & 3) + 1;
    plan.half_open_failure_threshold = u32::from((recovers >> 4) & 3) + 1;
    plan.close_on_expiry = recovers & 64 != 0;
    plan.on_cancel = if recovers & 128 == 0 { Cancellation::Ignore } else { Cancellation::Failure };
    if has.gentle {
        let options = u8::arbitrary(choices)?;
        if options & 1 != 0 {
            plan.ramp_up = Some(duration(choices)?);
            plan.ramp_up_from = rate(choices)?;
        }
        if options & 2 != 0 {
            plan.hung_calls = Some((u32::from(options >> 4) + 1, duration(choices)?));
        }
        if options & 4 != 0 {
            plan.on_cancel = Cancellation::Slow;
        }
    }
    match plan.policy().validate() {
        Ok(()) => Ok(plan),
        Err(_) => Err(arbitrary::Error::IncorrectFormat),
    }
}

fn operation(choices: &mut Unstructured<'_>, has: Has) -> Result<Operation> {
    let because = |choices: &mut Unstructured<'_>| Ok(*choices.choose(&[None, Some("timed out"), Some("refused")])?);
    Ok(match choices.int_in_range(0..=15)? {
        0 => Operation::Ask { by_future: false },
        1 => Operation::Ask { by_future: true },
        2..=4 => Operation::Settle { which: u8::arbitrary(choices)?.into(), ending: ending(choices)? },
        5 => Operation::Call { ending: ending(choices)?, lasting: span(choices)? },
        6 => Operation::Nest { inner: ending(choices)?, ending: ending(choices)?, lasting: span(choices)? },
        7 => Operation::Record { success: true },
        8 | 9 => Operation::Record { success: false },
        10 => {
            let success = bool::arbitrary(choices)?;
            // The model looks at its whole list at each of them.
            let times = if choices.ratio(1, 32)? { 1_000..=1_050 } else { 2..=20 };
            Operation::RecordTimes { success, times: choices.int_in_range(times)? }
        }
        11 => Operation::Give { order: order(choices)?, because: because(choices)? },
        12 => Operation::Configure(Box::new(plan(choices, has)?)),
        13 if has.gentle => {
            Operation::CallTimes { success: bool::arbitrary(choices)?, times: choices.int_in_range(2..=14)? }
        }
        13 => Operation::Sweep,
        14 if has.fleet => in_fleet(choices)?,
        _ => Operation::Pass(span(choices)?),
    })
}

fn in_fleet(choices: &mut Unstructured<'_>) -> Result<Operation> {
    let at = *choices.choose(&[At::Any, At::Present, At::Present, At::Earlier])?;
    let order = match choices.int_in_range(0..=7)? {
        0..=2 => Slots::Hold,
        3..=5 => Slots::Grant { slots: u32::from(u8::arbitrary(choices)?) % 5, within: duration(choices)? },
        6 => Slots::Release,
        _ => {
            let states = [State::Open, State::Open, State::Closed, State::HalfOpen, State::ForcedOpen, State::Disabled];
            let state = *choices.choose(&states)?;
            let left = if bool::arbitrary(choices)? { Some(duration(choices)?) } else { None };
            let to = Agreed { state, left, openings: u8::arbitrary(choices)?.into() };
            return Ok(Operation::Adopt { at, to, because: None });
        }
    };
    // Without a generation there is nothing to order.
    Ok(Operation::OrderSlots { at: if at == At::Any { At::Present } else { at }, order })
}

fn ending(choices: &mut Unstructured<'_>) -> Result<Ending> {
    Ok(match choices.int_in_range(0..=11)? {
        0..=2 => Ending::Success,
        3 | 4 => Ending::Failure { because: None },
        5 => Ending::Failure { because: Some("timed out") },
        6 => Ending::Ignore,
        7 => Ending::Trip { open_for: None, because: None },
        8 => Ending::Trip { open_for: Some(duration(choices)?), because: Some("refused") },
        9 => Ending::Dropped,
        10 => Ending::Panicked("out of cheese"),
        _ => Ending::Unclassified,
    })
}

fn order(choices: &mut Unstructured<'_>) -> Result<Order> {
    Ok(match choices.int_in_range(0..=6)? {
        0 => Order::Open,
        1 => Order::OpenFor(duration(choices)?),
        2 => Order::ForceOpen,
        3 => Order::Close,
        4 => Order::Reset,
        5 => Order::Disable,
        _ => Order::MetricsOnly,
    })
}

fn span(choices: &mut Unstructured<'_>) -> Result<Span> {
    let offset = |choices: &mut Unstructured<'_>| choices.int_in_range(-1..=1);
    Ok(match choices.int_in_range(0..=3)? {
        0 => Span::For(Duration::ZERO),
        1 => Span::For(duration(choices)?),
        2 => Span::ToEdge { which: u8::arbitrary(choices)?.into(), offset: offset(choices)? },
        _ => Span::ToSlow { which: u8::arbitrary(choices)?.into(), offset: offset(choices)? },
    })
}

/// A round one, so that some are the same, or any.
fn duration(choices: &mut Unstructured<'_>) -> Result<Duration> {
    Ok(match choices.int_in_range(0..=7)? {
        0 => Duration::from_nanos(u8::arbitrary(choices)?.into()),
        1 => Duration::from_millis(u8::arbitrary(choices)?.into()),
        2..=4 => Duration::from_secs(u8::arbitrary(choices)?.into()),
        5 => Duration::from_nanos(u64::arbitrary(choices)?),
        6 => Duration::from_secs(u64::arbitrary(choices)?),
        _ => Duration::MAX,
    })
}

/// Mostly small, for a threshold that is never reached proves little.
fn count(choices: &mut Unstructured<'_>) -> Result<u32> {
    Ok(match choices.int_in_range(0..=7)? {
        0..=5 => choices.int_in_range(1..=8)?,
        // Around 1,024, where the way of counting changes.
        6 => choices.int_in_range(1_000..=1_050)?,
        _ => u32::arbitrary(choices)? % MOST_CALLS,
    })
}

fn rate(choices: &mut Unstructured<'_>) -> Result<f64> {
    if bool::arbitrary(choices)? { Ok(f64::from(u8::arbitrary(choices)?) / 100.0) } else { f64::arbitrary(choices) }
}

/// The model looks at all of its list at every step.
const MOST_STEPS: usize = 300;

/// Larger windows only take memory.
const MOST_CALLS: u32 = 5_000;
