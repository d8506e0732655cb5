//! Random policies and random sequences.

use std::time::Duration;

use breaker_box::{Cancellation, State};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::operation::{At, Case, Operation, Span, Step};
use super::plan::{EXACT, Extent, Plan};
use super::terms::{Agreed, Ending, Order, Slots};

const HOUR: Duration = Duration::from_secs(3_600);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Few values, so that they meet each other: a window as long as the expiry, a debounce as long as
/// a window.
const DURATIONS: &[Duration] = &[
    Duration::from_nanos(1),
    Duration::from_nanos(10),
    Duration::from_nanos(25),
    Duration::from_millis(1),
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(1),
    Duration::from_secs(7),
    Duration::from_secs(10),
    Duration::from_secs(10),
    Duration::from_secs(60),
    HOUR,
    YEAR,
];

const RATES: &[f64] = &[f64::MIN_POSITIVE, 0.1, 0.25, 1.0 / 3.0, 0.5, 0.5, 0.6, 2.0 / 3.0, 0.75, 0.9, 1.0];

/// With which a ramp-up begins.
const SHARES: &[f64] = &[f64::MIN_POSITIVE, 0.01, 0.1, 0.1, 0.25, 1.0 / 3.0, 0.5, 0.75, 0.9, 1.0];

const CANCELLATIONS: &[Cancellation] = &[Cancellation::Ignore, Cancellation::Failure, Cancellation::Slow];

fn duration() -> impl Strategy<Value = Duration> + Clone {
    select(DURATIONS)
}

/// Where `Duration::MAX` has a meaning of its own.
fn duration_or_endless() -> impl Strategy<Value = Duration> + Clone {
    prop_oneof![12 => duration(), 1 => Just(Duration::MAX)]
}

fn threshold() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![30 => 1_u32..=6, 3 => 7_u32..=40, 1 => select(vec![EXACT, EXACT + 1, 1_000_000, 10_000_000])]
}

fn extent() -> impl Strategy<Value = Extent> + Clone {
    prop_oneof![
        20 => (1_u32..=8).prop_map(Extent::Calls),
        4 => select(vec![10_u32, 63, 64, 65, 100, 130]).prop_map(Extent::Calls),
        20 => duration().prop_map(Extent::Time),
        1 => Just(Extent::Time(Duration::MAX)),
    ]
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> + Clone {
    let conditions = (
        weighted(0.4, threshold()),
        weighted(0.4, (threshold(), duration_or_endless())),
        weighted(0.4, select(RATES)),
        weighted(0.4, (select(RATES), duration())),
        weighted(0.3, (1_u32..=4, duration_or_endless())),
        extent(),
        weighted(0.6, 1_u32..=8),
        prop_oneof![3 => Just(Duration::ZERO), 1 => duration()],
    );
    let recovery = (
        duration_or_endless(),
        weighted(0.4, (select(vec![1.0, 1.5, 2.0, 3.0, 10.0, 1e300]), duration_or_endless())),
        1_u32..=3,
        1_u32..=3,
        1_u32..=3,
        weighted(0.4, duration()),
        proptest::bool::weighted(0.25),
        (weighted(0.4, duration_or_endless()), select(SHARES), select(CANCELLATIONS)),
        (weighted(0.3, duration()), prop_oneof![3 => Just(HOUR), 1 => duration_or_endless()]),
    );
    (conditions, recovery).prop_map(|(conditions, recovery)| {
        let (
            consecutive_failures,
            failures_within,
            failure_rate,
            slow_call_rate,
            hung_calls,
            extent,
            minimum,
            debounce,
        ) = conditions;
        let (
            expiry,
            progressive,
            max_calls,
            successes,
            failures,
            half_open_timeout,
            close_on_expiry,
            (ramp_up, ramp_up_from, on_cancel),
            (fail_slower_than, max_trip),
        ) = recovery;
        let plan = Plan {
            consecutive_failures,
            failures_within,
            failure_rate,
            slow_call_rate,
            hung_calls,
            extent,
            minimum_calls: minimum,
            debounce,
            expiry,
            progressive,
            half_open_max_calls: max_calls,
            success_threshold: successes,
            half_open_failure_threshold: failures,
            half_open_timeout,
            close_on_expiry,
            ramp_up,
            ramp_up_from,
            on_cancel,
            fail_slower_than,
            max_trip,
        };
        made_valid(plan)
    })
}

/// Mends what `Policy::validate` refuses.
fn made_valid(mut plan: Plan) -> Plan {
    if plan.consecutive_failures.is_none()
        && plan.failures_within.is_none()
        && plan.hung_calls.is_none()
        && !plan.has_rate()
    {
        plan.consecutive_failures = Some(3);
    }
    if let (Some(minimum), Extent::Calls(n)) = (plan.minimum_calls, plan.extent) {
        plan.minimum_calls = Some(minimum.min(n));
    }
    if let Some((factor, max)) = plan.progressive {
        plan.progressive = Some((factor, max.max(plan.expiry)));
    }
    if plan.on_cancel == Cancellation::Slow && plan.slow_after().is_none() {
        plan.fail_slower_than = Some(Duration::from_secs(1));
    }
    plan
}

/// What is done, without how.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Pass,
    Ask,
    AskByFuture,
    Settle,
    Call,
    LastingCall,
    NestedCall,
    CallMany,
    RecordSuccess,
    RecordFailure,
    RecordMany,
    Give,
    Configure,
    Sweep,
    Adopt,
    OrderSlots,
}

