//! Calls that are in flight, and those among them that are hung.

use breaker_box::State;

use super::super::happened::{Cause, EventKind};
use super::super::plan::{NEVER, Nanos, later};
use super::{Incident, Model};

/// A call in flight: when it was admitted, and in which stay. Those that have both in common are
/// the same to the circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Flight {
    pub(super) at: Nanos,
    pub(super) generation: u64,
}

impl Model {
    /// A call takes off, under a policy that wants to know.
    pub(super) fn take_off(&mut self) -> Option<Flight> {
        self.plan.hung_calls?;
        let flight = Flight { at: self.now, generation: self.generation };
        self.in_flight.push(flight);
        Some(flight)
    }

    pub(super) fn land(&mut self, flight: Option<Flight>) {
        let place = self.in_flight.iter().position(|other| Some(*other) == flight);
        place.map(|place| self.in_flight.remove(place));
    }

    /// When each of the calls in flight that were admitted in this stay is hung, the earliest
    /// first.
    pub(super) fn hung_at(&self) -> Vec<Nanos> {
        let Some((_, longer_than)) = self.plan.hung_calls else { return Vec::new() };
        let of_this_stay = self.in_flight.iter().filter(|flight| flight.generation == self.generation);
        let mut hung_at: Vec<Nanos> = of_this_stay.map(|flight| later(flight.at, longer_than)).collect();
        hung_at.sort_unstable();
        hung_at
    }

    /// When so many are hung that the circuit opens. By a new policy, not before it was in force.
    pub(super) fn opens_for_hung(&self) -> Nanos {
        let counts = matches!(self.state, State::Closed | State::HalfOpen | State::RampingUp);
        if counts { self.enough_hung_at() } else { NEVER }
    }

    /// The calls in flight, and the hung ones among them, where they are known.
    pub(super) fn count_in_flight(&self) -> Option<(u64, u64)> {
        self.plan.hung_calls.filter(|_| self.state != State::Disabled)?;
        let hung_at = self.hung_at();
        let hung = hung_at.iter().filter(|hung| **hung <= self.now);
        Some((hung_at.len() as u64, hung.count() as u64))
    }

    fn enough_hung_at(&self) -> Nanos {
        let Some((n, _)) = self.plan.hung_calls else { return NEVER };
        self.hung_at().get(n as usize - 1).map_or(NEVER, |hung| self.configured_at.max(*hung))
    }

    /// Whether so many are hung that a circuit that may open would have.
    pub(super) fn are_enough_hung(&self) -> bool {
        self.enough_hung_at() <= self.now && self.now < NEVER
    }

    /// In a dry run, hung calls begin an incident of their own if there is none.
    pub(super) fn say_hung(&mut self) {
        if self.state == State::MetricsOnly && self.said.is_none() && self.are_enough_hung() {
            self.said = Some(Incident::Condition);
            self.events.push(EventKind::WouldOpen { cause: Cause::HungCalls });
        }
    }
}
