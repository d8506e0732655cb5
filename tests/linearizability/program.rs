//! Random programs for a few threads: few operations, small thresholds, so that they meet where it
//! matters.

use std::time::Duration;

use breaker_box::{Cancellation, State};

use super::plan::{Extent, Plan};
use super::terms::{Agreed, Ending, Order, Slots};

/// What one breaker goes through.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) plan: Plan,
    /// Whether its registry has joined a fleet.
    pub(crate) joined: bool,
    pub(crate) rounds: Vec<Round>,
}

/// First a single thread uses it, then several threads at once.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) alone: Vec<Action>,
    pub(crate) threads: Vec<Vec<Action>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Takes a permit and keeps it.
    Ask,
    /// Settles one that is kept.
    Settle(Ending),
    /// Takes one and settles it.
    Call(Ending),
    Report {
        success: bool,
    },
    Give(Order),
    Configure(Box<Plan>),
    Advance(Duration),
    SeeState,
    SeeAvailable,
    Look,
    SeeGeneration,
    /// In the generation that was seen last, or in any.
    Adopt {
        to: Agreed,
        compares: bool,
    },
    OrderSlots(Slots),
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) rounds: usize,
    pub(crate) alone: usize,
    pub(crate) threads: usize,
    pub(crate) operations: usize,
}

/// Pseudo-random numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // A bias of one in a billion does not matter.
        usize::try_from((bits ^ (bits >> 31)) >> 33).unwrap_or(0) % end
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn small(&mut self, end: usize) -> u32 {
        u32::try_from(self.below(end)).unwrap_or(0) + 1
    }
}

const SECOND: Duration = Duration::from_secs(1);

impl Program {
    /// The program of that number.
    pub(crate) fn random(number: u64, size: Size) -> Self {
        let random = &mut Random(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let plan = plan(random);
        let joined = random.often(40);
        let mut round = || {
            let alone = (0..random.below(size.alone + 1)).map(|_| action(random, true, joined)).collect();
            let mut thread = |_| (0..size.operations).map(|_| action(random, false, joined)).collect();
            Round { alone, threads: (0..size.threads).map(&mut thread).collect() }
        };
        Self { plan, joined, rounds: (0..size.rounds).map(|_| round()).collect() }
    }
}

fn plan(random: &mut Random) -> Plan {
    let bare = Plan { expiry: SECOND, ..Plan::BARE };
    let rate = |random: &mut Random| random.pick(&[0.25, 0.5, 0.75, 1.0]);
    let extent = if random.often(60) { Extent::Calls(random.small(4)) } else { Extent::Time(SECOND * 10) };
    let minimum = match extent {
        Extent::Calls(n) => random.small(n as usize),
        Extent::Time(_) => random.small(4),
    };
    let rated = Plan { extent, minimum_calls: Some(minimum), ..bare };
    let mut plan = match random.below(10) {
        0..4 => Plan { consecutive_failures: Some(random.small(3)), ..bare },
        4..6 => Plan { failure_rate: Some(rate(random)), ..rated },
        6 => Plan { failures_within: Some((random.small(3), SECOND * 5)), ..bare },
        7 => Plan { slow_call_rate: Some((rate(random), SECOND)), ..rated },
        8 => Plan { consecutive_failures: Some(random.small(3)), failure_rate: Some(rate(random)), ..rated },
        _ => Plan { consecutive_failures: Some(random.small(3)), debounce: SECOND, ..bare },
    };
    plan.half_open_max_calls = random.small(2);
    plan.success_threshold = random.small(2);
    plan.half_open_failure_threshold = random.small(2);
    plan.half_open_timeout = if random.often(40) { Some(random.pick(&[SECOND / 2, SECOND])) } else { None };
    plan.close_on_expiry = random.often(15);
    if random.often(30) {
        plan.hung_calls = Some((random.small(3), random.pick(&[SECOND / 2, SECOND * 5])));
    }
    if random.often(30) {
        plan.ramp_up = Some(random.pick(&[SECOND, SECOND * 4]));
        plan.ramp_up_from = random.pick(&[0.25, 0.5]);
    }
    plan.on_cancel = match random.below(10) {
        0..2 => Cancellation::Failure,
        2..5 if plan.slow_call_rate.is_some() => Cancellation::Slow,
        _ => Cancellation::Ignore,
    };
    plan
}

/// Only the single thread moves the clock, because an operation reads it once and takes effect a
/// moment later.
fn action(random: &mut Random, alone: bool, joined: bool) -> Action {
    if joined && random.often(35) {
        return fleet_action(random);
    }
    match random.below(100) {
        0..36 => Action::Call(ending(random)),
        36..50 => Action::Ask,
        50..66 => Action::Settle(ending(random)),
        66..71 => Action::Report { success: random.often(40) },
        71..82 => Action::Give(order(random)),
        82..85 => Action::Configure(Box::new(plan(random))),
        85..91 if alone => Action::Advance(random.pick(&[SECOND / 2, SECOND, SECOND * 5])),
        85..92 => Action::SeeState,
        92..95 => Action::SeeAvailable,
        _ => Action::Look,
    }
}

fn fleet_action(random: &mut Random) -> Action {
    match random.below(10) {
        0..2 => Action::SeeGeneration,
        2..6 => Action::Adopt { to: agreed(random), compares: random.often(70) },
        6..8 => Action::OrderSlots(Slots::Hold),
        8 => Action::OrderSlots(Slots::Release),
        _ => {
            let within = random.pick(&[Duration::ZERO, SECOND / 2, SECOND * 2]);
            Action::OrderSlots(Slots::Grant { slots: random.small(2), within })
        }
    }
}

fn agreed(random: &mut Random) -> Agreed {
    let state = match random.below(8) {
        0..3 => State::Open,
        3 => State::RampingUp,
        4..6 => State::Closed,
        6 => State::HalfOpen,
        _ => State::ForcedOpen,
    };
    let left = random.pick(&[None, Some(Duration::ZERO), Some(SECOND), Some(SECOND * 2)]);
    Agreed { state, left, openings: random.small(3) - 1 }
}

fn ending(random: &mut Random) -> Ending {
    match random.below(20) {
        0..8 => Ending::Success,
        8..14 => Ending::Failure { because: None },
        14..16 => Ending::Failure { because: Some("refused") },
        16..18 => Ending::Ignore,
        18 => Ending::Dropped,
        _ => Ending::Trip { open_for: Some(SECOND), because: None },
    }
}

fn order(random: &mut Random) -> Order {
    match random.below(16) {
        0..4 => Order::Reset,
        4..7 => Order::Close,
        7..10 => Order::Open,
        10..12 => Order::OpenFor(SECOND * 2),
        // Over at once: whoever asks next is a probe.
        12 => Order::OpenFor(Duration::ZERO),
        13 => Order::ForceOpen,
        14 => Order::Disable,
        _ => Order::MetricsOnly,
    }
}