/// How often each kind comes. Simple ones first, for that is where shrinking goes.
const KINDS: &[(usize, Kind)] = &[
    (20, Kind::Pass),
    (12, Kind::Ask),
    (8, Kind::AskByFuture),
    (26, Kind::Settle),
    (22, Kind::Call),
    (4, Kind::LastingCall),
    (4, Kind::NestedCall),
    (2, Kind::CallMany),
    (3, Kind::RecordSuccess),
    (3, Kind::RecordFailure),
    (4, Kind::Give),
    (2, Kind::Configure),
    (1, Kind::Sweep),
];

/// Many results at once between everything else.
const LARGE_KINDS: &[(usize, Kind)] = &[
    (4, Kind::Pass),
    (3, Kind::Ask),
    (3, Kind::Settle),
    (5, Kind::Call),
    (12, Kind::RecordMany),
    (2, Kind::Give),
    (4, Kind::Configure),
];

/// Between the calls of this instance, what a fleet does.
const FLEET_KINDS: &[(usize, Kind)] = &[
    (18, Kind::Pass),
    (18, Kind::Ask),
    (16, Kind::Settle),
    (14, Kind::Call),
    (3, Kind::NestedCall),
    (1, Kind::RecordSuccess),
    (1, Kind::RecordFailure),
    (5, Kind::Give),
    (1, Kind::Configure),
    (1, Kind::Sweep),
    (10, Kind::Adopt),
    (24, Kind::OrderSlots),
];

const AGREED: &[(usize, State)] = &[
    (12, State::Open),
    (3, State::Closed),
    (2, State::HalfOpen),
    (4, State::RampingUp),
    (1, State::ForcedOpen),
    (1, State::Disabled),
    (1, State::MetricsOnly),
];

const AT: &[(usize, At)] = &[(3, At::Any), (12, At::Present), (2, At::Earlier)];

const REASONS: &[(usize, Option<&str>)] = &[(2, None), (1, Some("timed out")), (1, Some("refused"))];

const ORDERS: &[(usize, Order)] = &[
    (6, Order::Close),
    (4, Order::Open),
    (4, Order::MetricsOnly),
    (2, Order::Reset),
    (2, Order::ForceOpen),
    (2, Order::Disable),
    (1, Order::OpenFor(Duration::from_secs(1))),
    (1, Order::OpenFor(Duration::from_secs(10))),
    (1, Order::OpenFor(YEAR)),
    (1, Order::OpenFor(Duration::ZERO)),
    (1, Order::OpenFor(Duration::MAX)),
];

fn endings() -> Vec<(usize, Ending)> {
    let mut endings = vec![(60, Ending::Success), (36, Ending::Failure { because: None })];
    endings.extend([(12, Ending::Ignore), (12, Ending::Dropped)]);
    endings.extend([
        (18, Ending::Failure { because: Some("timed out") }),
        (18, Ending::Failure { because: Some("refused") }),
    ]);
    endings.extend([(6, Ending::Panicked("out of cheese")), (6, Ending::Unclassified)]);
    for open_for in [None, Some(Duration::ZERO), Some(Duration::from_secs(10)), Some(YEAR), Some(Duration::MAX)] {
        endings.push((1, Ending::Trip { open_for, because: None }));
        endings.push((1, Ending::Trip { open_for, because: Some("refused") }));
    }
    endings
}

fn spans() -> Vec<(usize, Span)> {
    let mut spans = vec![(40, Span::For(Duration::ZERO)), (80, Span::For(Duration::from_nanos(1)))];
    spans.extend(DURATIONS.iter().map(|duration| (12, Span::For(*duration))));
    for offset in [0, 0, -1, 1] {
        spans.extend((0..16).map(|which| (10, Span::ToEdge { which, offset })));
        spans.extend((0..4).map(|which| (10, Span::ToSlow { which, offset })));
    }
    spans.extend((2..12).map(|years| (1, Span::For(YEAR * years))));
    spans
}

/// Much cheaper than a union, which keeps a runner for each of its branches: generation would take
/// most of the time.
fn weighted_select<T: Clone + std::fmt::Debug + 'static>(choices: &[(usize, T)]) -> impl Strategy<Value = T> + use<T> {
    select(choices.iter().flat_map(|(weight, choice)| vec![choice.clone(); *weight]).collect::<Vec<T>>())
}

