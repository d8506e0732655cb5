//! Whether instances do what the store says.

use std::collections::BTreeMap;
use std::time::Duration;

use breaker_core::{Key, State};

use super::super::instance::{AHEAD, Instance};
use super::{BLUR, World};
use crate::protocol::{AnswerBody, Body, Name, Record, Request, Version};

impl World {
    /// The last manual order is in the store, with the time at which it was given (I5).
    pub(crate) fn has_last_order(&self, key: &Key, record: Option<&Record>) -> Result<(), String> {
        let orders = self.orders.get(key).map_or(&[][..], Vec::as_slice);
        let Some((given, by)) = orders.last() else { return Ok(()) };
        let before = orders.iter().rev().nth(1).map_or(0, |(before, _)| *before);
        // What was given at nearly the same time may be in either order.
        if self.lossy || before + BLUR > *given || !self.instances.contains_key(by) {
            return Ok(());
        }
        let ordered = record.map_or(0, |record| record.ordered.0.saturating_sub(AHEAD));
        if ordered.abs_diff(*given) > BLUR {
            return Err(format!("{by} gave an order at {given}; the store has one of {ordered}"));
        }
        Ok(())
    }

    /// All records of the store.
    pub(crate) fn records(&mut self) -> BTreeMap<Name, Record> {
        let request = Request { shard: 0, body: Body::Read { after: Version(0) } };
        let now = self.store_time();
        match self.model.apply("reader", &request, now).0.body {
            AnswerBody::Records { records, .. } => records.into_iter().collect(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.setup.policies.keys().cloned().collect()
    }

    /// Whether what an instance does is what the store says (I4, I5).
    pub(crate) fn agrees(&self, number: u32, key: &Key, record: Option<&Record>) -> Result<(), String> {
        let instance = &self.instances[&number];
        let Some((state, left, openings)) = instance.state(key) else { return Ok(()) };
        let closes = self.setup.policies[key].values().close_on_expiry;
        let fits = match record.map(|record| (record.state, record.left)) {
            // A circuit may be open by its own policy alone.
            None | Some((State::Closed, _)) => {
                matches!(state, State::Closed | State::HalfOpen | State::RampingUp)
                    || (self.setup.votes > 1 && state == State::Open)
            }
            Some((State::Open, Duration::ZERO)) => match state {
                State::HalfOpen => !closes,
                State::Closed | State::RampingUp => closes,
                // Open by its own policy, after the fleet's time was over.
                State::Open => closes || left.is_none_or(|left| left < Duration::from_millis(30)),
                _ => false,
            },
            Some((State::Open, expected)) => {
                let record = record.expect("it is open");
                let apart = left.map_or(expected, |left| left.abs_diff(expected));
                let near = apart < Duration::from_millis(15) && openings == record.openings;
                // The circuit of the instance that opened it may be done a moment earlier.
                near || expected < Duration::from_millis(15)
            }
            Some((expected, _)) => state == expected,
        };
        let name = Instance::name(key);
        if let Some(record) = record.filter(|record| record.version != instance.link.seen(&name)) {
            return Err(format!("{number} has not seen {record:?} but {:?}", instance.link.seen(&name)));
        }
        if fits {
            Ok(())
        } else {
            Err(format!("{number} has {key} {state:?} {left:?} k {openings}; the store has {record:?}"))
        }
    }
}
