//! Watchers that come and go while events happen.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use breaker_core::{Cause, CircuitBreaker, Event, EventKind, EventType, Filter, Policy, Registry, State, Subscription};

use crate::support::{Work, outcomes, registry, together, with};

/// The sequence of an event, and the change of state with its reason.
type Change = (u64, State, State, String);

/// The events that a handler received.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Change>>>);

impl Heard {
    fn all(&self) -> Vec<Change> {
        self.0.lock().expect("the checker runs one thread at a time").clone()
    }

    fn reasons(&self) -> Vec<String> {
        self.all().into_iter().map(|(_, _, _, reason)| reason).collect()
    }
}

/// Watches the changes of state; each handler looks at the circuit too, so that others may come
/// between.
fn watch(registry: &Registry, breaker: &CircuitBreaker) -> (Heard, Subscription) {
    let heard = Heard::default();
    let (sink, breaker) = (heard.clone(), breaker.clone());
    let handler = move |event: &Event| {
        let EventKind::StateChanged { from, to, cause: Cause::Manual { reason, .. }, .. } = &event.kind else { return };
        let reason = reason.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = breaker.state();
        let entry = (event.sequence, *from, *to, reason);
        sink.0.lock().expect("the checker runs one thread at a time").push(entry);
    };
    let subscription = registry.subscribe(Filter::all().events([EventType::StateChanged]), handler);
    (heard, subscription)
}

fn circuit() -> (Registry, CircuitBreaker) {
    let registry = registry();
    let breaker = registry.register("a", Policy::new()).expect("a free name");
    (registry, breaker)
}

// Seen to fail when two threads have a turn at once (`HandlerQueue::push`), and when
// `Transaction::apply` pushes the event only after the lock is gone.
#[test]
fn every_change_is_delivered_once_and_in_order() {
    let seen = outcomes(|| {
        let (registry, breaker) = circuit();
        let (heard, _subscription) = watch(&registry, &breaker);
        together([
            with(&breaker, |breaker: &CircuitBreaker| breaker.force_open_because("one")),
            with(&breaker, |breaker: &CircuitBreaker| breaker.disable_because("other")),
        ]);
        let heard = heard.all();
        let sequences_grow = heard.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let changes_connect = heard.windows(2).all(|pair| pair[0].2 == pair[1].1);
        let reasons: Vec<_> = heard.into_iter().map(|(_, _, _, reason)| reason).collect();
        (reasons, sequences_grow, changes_connect)
    });
    let orders = [["one", "other"], ["other", "one"]].map(|reasons| reasons.map(str::to_owned).to_vec());
    assert_eq!(seen, BTreeSet::from(orders.map(|reasons| (reasons, true, true))));
}

// Seen to fail when `EventBus::remove` releases the lock before it writes what is wanted.
#[test]
fn who_has_subscribed_hears_what_comes_after() {
    let seen = outcomes(|| {
        let (registry, breaker) = circuit();
        // One watcher leaves while another one comes, and then something happens.
        let (_, leaving) = watch(&registry, &breaker);
        let coming = breaker.clone();
        let works: [Work<Option<(Heard, Subscription)>>; 2] = [
            Box::new(move || {
                let watcher = watch(&registry, &coming);
                coming.force_open_because("after");
                Some(watcher)
            }),
            Box::new(move || {
                leaving.unsubscribe();
                None
            }),
        ];
        together(works).into_iter().flatten().flat_map(|(heard, _)| heard.reasons()).collect::<Vec<_>>()
    });
    assert_eq!(seen, BTreeSet::from([vec!["after".to_owned()]]));
}

// Seen to fail when `EventBus::remove` leaves the watcher in the list, and when a thread does not
// go on with what comes while it delivers.
#[test]
fn who_has_unsubscribed_hears_nothing_that_comes_after() {
    let seen = outcomes(|| {
        let (registry, breaker) = circuit();
        let (leaver, leaving) = watch(&registry, &breaker);
        let (stayer, _subscription) = watch(&registry, &breaker);
        together([
            with(&breaker, |breaker: &CircuitBreaker| {
                leaving.unsubscribe();
                breaker.force_open_because("after");
            }),
            with(&breaker, |breaker: &CircuitBreaker| breaker.disable_because("meanwhile")),
        ]);
        let mut stayer = stayer.reasons();
        stayer.sort_unstable();
        (leaver.reasons(), stayer)
    });
    let all = ["after", "meanwhile"].map(str::to_owned).to_vec();
    let expected = [(Vec::new(), all.clone()), (vec!["meanwhile".to_owned()], all)];
    assert_eq!(seen, BTreeSet::from(expected));
}
