//! Settings are applied to a circuit, and taken back.

use std::sync::Arc;

use super::aftermath::Aftermath;
use super::chosen::{Before, Chosen, Overridden, Override};
use super::compared::Compared;
use super::origin::Origin;
use super::transaction::Transaction;
use super::word::Flags;
use super::{Circuit, remote};
use crate::machine::Input;
use crate::policy::Policy;
use crate::primitive::{Ordering, fence};
use crate::sharing::Shared;
use crate::state::{Mode, State};
use crate::status::Totals;

/// What a circuit gets where settings no longer say anything about it.
pub(crate) struct Otherwise<'a> {
    /// The policy, if only settings have asked for the circuit.
    pub(crate) default: &'a Arc<Chosen>,
    /// The state in its fleet, if it leaves a mode.
    pub(crate) shared: Option<Shared>,
}

impl Circuit {
    /// Applies what settings say about the circuit, or takes it back where they no longer say
    /// anything. `share` returns one copy for all circuits with the same choice. Returns whether
    /// anything has changed. The caller [finishes](Self::finish) once it holds no lock.
    pub(crate) fn obey(
        &self,
        settings: Option<&Arc<Override>>,
        otherwise: &Otherwise<'_>,
        share: impl FnOnce(Chosen) -> Arc<Chosen>,
    ) -> (bool, Aftermath) {
        self.transact_quietly(self.locked.lock(), |transaction| {
            transaction.pass_time();
            let known = transaction.locked.policy.overridden().cloned();
            if known.is_none() && settings.is_none() {
                return false;
            }
            let mode_before = known.as_ref().and_then(Overridden::mode);
            let before = match known {
                Some(known) => known.before,
                None => Some(transaction.present_choice()),
            };
            let mode_of_site = before.as_ref().and_then(|before| before.mode);
            let mode_before = mode_before.or(mode_of_site);
            let by_default = || Before { chosen: Arc::clone(otherwise.default), origin: Origin::Call, mode: None };
            let (chosen, origin) = if let Some(by) = settings {
                // A family does not ask for a circuit.
                let before = if by.is_exact { before } else { Some(before.unwrap_or_else(by_default)) };
                let origin = before.as_ref().map_or(Origin::Hand, |before| before.origin);
                (share(Chosen::by_settings(Overridden { by: Arc::clone(by), before })), origin)
            } else {
                let Before { chosen, origin, .. } = before.unwrap_or_else(by_default);
                (chosen, origin)
            };
            let mode = settings.and_then(|by| by.mode).or(mode_of_site);
            let has_policy = transaction.choose(chosen, origin);
            let has_metadata = transaction.locked.override_metadata();
            let has_mode = transaction.change_mode(mode_before, mode, otherwise.shared.as_ref());
            has_policy || has_metadata || has_mode
        })
    }

    /// Whether the circuit is in a state that it entered because of a mode.
    pub(crate) fn is_in_mode(&self) -> bool {
        self.locked.lock().is_in_mode()
    }

    /// Notes what a circuit that only settings have asked for has without them.
    pub(crate) fn note_choice(&self, policy: impl FnOnce() -> Policy, origin: Origin, mode: Option<Mode>) {
        if self.atomics.compared() == Compared::BY_SETTINGS {
            let policy = policy();
            self.transact(|transaction| transaction.note_choice(policy, origin, mode));
        }
    }

    /// Retires the circuit if only settings have asked for it, no call has used it, and nothing but
    /// `holders` references hold it.
    pub(crate) fn retire_if_unasked(self: &Arc<Self>, holders: usize) -> bool {
        let locked = self.locked.lock();
        let is_as_created = locked.snapshot().state == State::Closed || locked.is_in_mode();
        let is_unused = || Totals { opened: 0, ..self.totals(&locked, 0) } == Totals::default();
        if self.atomics.compared() != Compared::BY_SETTINGS
            || !is_as_created
            || locked.has_own_metadata()
            || !is_unused()
        {
            return false;
        }
        self.mark();
        let is_tracked = self.atomics.word().has(Flags::TRACKED);
        let is_held = Arc::strong_count(self) > holders || (is_tracked && self.has_pins_once_marked());
        // Acquire: pairs with the release with which a call drops its reference, after it has been
        // counted.
        fence(Ordering::Acquire);
        // A call may have been counted since the check, which only spares most circuits the mark.
        let leaves = !is_held && is_unused();
        if !leaves {
            self.unmark();
        }
        leaves
    }
}

impl Transaction<'_> {
    /// What a circuit has that settings have said nothing about so far.
    fn present_choice(&self) -> Before {
        let locked = &self.locked;
        let state = locked.snapshot().state;
        let mode = Mode::ALL.into_iter().find(|mode| mode.state() == state).filter(|_| locked.is_in_mode());
        Before { chosen: Arc::clone(&locked.policy), origin: self.circuit.atomics.compared().origin(), mode }
    }

    /// Replaces the choice of the policy. Returns whether the policy is another.
    fn choose(&mut self, chosen: Arc<Chosen>, origin: Origin) -> bool {
        let compared = Compared::initial(&chosen, origin);
        let is_other = self.locked.policy.policy() != chosen.policy();
        if is_other {
            self.set_policy(chosen, compared);
        } else {
            self.locked.policy = chosen;
            self.circuit.atomics.set_compared(compared);
        }
        is_other
    }

    /// Enters the mode of the settings if it is another than before. If they no longer have one,
    /// leaves the state that the circuit entered because of it. A state that was changed in the
    /// meantime stays.
    fn change_mode(&mut self, before: Option<Mode>, now: Option<Mode>, shared: Option<&Shared>) -> bool {
        let [before, now] = [before, now].map(|mode| mode.filter(|mode| *mode != Mode::Closed));
        match now {
            _ if now == before => false,
            Some(mode) if self.locked.snapshot().state == mode.state() => false,
            Some(mode) => {
                self.enter_mode(mode);
                true
            }
            None if !self.locked.is_in_mode() => false,
            None => {
                self.enter_mode(Mode::Closed);
                if let Some(shared) = shared {
                    self.step(&Input::Adopted { expected: None, to: remote::adopted(shared) }, shared.reason.as_ref());
                }
                true
            }
        }
    }

    fn note_choice(&mut self, policy: Policy, origin: Origin, mode: Option<Mode>) {
        let Some(Overridden { by, before: None }) = self.locked.policy.overridden().cloned() else { return };
        let before = Before { chosen: Arc::new(Chosen::new(policy)), origin, mode };
        let has_begun = self.locked.snapshot().generation > 0;
        let begins_in = mode.filter(|_| by.mode.is_none() && !has_begun);
        self.choose(Arc::new(Chosen::by_settings(Overridden { by, before: Some(before) })), origin);
        if let Some(mode) = begins_in {
            self.enter_mode(mode);
        }
    }
}
