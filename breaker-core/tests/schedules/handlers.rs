//! The queues of handlers: whichever threads deliver, each event is handled once, in order, and
//! none is left behind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use breaker_core::{CircuitBreaker, Event, EventType, Filter, Policy, Registry, Subscription};

use crate::support::{Work, outcomes, outcomes_of_many_steps, registry, together, with};

/// The numbers of the events that a handler was called with.
type Heard = Arc<Mutex<Vec<u64>>>;

/// Watches the successes; the handler looks at the circuit, so that other threads may come between,
/// and does its work at each event.
fn watch(
    registry: &Registry,
    breaker: &CircuitBreaker,
    work: impl Fn(usize) + Send + Sync + 'static,
) -> (Heard, Subscription) {
    let heard = Heard::default();
    let (sink, breaker) = (Arc::clone(&heard), breaker.clone());
    let handler = move |event: &Event| {
        let heard = {
            let mut heard = sink.lock().expect("the checker runs one thread at a time");
            heard.push(event.sequence);
            heard.len()
        };
        let _ = breaker.state();
        work(heard);
    };
    (heard, registry.subscribe(Filter::all().events([EventType::Success]), handler))
}

fn circuit() -> (Registry, CircuitBreaker) {
    let registry = registry();
    let breaker = registry.register("a", Policy::new()).expect("a free name");
    (registry, breaker)
}

fn succeed(breaker: &CircuitBreaker) -> Work<()> {
    with(breaker, CircuitBreaker::record_success)
}

fn all(heard: &Heard) -> Vec<u64> {
    heard.lock().expect("the checker runs one thread at a time").clone()
}

// Seen to fail when `Dispatcher::continues` releases the lock before it makes the handler ready,
// and when `Dispatcher::begin_round` does not leave where nothing is ready.
#[test]
fn what_comes_while_a_thread_delivers_is_delivered_by_it_or_by_who_takes_over() {
    let seen = outcomes_of_many_steps(|| {
        let (registry, breaker) = circuit();
        let (heard, _subscription) = watch(&registry, &breaker, |_| {});
        together([succeed(&breaker), succeed(&breaker), succeed(&breaker)]);
        let heard = all(&heard);
        heard.iter().map(|number| number - heard[0]).collect::<Vec<_>>()
    });
    assert_eq!(seen, BTreeSet::from([vec![0, 1, 2]]));
}

// Seen to fail when `HandlerQueue::pop` ends the turn under another lock than the one under which
// it found nothing, and when a thread that has handed one handler over no longer goes on with
// another (`Dispatcher::continues`).
#[test]
fn an_event_that_comes_when_a_turn_ends_is_delivered() {
    let seen = outcomes(|| {
        let (registry, breaker) = circuit();
        let (first, _first) = watch(&registry, &breaker, |_| {});
        let (second, _second) = watch(&registry, &breaker, |_| {});
        together([succeed(&breaker), succeed(&breaker)]);
        (all(&first).len(), all(&second).len())
    });
    assert_eq!(seen, BTreeSet::from([(2, 2)]));
}

// Seen to fail when `Dispatcher::note_pushed` does not add to what a thread owes that is
// delivering.
#[test]
fn what_a_handler_causes_is_delivered_whoever_comes_meanwhile() {
    let seen = outcomes(|| {
        let (registry, breaker) = circuit();
        let inner = breaker.clone();
        let failures = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&failures);
        // The second is called for what the first causes.
        let _second = registry.subscribe(Filter::all().events([EventType::Failure]), move |_| {
            *counter.lock().expect("the checker runs one thread at a time") += 1;
        });
        let (heard, _first) = watch(&registry, &breaker, move |heard| {
            if heard == 1 {
                inner.record_failure("caused by a handler");
            }
        });
        together([succeed(&breaker), succeed(&breaker)]);
        let failures = *failures.lock().expect("the checker runs one thread at a time");
        (all(&heard).len(), failures)
    });
    assert_eq!(seen, BTreeSet::from([(2, 1)]));
}

// Seen to fail when `EventBus::remove` leaves it among those that are ready; and, with four
// interruptions (`LOOM_MAX_PREEMPTIONS=4`), when `Dispatcher::continues` makes a handler ready that
// has ended.
#[test]
fn a_handler_that_has_ended_is_let_go_of() {
    let seen = outcomes_of_many_steps(|| {
        let (registry, breaker) = circuit();
        let (heard, subscription) = watch(&registry, &breaker, |_| {});
        let end: Work<()> = Box::new(move || subscription.unsubscribe());
        together([succeed(&breaker), succeed(&breaker), end]);
        // The handler held the other one.
        Arc::strong_count(&heard)
    });
    assert_eq!(seen, BTreeSet::from([1]));
}