fn agreed() -> impl Strategy<Value = Agreed> {
    // Near the end of an opening that lasts for a second or ten.
    let left = [0, 1, 999_000_000, 1_000_000_000, 1_000_000_001, 10_000_000_000].map(Duration::from_nanos);
    let left = prop_oneof![1 => Just(None), 4 => select(left.to_vec()).prop_map(Some), 1 => Just(Some(Duration::MAX))];
    (weighted_select(AGREED), left, 0_u32..4).prop_map(|(state, left, openings)| Agreed { state, left, openings })
}

fn slots() -> impl Strategy<Value = Slots> {
    let grant = (0_u32..4, duration_or_endless()).prop_map(|(slots, within)| Slots::Grant { slots, within });
    prop_oneof![8 => Just(Slots::Hold), 8 => grant, 1 => Just(Slots::Release)]
}

/// One operation; `plans` are those that it may configure.
fn step(kinds: &'static [(usize, Kind)]) -> impl Strategy<Value = (Step, usize)> {
    let bounded = |kept| proptest::bool::weighted(kept);
    let how = (
        weighted_select(kinds),
        0_usize..6,
        weighted_select(&endings()),
        weighted_select(&endings()),
        weighted_select(&spans()),
        weighted_select(ORDERS),
        weighted_select(REASONS),
        select(vec![1_u32, 2, 3, 300, 600, 999, 1_000, 1_023, 1_024]),
        (weighted_select(AT), agreed(), slots()),
    );
    (bounded(0.99), bounded(0.7), how).prop_map(
        |(kept, look, (kind, which, ending, inner, span, order, because, times, (at, to, slots)))| {
            let at_once = Span::For(Duration::ZERO);
            let operation = match kind {
                Kind::Pass => Operation::Pass(span),
                Kind::Ask => Operation::Ask { by_future: false },
                Kind::AskByFuture => Operation::Ask { by_future: true },
                Kind::Settle => Operation::Settle { which, ending },
                Kind::Call => Operation::Call { ending, lasting: at_once },
                Kind::LastingCall => Operation::Call { ending, lasting: span },
                Kind::NestedCall => Operation::Nest { inner, ending, lasting: if which > 3 { span } else { at_once } },
                Kind::CallMany => Operation::CallTimes { success: true, times: times % 13 + 2 },
                Kind::RecordSuccess => Operation::Record { success: true },
                Kind::RecordFailure => Operation::Record { success: false },
                Kind::RecordMany => Operation::RecordTimes { success: which > 3, times },
                Kind::Give => Operation::Give { order, because },
                // Which plan is known to the case.
                Kind::Configure => Operation::Configure(Box::new(Plan::DEFAULT)),
                Kind::Sweep => Operation::Sweep,
                Kind::Adopt => Operation::Adopt { at, to, because },
                // Without a generation there is nothing to order.
                Kind::OrderSlots if at == At::Any => Operation::OrderSlots { at: At::Present, order: slots },
                Kind::OrderSlots => Operation::OrderSlots { at, order: slots },
            };
            (Step { kept, look, operation }, which)
        },
    )
}

fn case_of(
    plan: impl Strategy<Value = Plan> + Clone,
    kinds: &'static [(usize, Kind)],
    steps: usize,
    joined: f64,
) -> impl Strategy<Value = Case> {
    let random = (
        plan.clone(),
        vec(plan, 6),
        // Without watchers too, because then no event is made.
        proptest::bool::weighted(0.8),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(joined),
        vec(step(kinds), steps),
    );
    random.prop_map(|(plan, plans, watched, tracked, joined, steps)| {
        let with_plan = |(mut step, which): (Step, usize)| {
            if let Operation::Configure(plan) = &mut step.operation {
                **plan = plans[which];
            }
            step
        };
        Case { plan, watched, joined, tracked, steps: steps.into_iter().map(with_plan).collect() }
    })
}

/// Sequences of that many steps.
pub(crate) fn case(steps: usize) -> impl Strategy<Value = Case> {
    case_of(plan(), KINDS, steps, 0.2)
}

/// The same with a fleet that holds and grants probes, and moves the circuit.
pub(crate) fn fleet_case(steps: usize) -> impl Strategy<Value = Case> {
    case_of(plan(), FLEET_KINDS, steps, 1.0)
}

/// Few steps, but thresholds and windows of a thousand and more, and as many results at once.
pub(crate) fn large_case() -> impl Strategy<Value = Case> {
    let number = || select(vec![999_u32, 1_000, EXACT - 1, EXACT, EXACT + 1, EXACT + 2, 1_500]);
    let plan = (plan(), number(), number(), number()).prop_map(|(mut plan, row, within, calls)| {
        plan.consecutive_failures = plan.consecutive_failures.map(|_| row);
        plan.failures_within = plan.failures_within.map(|(_, window)| (within, window));
        if let Extent::Calls(_) = plan.extent {
            plan.extent = Extent::Calls(calls);
        }
        plan.minimum_calls = plan.minimum_calls.map(|_| 900);
        plan
    });
    case_of(plan, LARGE_KINDS, 24, 0.2)
}
