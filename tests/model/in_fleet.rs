//! What a fleet does to the real breaker and the model, and what it hears of both.

use std::sync::{Arc, Mutex, PoisonError};

use breaker_box::fleet::{self, Adoption, Generation, Membership, Peer, ProbeReport, Shared};
use breaker_box::{CircuitBreaker, Registry};

use super::model::Model;
use super::operation::At;
use super::terms::{Adopted, Agreed, Change, Slots};

/// How many probes hold slots, succeeded and failed.
type Probes = (u32, u32, u32);

#[derive(Debug)]
enum Heard {
    Changed(fleet::Change),
    Wanted,
    Settled(Probes),
}

#[derive(Default)]
struct Recorder(Mutex<Vec<Heard>>);

impl Recorder {
    fn hear(&self, heard: Heard) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }

    fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Peer for Recorder {
    fn changed(&self, _: &CircuitBreaker, change: &fleet::Change) {
        self.hear(Heard::Changed(change.clone()));
    }

    fn probe_wanted(&self, _: &CircuitBreaker, _: Generation) {
        self.hear(Heard::Wanted);
    }

    fn probe_settled(&self, _: &CircuitBreaker, report: &ProbeReport) {
        self.hear(Heard::Settled((report.in_flight, report.successes, report.failures)));
    }
}

/// A fleet of one instance.
pub(crate) struct Fleet {
    membership: Membership,
    recorder: Arc<Recorder>,
    /// The generation of the last order, for both.
    earlier: Option<(Generation, u64)>,
    /// The last report of this half-open period, if all probes were reported.
    reported: Option<Probes>,
}

impl Fleet {
    pub(crate) fn of(registry: &Registry) -> Result<Self, String> {
        let recorder = Arc::new(Recorder::default());
        let membership = registry.join(recorder.clone()).map_err(|error| error.to_string())?;
        Ok(Self { membership, recorder, earlier: None, reported: None })
    }

    /// The generation that is meant, for both.
    fn generation(&mut self, at: At, breaker: &CircuitBreaker, model: &mut Model) -> (Generation, u64) {
        let present = (self.membership.present(breaker).generation, model.generation());
        let meant = self.earlier.filter(|_| at == At::Earlier).unwrap_or(present);
        self.earlier = Some(present);
        meant
    }

    pub(crate) fn adopt(
        &mut self,
        breaker: &CircuitBreaker,
        model: &mut Model,
        (at, to, because): (At, Agreed, Option<&'static str>),
    ) -> Result<(), String> {
        let expected = (at != At::Any).then(|| self.generation(at, breaker, model));
        let mut shared = Shared::new(to.state).openings(to.openings);
        shared.left = to.left;
        shared.reason = because.map(Into::into);
        let real = match self.membership.adopt(breaker, expected.map(|(real, _)| real), &shared) {
            Adoption::Applied(_) => Adopted::Applied,
            Adoption::Unchanged(_) => Adopted::Unchanged,
            Adoption::Moved(_) => Adopted::Moved,
            other => return Err(format!("adoption {other:?}")),
        };
        let expected = model.adopt(expected.map(|(_, model)| model), to, because);
        if real == expected { Ok(()) } else { Err(format!("adoption {real:?}, model {expected:?}")) }
    }

    pub(crate) fn order_slots(
        &mut self,
        breaker: &CircuitBreaker,
        model: &mut Model,
        at: At,
        order: Slots,
    ) -> Result<(), String> {
        let (real, number) = self.generation(at, breaker, model);
        let real = match order {
            Slots::Hold => self.membership.hold_probes(breaker, real),
            Slots::Grant { slots, within } => self.membership.grant_probes(breaker, real, slots, within),
            Slots::Release => self.membership.release_probes(breaker, real),
        };
        let expected = model.order_slots(number, order);
        if real == expected { Ok(()) } else { Err(format!("{order:?} {real}, model {expected}")) }
    }

    /// Compares what was heard since the last time.
    pub(crate) fn compare(&mut self, model: &mut Model) -> Result<(), String> {
        let (mut changes, mut wanted) = (Vec::new(), 0);
        for heard in self.recorder.take() {
            match heard {
                Heard::Changed(fleet::Change { state, left, openings, cause, .. }) => {
                    self.reported = Some((0, 0, 0));
                    changes.push(Change { state, left, openings, cause: cause.into() });
                }
                Heard::Wanted => wanted += 1,
                Heard::Settled(probes) => self.reported = Some(probes),
            }
        }
        let expected = model.take_changes();
        if (&changes, wanted) != (&expected.0, expected.1) {
            return Err(format!("heard {changes:?} and {wanted} times wanted, model {expected:?}"));
        }
        match (model.held_probes(), self.reported) {
            (Some(probes), Some(reported)) if probes != reported => {
                Err(format!("reported {reported:?}, model {probes:?}"))
            }
            (None, _) => {
                self.reported = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
