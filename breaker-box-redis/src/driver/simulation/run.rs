//! One run: random actions with faults, then peace; at the end all must agree, and recover.

use std::collections::BTreeMap;
use std::time::Duration;

use breaker_core::{Key, Outcome, Policy, State};

use super::flaw::Flaw;
use super::instance::{Instance, Setup};
use super::random::Random;
use super::world::World;

/// How many actions a run has at most.
const ACTIONS: u64 = 30;
const HEARTBEAT: Duration = Duration::from_secs(2);
const LEASE: Duration = Duration::from_secs(1);
/// How long it may take until all agree, after everything is healed: the longest back-off, and a
/// heartbeat.
const CONVERGES: u64 = 6_000_000;
/// How long it may take until all circuits are closed, when all calls succeed.
const RECOVERS: u64 = 40_000_000;

/// What went wrong, and what led to it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) seed: u64,
    pub(super) actions: u64,
    pub(super) why: String,
    pub(super) trace: Vec<String>,
}

/// Runs a seed; a failing run is shortened, and run again with its trace.
pub(super) fn run(seed: u64, flaw: Option<Flaw>) -> Result<(), Failed> {
    let Err(_) = attempt(seed, ACTIONS, flaw, false) else { return Ok(()) };
    let shortest = (0..=ACTIONS).find(|actions| attempt(seed, *actions, flaw, false).is_err());
    let actions = shortest.unwrap_or(ACTIONS);
    let (why, trace) = attempt(seed, actions, flaw, true).expect_err("the same happens again");
    Err(Failed { seed, actions, why, trace })
}

/// Whether a seed fails.
pub(super) fn fails(seed: u64, flaw: Flaw) -> bool {
    attempt(seed, ACTIONS, Some(flaw), false).is_err()
}

fn attempt(seed: u64, actions: u64, flaw: Option<Flaw>, tracing: bool) -> Result<(), (String, Vec<String>)> {
    let mut random = Random::new(seed ^ 0x5eed);
    let setup = setup(&mut random, flaw);
    let mut world = World::new(setup, seed, tracing);
    let result = story(&mut world, actions);
    result.map_err(|why| (why, world.trace.into()))
}

fn setup(random: &mut Random, flaw: Option<Flaw>) -> Setup {
    let mut policies = BTreeMap::new();
    for name in ["a", "b"].into_iter().take(1 + usize::try_from(random.below(2)).unwrap()) {
        let most = 1 + u32::try_from(random.below(2)).unwrap();
        let mut policy = Policy::consecutive_failures(1 + u32::try_from(random.below(2)).unwrap())
            .expiry(Duration::from_millis(random.one_of(&[30, 300, 1_500, 4_000])))
            .half_open_max_calls(most)
            .success_threshold(1 + u32::try_from(random.below(3)).unwrap())
            .half_open_failure_threshold(1 + u32::try_from(random.below(2)).unwrap());
        if random.below(8) == 0 {
            policy = policy.close_on_expiry();
        }
        if random.below(3) == 0 {
            policy = policy.ramp_up(Duration::from_millis(random.one_of(&[40, 800]))).ramp_up_from(0.3);
        }
        policies.insert(Key::new(name), policy);
    }
    Setup {
        instances: 2 + usize::try_from(random.below(2)).unwrap(),
        policies,
        votes: 1 + u32::try_from(random.below(2)).unwrap(),
        heartbeat: HEARTBEAT,
        lease: LEASE,
        flaw,
    }
}

fn story(world: &mut World, actions: u64) -> Result<(), String> {
    // How much of what happens are faults.
    let faults = world.random.one_of(&[0, 5, 25]);
    for _ in 0..actions {
        act(world, faults)?;
    }
    world.heal()?;
    world.advance(CONVERGES)?;
    // Whoever has a permit gives it back.
    settle_all(world)?;
    world.advance(CONVERGES)?;
    all_agree(world)?;
    recover(world)
}

fn act(world: &mut World, faults: u64) -> Result<(), String> {
    let numbers: Vec<u32> = world.instances.keys().copied().collect();
    let number = world.random.one_of(&numbers);
    let key = world.random.one_of(&world.keys());
    if world.random.below(100) < faults {
        return fault(world, number);
    }
    match world.random.below(12) {
        0..=4 => call(world, number, &key, false)?,
        5 => call(world, number, &key, true)?,
        6 => settle_one(world, number)?,
        7 if world.random.below(3) == 0 => order(world, number, &key)?,
        _ => {}
    }
    let wait = match world.random.below(8) {
        0..=2 => world.random.below(2_000),
        3..=5 => world.random.below(100_000),
        6 => world.random.below(1_000_000),
        _ => world.random.below(4_000_000),
    };
    world.advance(wait)
}

