//! recloser 1.4 behind a map, as people write it who want a breaker per name: a lock that readers
//! share, and breakers that are counted.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use recloser::{AsyncRecloser, Recloser};

use super::expiries::LONG_EXPIRY;
use super::recloser::{new, open};
use crate::case::{
    Case, Group, KEYED, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED,
    REALISTIC_OPEN, Side,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, GuardedFunction, GuardedFuture, Succeeds,
};
use crate::run::{AsyncSubject, Run, awaited, plain};

pub(super) const IN_MAP: (Side, &str) = (Side::Peer, "recloser in a map");
pub(super) const CONFIGURATION: &str = "RwLock<HashMap<String, Arc<Recloser>>>, error_rate(1.0), closed_len(5)";
const NAME: &str = "payments";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(KEYED, IN_MAP, CONFIGURATION, || {
            plain(ByName::default(), |map: &ByName, turn| {
                let name = format!("shop:{}", turn % 1_000);
                map.call::<Succeeds>(&name, turn)
            })
        }),
        closed::<Charges>(REALISTIC, 1.0),
        closed::<ChargesInlined>(REALISTIC_INLINED, 1.0),
        closed::<Declines>(REALISTIC_FAIL, 1.5),
        Case::new(REALISTIC_OPEN, IN_MAP, CONFIGURATION, || calls::<Charges>(open())),
        Case::new(REALISTIC_ASYNC, IN_MAP, CONFIGURATION, || asynchronous(new(5, 1.0))),
        Case::new(REALISTIC_ASYNC_OPEN, IN_MAP, CONFIGURATION, || asynchronous(open())),
    ]
}

fn closed<L: GuardedFunction>(group: &'static Group, rate: f32) -> Case {
    Case::new(group, IN_MAP, CONFIGURATION, move || calls::<L>(new(5, rate)))
}

fn calls<L: GuardedFunction>(breaker: Recloser) -> Box<dyn Run> {
    let map = ByName::default();
    map.insert(NAME, breaker);
    plain(map, |map, turn| map.call::<L>(NAME, turn))
}

/// Breakers by name.
#[derive(Default)]
pub(super) struct ByName(RwLock<HashMap<String, Arc<Recloser>>>);

impl ByName {
    pub(super) fn insert(&self, name: &str, breaker: Recloser) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(breaker));
    }

    /// One call; whether it succeeded. Makes the breaker if there is none yet.
    pub(super) fn call<L: GuardedFunction>(&self, name: &str, turn: u64) -> bool {
        let found = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let Some(breaker) = found else {
            self.insert(name, Recloser::custom().error_rate(1.0).closed_len(5).open_wait(LONG_EXPIRY).build());
            return self.call::<L>(name, turn);
        };
        L::consume(breaker.call(|| L::call(turn)))
    }
}

type AsyncMap = Arc<RwLock<HashMap<String, Arc<AsyncRecloser>>>>;

fn asynchronous(breaker: Recloser) -> Box<dyn Run> {
    let breaker = Arc::new(AsyncRecloser::from(breaker));
    let map: AsyncMap = Arc::new(RwLock::new(HashMap::from([(NAME.to_owned(), breaker)])));
    awaited::<ChargesLater>(AsyncByName(map))
}

#[derive(Clone)]
struct AsyncByName(AsyncMap);

impl<F: GuardedFuture> AsyncSubject<F> for AsyncByName {
    async fn make_call(&mut self, turn: u64) -> bool {
        let found = self.0.read().unwrap_or_else(PoisonError::into_inner).get(NAME).cloned();
        match found {
            Some(breaker) => F::consume(breaker.call(F::call(turn)).await),
            None => false,
        }
    }
}
