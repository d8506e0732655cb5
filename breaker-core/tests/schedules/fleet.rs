//! A fleet moves circuits and holds their probes while calls go on, and hears of it in order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use breaker_core::fleet::{Adoption, Change, Generation, Membership, Peer, Shared};
use breaker_core::{CircuitBreaker, KeyRef, ManualClock, Permit, Policy, Registry, State};
use loom::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Work, fail, outcomes, outcomes_of_many_steps, raced, registry, seconds, succeed, together, with};

/// Keeps what it hears. The checker runs one thread at a time, so its own lock is never waited for.
#[derive(Default)]
struct Recorder {
    heard: Mutex<Vec<(State, u32)>>,
    wanted: Mutex<u32>,
    initial: Option<Shared>,
    /// Gives the checker a turn, so that a change can be heard while another one is.
    turn: AtomicU32,
}

impl Peer for Recorder {
    fn initial(&self, _: KeyRef<'_>) -> Option<Shared> {
        self.initial.clone()
    }

    fn changed(&self, _: &CircuitBreaker, change: &Change) {
        // Relaxed: only for the turn.
        self.turn.fetch_add(1, Ordering::Relaxed);
        self.heard.lock().expect("no panic under it").push((change.state, change.openings));
    }

    fn probe_wanted(&self, _: &CircuitBreaker, _: Generation) {
        *self.wanted.lock().expect("no panic under it") += 1;
    }
}

struct Joined {
    breaker: CircuitBreaker,
    clock: ManualClock,
    peer: Arc<Recorder>,
    membership: Arc<Membership>,
    registry: Registry,
}

fn joined(policy: Policy) -> Joined {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().expect("a valid policy");
    let peer = Arc::new(Recorder::default());
    let membership = Arc::new(registry.join(peer.clone()).expect("the first to join"));
    let breaker = registry.register("payment_api", policy).expect("a free name");
    Joined { breaker, clock, peer, membership, registry }
}

/// Half-open without a slot, after one rejection if `wanted`.
fn held(policy: Policy, wanted: bool) -> Joined {
    let all = joined(policy);
    all.breaker.open_for(seconds(1));
    assert!(all.membership.hold_probes(&all.breaker, all.generation()));
    all.clock.advance(seconds(1));
    // Applies the end of the open period.
    let _ = all.generation();
    if wanted {
        assert!(all.breaker.try_acquire().is_err());
    }
    all
}

impl Joined {
    fn generation(&self) -> Generation {
        self.membership.present(&self.breaker).generation
    }

    /// `work` with handles of its own.
    fn with<T: 'static>(&self, work: impl FnOnce(&CircuitBreaker, &Membership) -> T + 'static) -> Work<T> {
        let (breaker, membership) = (self.breaker.clone(), Arc::clone(&self.membership));
        Box::new(move || work(&breaker, &membership))
    }

    /// Adopts a state; whether it was applied.
    fn adopt(&self, expected: Option<Generation>, shared: Shared) -> Work<bool> {
        self.with(move |breaker, membership| {
            matches!(membership.adopt(breaker, expected, &shared), Adoption::Applied(_))
        })
    }

    /// Grants slots for so many seconds.
    fn grant(&self, n: u32, within: u64) -> Work<bool> {
        let generation = self.generation();
        self.with(move |breaker, membership| membership.grant_probes(breaker, generation, n, seconds(within)))
    }

    fn heard(&self) -> Vec<(State, u32)> {
        self.peer.heard.lock().expect("no panic under it").clone()
    }

    fn wanted(&self) -> u32 {
        *self.peer.wanted.lock().expect("no panic under it")
    }
}

fn open(left: u64) -> Shared {
    Shared::new(State::Open).left(seconds(left)).openings(3)
}

fn ask(breaker: &CircuitBreaker) -> Option<Permit> {
    breaker.try_acquire().ok()
}

// Seen to fail when `Circuit::adopt` looks at the generation before it takes the lock.
#[test]
fn a_failure_that_opens_and_an_adoption_take_turns() {
    let seen = outcomes(|| {
        let all = joined(Policy::consecutive_failures(1));
        let expected = Some(all.generation());
        let permit = all.breaker.try_acquire().expect("it is closed");
        let failing: Work<bool> = Box::new(move || {
            permit.settle(false);
            true
        });
        let applied = together([failing, all.adopt(expected, open(60))])[1];
        let status = all.breaker.status();
        (applied, status.openings, status.totals.failures, status.totals.late, all.heard().len())
    });
    // The failure opened, and the adoption found another generation; or the failure was late.
    assert_eq!(seen, BTreeSet::from([(false, 1, 1, 0, 1), (true, 3, 0, 1, 1)]));
}