fn fault(world: &mut World, number: u32) -> Result<(), String> {
    match world.random.below(8) {
        0 | 1 => world.disconnect(number)?,
        2 | 3 => {
            let micros = world.random.below(4_000_000);
            world.pause(number, micros);
        }
        4 => world.crash(number),
        5 => world.flush(),
        6 if world.random.below(2) == 0 => world.snapshot(),
        6 => world.fail_over()?,
        _ => {
            let micros = world.random.below(3_000_000);
            world.stall(micros);
        }
    }
    Ok(())
}

/// A call; settled at once, or held for a while.
fn call(world: &mut World, number: u32, key: &Key, held: bool) -> Result<(), String> {
    if world.instances[&number].paused {
        return Ok(());
    }
    let result = world.random.below(4);
    let policies = world.setup.policies.clone();
    let name = Instance::name(key);
    // Time passes in the circuit first, and the link hears of it.
    world.with(number, |instance, _| Ok(instance.breaker(key, &policies).state()))?;
    let instance = &world.instances[&number];
    let may = world.may_probe(&name, &instance.id);
    let held_probes = instance
        .host
        .generation(key)
        .is_some_and(|(generation, state)| state == State::HalfOpen && instance.watched.holds(&name, generation));
    let admitted = world.with(number, |instance, _| {
        let Ok(permit) = instance.breaker(key, &policies).try_acquire() else { return Ok(false) };
        if held {
            instance.permits.push((key.clone(), permit));
        } else {
            settle(permit, result);
        }
        Ok(true)
    })?;
    world.note(|| format!("{number} calls {key}: {admitted:?}, result {result}, held {held}"));
    if held_probes && !may && admitted == Some(true) {
        return Err(format!("{number} lets a probe of {key} through without a lease"));
    }
    Ok(())
}

fn settle(permit: breaker_core::Permit, result: u64) {
    match result {
        0 | 1 => permit.failure("failed"),
        2 => permit.success(),
        _ => permit.settle(Outcome::trip_for(Duration::from_millis(700))),
    }
}

fn settle_one(world: &mut World, number: u32) -> Result<(), String> {
    let result = world.random.below(3);
    if world.instances[&number].paused {
        return Ok(());
    }
    world.with(number, |instance, _| {
        if !instance.permits.is_empty() {
            settle(instance.permits.remove(0).1, result);
        }
        Ok(())
    })?;
    Ok(())
}

fn settle_all(world: &mut World) -> Result<(), String> {
    for number in world.instances.keys().copied().collect::<Vec<_>>() {
        world.with(number, |instance, _| {
            for (_, permit) in std::mem::take(&mut instance.permits) {
                permit.success();
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn order(world: &mut World, number: u32, key: &Key) -> Result<(), String> {
    if world.instances[&number].paused {
        return Ok(());
    }
    let order = world.random.below(8);
    let now = world.now;
    world.orders.entry(key.clone()).or_default().push((now, number));
    let policies = world.setup.policies.clone();
    world.note(|| format!("{number} orders {order} of {key}"));
    world.with(number, |instance, _| {
        let breaker = instance.breaker(key, &policies);
        match order {
            0 => breaker.open(),
            1 => breaker.open_for(Duration::from_millis(900)),
            2 => breaker.close(),
            3 | 4 => breaker.reset(),
            5 => breaker.force_open(),
            6 => breaker.disable(),
            _ => breaker.metrics_only(),
        }
        Ok(())
    })?;
    Ok(())
}

fn all_agree(world: &mut World) -> Result<(), String> {
    let records = world.records();
    for key in world.keys() {
        world.has_last_order(&key, records.get(&Instance::name(&key)))?;
    }
    for number in world.instances.keys().copied().collect::<Vec<_>>() {
        let settled = world.with(number, |instance, _| Ok(instance.link.is_settled()))?;
        if settled != Some(true) {
            return Err(format!("{number} is not settled"));
        }
        for key in world.keys() {
            world.agrees(number, &key, records.get(&Instance::name(&key)))?;
        }
    }
    Ok(())
}

/// All calls succeed: every circuit that is not set by hand closes, everywhere.
fn recover(world: &mut World) -> Result<(), String> {
    let policies = world.setup.policies.clone();
    let end = world.now + RECOVERS;
    loop {
        for number in world.instances.keys().copied().collect::<Vec<_>>() {
            for key in world.keys() {
                world.with(number, |instance, _| {
                    if let Ok(permit) = instance.breaker(&key, &policies).try_acquire() {
                        permit.success();
                    }
                    Ok(())
                })?;
            }
        }
        let wait = 20_000 + world.random.below(20_000);
        world.advance(wait)?;
        let states = world.instances.values().flat_map(|instance| policies.keys().map(|key| instance.state(key)));
        let states: Vec<_> = states.flatten().map(|(state, ..)| state).collect();
        if !states.iter().any(|state| matches!(state, State::Open | State::HalfOpen | State::RampingUp)) {
            return Ok(());
        }
        if world.now > end {
            return Err(format!("not recovered: {states:?}"));
        }
    }
}
