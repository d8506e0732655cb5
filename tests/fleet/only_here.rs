//! Orders that stay in this instance.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use breaker_box::Policy;
use breaker_box::fleet::{Change, only_here};

use crate::support::{Joined, fail, joined};

fn last(all: &Joined) -> Change {
    all.peer.take_changes().pop().expect("a change")
}

#[test]
fn orders_inside_are_marked() {
    let all = joined(Policy::new());
    let three = only_here(|| {
        all.breaker.force_open();
        3
    });
    assert_eq!(three, 3);
    assert!(last(&all).only_here);
    assert!(all.membership.present(&all.breaker).only_here);
    all.breaker.reset();
    assert!(!last(&all).only_here);
    assert!(!all.membership.present(&all.breaker).only_here);
}

#[test]
fn orders_by_name_are_marked_too() {
    let all = joined(Policy::new());
    only_here(|| all.registry.disable("payment_api")).unwrap();
    assert!(last(&all).only_here);
}

#[test]
fn it_nests() {
    let all = joined(Policy::new());
    only_here(|| {
        only_here(|| all.breaker.force_open());
        all.breaker.reset();
    });
    assert!(all.peer.take_changes().iter().all(|change| change.only_here));
}

#[test]
fn a_panic_ends_it() {
    let all = joined(Policy::new());
    let panicked = catch_unwind(AssertUnwindSafe(|| only_here(|| panic!("no order"))));
    assert!(panicked.is_err());
    all.breaker.force_open();
    assert!(!last(&all).only_here);
}

#[test]
fn other_threads_are_not_inside() {
    let all = joined(Policy::new());
    only_here(|| thread::scope(|scope| scope.spawn(|| all.breaker.force_open()).join())).unwrap();
    assert!(!last(&all).only_here);
}

#[test]
fn what_the_policy_decides_is_not_an_order() {
    let all = joined(Policy::consecutive_failures(1));
    only_here(|| fail(&all.breaker));
    assert!(!last(&all).only_here);
}
