//! This library, by the name of a circuit that is alone in its registry.

use breaker_box::{Policy, Registry};

use super::expiries::LONG_EXPIRY;
use super::handle::{FIVE, NEVER};
use crate::case::{
    Case, Group, PERMIT, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED,
    REALISTIC_OPEN, Side,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, GuardedFunction, GuardedFuture, Succeeds,
};
use crate::run::{AsyncSubject, Run, awaited, plain};

const BY_NAME: (Side, &str) = (Side::Ours, "by name");
const NAME: &str = "payments";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(PERMIT, BY_NAME, format!("{FIVE}, try_acquire and success"), || permits(new(FIVE))),
        closed::<Charges>(REALISTIC, FIVE),
        closed::<ChargesInlined>(REALISTIC_INLINED, FIVE),
        closed::<Declines>(REALISTIC_FAIL, NEVER),
        Case::new(REALISTIC_OPEN, BY_NAME, format!("{FIVE}"), || calls::<Charges>(open())),
        Case::new(REALISTIC_ASYNC, BY_NAME, format!("{FIVE}"), || awaited::<ChargesLater>(ByName(new(FIVE)))),
        Case::new(REALISTIC_ASYNC_OPEN, BY_NAME, format!("{FIVE}"), || awaited::<ChargesLater>(ByName(open()))),
    ]
}

fn new(policy: Policy) -> Registry {
    let registry = Registry::new();
    registry.register(NAME, policy).expect("a new name");
    registry
}

fn open() -> Registry {
    let registry = new(FIVE);
    registry.open_for(NAME, LONG_EXPIRY).expect("the circuit");
    registry
}

fn closed<L: GuardedFunction>(group: &'static Group, policy: Policy) -> Case {
    Case::new(group, BY_NAME, format!("{policy}"), move || calls::<L>(new(policy)))
}

fn calls<L: GuardedFunction>(registry: Registry) -> Box<dyn Run> {
    plain(registry, |registry, turn| L::consume(registry.call(NAME, || L::call(turn))))
}

fn permits(registry: Registry) -> Box<dyn Run> {
    plain(registry, |registry, turn| {
        let Ok(permit) = registry.try_acquire(NAME) else { return false };
        let result = Succeeds::call(turn);
        match &result {
            Ok(_) => permit.success(),
            Err(_) => permit.failure("broken"),
        }
        result.is_ok()
    })
}

#[derive(Clone)]
struct ByName(Registry);

impl<F: GuardedFuture> AsyncSubject<F> for ByName {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.0.call_async(NAME, F::call(turn)).await)
    }
}