// Seen to fail when `Circuit::adopt` looks at the generation before it takes the lock.
#[test]
fn an_adoption_never_undoes_an_order_that_it_did_not_expect() {
    let seen = outcomes(|| {
        let all = joined(Policy::new());
        let expected = Some(all.generation());
        let order = all.with(|breaker, _| {
            breaker.force_open();
            true
        });
        let applied = together([order, all.adopt(expected, open(60))])[1];
        (applied, all.breaker.state(), all.heard())
    });
    let forced = (State::ForcedOpen, 0);
    let expected = [
        (false, State::ForcedOpen, vec![forced]),
        (true, State::ForcedOpen, vec![(State::Open, 3), (State::ForcedOpen, 3)]),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Circuit::adopt` looks at the generation before it takes the lock.
#[test]
fn of_two_adoptions_that_expect_the_same_generation_one_is_applied() {
    let seen = outcomes(|| {
        let all = joined(Policy::new());
        let expected = Some(all.generation());
        let applied =
            together([all.adopt(expected, open(60)), all.adopt(expected, Shared::new(State::Disabled).openings(3))]);
        (applied, all.heard())
    });
    let expected = [(vec![true, false], vec![(State::Open, 3)]), (vec![false, true], vec![(State::Disabled, 3)])];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Step::adopt` goes back to the generation before.
#[test]
fn a_probe_and_an_adoption_take_turns() {
    let seen = outcomes(|| {
        let all = joined(Policy::new());
        all.breaker.open_for(seconds(1));
        all.clock.advance(seconds(1));
        let probing = with(&all.breaker, succeed);
        together([probing, all.adopt(None, open(60))]);
        let status = all.breaker.status();
        (status.state, status.openings, status.totals.successes, status.totals.late, status.totals.rejected)
    });
    let expected = [
        // The probe closed the circuit before, or was in flight meanwhile, or came afterwards.
        (State::Open, 3, 1, 0, 0),
        (State::Open, 3, 0, 1, 0),
        (State::Open, 3, 0, 0, 1),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Transaction::step` publishes neither the word nor the time limit of a grant.
#[test]
fn who_asks_while_a_slot_is_granted_is_rejected_or_gets_it_and_afterwards_gets_it() {
    let seen = outcomes(|| {
        let all = held(Policy::new(), true);
        let (races, probe) = raced(all.grant(1, 10), with(&all.breaker, ask));
        (races, probe.is_some())
    });
    assert_eq!(seen, BTreeSet::from([(true, false), (true, true), (false, true)]));
}

// Seen to fail when `Step::pass_time` lets no grant lapse.
#[test]
fn who_asks_while_a_grant_lapses_gets_its_slot_or_none() {
    let seen = outcomes(|| {
        let all = held(Policy::new(), false);
        together([all.grant(1, 10)]);
        all.clock.advance(seconds(9));
        let clock = all.clock.clone();
        let advance: Work<()> = Box::new(move || clock.advance(seconds(1)));
        let (races, probe) = raced(advance, with(&all.breaker, ask));
        let admitted = probe.is_some();
        if let Some(probe) = probe {
            probe.success();
        }
        let status = all.breaker.status();
        (races, admitted, status.state, status.totals.late)
    });
    let expected = [
        // It is settled when both are over, and so after the lapse.
        (true, true, State::HalfOpen, 1),
        (true, false, State::HalfOpen, 0),
        (false, false, State::HalfOpen, 0),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Step::pass_time` lets no grant lapse.
#[test]
fn a_grant_is_renewed_in_time_or_its_probe_is_late() {
    let seen = outcomes(|| {
        let all = held(Policy::new(), false);
        together([all.grant(1, 10)]);
        let probe = all.breaker.try_acquire().expect("a slot");
        all.clock.advance(seconds(9));
        let clock = all.clock.clone();
        let advance: Work<bool> = Box::new(move || {
            clock.advance(seconds(1));
            true
        });
        together([advance, all.grant(1, 10)]);
        probe.success();
        let status = all.breaker.status();
        (status.state, status.totals.late)
    });
    assert_eq!(seen, BTreeSet::from([(State::Closed, 0), (State::HalfOpen, 1)]));
}

// Seen to fail when `Transaction::publish_probe_limit` does not ask whether a probe was wanted.
#[test]
fn of_two_that_are_rejected_at_once_one_wants_the_probe() {
    let seen = outcomes(|| {
        let all = held(Policy::new(), false);
        let admitted = together([(); 2].map(|()| with(&all.breaker, ask)));
        (admitted.iter().flatten().count(), all.wanted(), all.breaker.status().totals.rejected)
    });
    assert_eq!(seen, BTreeSet::from([(0, 1, 2)]));
}

// Seen to fail when `Transaction::step` does not withdraw the time limit with an order.
#[test]
fn who_is_rejected_after_a_hold_wants_a_probe_again() {
    let seen = outcomes(|| {
        let all = held(Policy::new(), true);
        let generation = all.generation();
        let hold = all.with(move |breaker, membership| membership.hold_probes(breaker, generation));
        let (races, _) = raced(hold, with(&all.breaker, ask));
        (races, all.wanted())
    });
    assert_eq!(seen, BTreeSet::from([(true, 1), (true, 2), (false, 2)]));
}

// Seen to fail when `Circuit::transact_quietly` queues the notes without the lock, and when
// `Queue::begin` lets two threads deliver.
#[test]
fn changes_are_heard_in_the_order_of_their_circuit() {
    let seen = outcomes(|| {
        let all = joined(Policy::new());
        let order = |breaker: &CircuitBreaker| {
            breaker.open();
            breaker.open();
        };
        together([with(&all.breaker, order), with(&all.breaker, order)]);
        all.heard().into_iter().map(|(_, openings)| openings).collect::<Vec<_>>()
    });
    assert_eq!(seen, BTreeSet::from([vec![1, 2, 3, 4]]));
}

// Seen to fail when `Queue::next` leaves notes to a thread that is not coming.
#[test]
fn the_last_change_is_heard_whoever_delivers() {
    let seen = outcomes_of_many_steps(|| {
        let all = joined(Policy::consecutive_failures(1));
        let works = [with(&all.breaker, fail), with(&all.breaker, fail), all.adopt(None, open(60))].map(unit);
        together(works);
        let last = all.heard().pop().map(|(_, openings)| openings);
        last == Some(all.breaker.status().openings)
    });
    assert_eq!(seen, BTreeSet::from([true]));
}

/// The same work for nothing.
fn unit(work: Work<bool>) -> Work<()> {
    Box::new(move || {
        work();
    })
}

// Seen to fail when `Registry::add` makes the circuit visible before it begins.
#[test]
fn whoever_calls_first_finds_the_circuit_as_the_fleet_has_it() {
    let seen = outcomes(|| {
        let registry = registry();
        let peer = Arc::new(Recorder { initial: Some(Shared::new(State::ForcedOpen)), ..Recorder::default() });
        let _membership = registry.join(peer.clone()).expect("the first to join");
        let call = || -> Work<bool> {
            let registry = registry.clone();
            Box::new(move || registry.call_with("a", || (), |()| true).is_ok())
        };
        let admitted = together([call(), call()]);
        let rejected = registry.status("a").expect("calls make it").totals.rejected;
        let heard = peer.heard.lock().expect("no panic under it").clone();
        (admitted, rejected, heard)
    });
    assert_eq!(seen, BTreeSet::from([(vec![false, false], 2, vec![(State::ForcedOpen, 0)])]));
}

// Seen to fail when `Circuit::begin` makes the circuit visible without the lock.
#[test]
fn the_state_that_a_circuit_begins_in_is_heard_before_what_happens_to_it() {
    let seen = outcomes(|| {
        let registry = registry();
        let peer = Arc::new(Recorder { initial: Some(open(60)), ..Recorder::default() });
        let _membership = registry.join(peer.clone()).expect("the first to join");
        let (calling, ordering) = (registry.clone(), registry.clone());
        let call: Work<bool> = Box::new(move || calling.call_with("a", || (), |()| true).is_ok());
        let order: Work<bool> = Box::new(move || ordering.force_open("a").is_ok());
        let found = together([call, order])[1];
        let heard = peer.heard.lock().expect("no panic under it").clone();
        (found, heard)
    });
    let begun = (State::Open, 3);
    assert_eq!(seen, BTreeSet::from([(false, vec![begun]), (true, vec![begun, (State::ForcedOpen, 3)])]));
}

// Seen to fail when `Membership::drop` does not release the probes.
#[test]
fn who_leaves_leaves_a_slot_to_whoever_asks_afterwards() {
    let seen = outcomes(|| {
        let all = held(Policy::new(), true);
        let Joined { breaker, membership, registry, .. } = all;
        let (races, probe) = raced(Box::new(move || drop(membership)), with(&breaker, ask));
        assert!(registry.peer().is_none());
        (races, probe.is_some())
    });
    assert_eq!(seen, BTreeSet::from([(true, false), (true, true), (false, true)]));
}
