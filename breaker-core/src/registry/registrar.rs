//! What decides about circuits that are created.

use std::sync::Arc;

use super::creation::Creation;
#[cfg(feature = "settings")]
use super::overrides::Overrides;
use super::search_pause::SearchPause;
use crate::circuit::chosen::Chosen;
#[cfg(feature = "settings")]
use crate::circuit::chosen::{Before, Overridden};
use crate::key::Key;
use crate::policy::Policy;
use crate::state::Mode;

/// Guarded by the lock that is held while circuits are added and removed.
pub(super) struct Registrar {
    pub(super) default_policy: Arc<Chosen>,
    /// Policies in use, newest first: circuits with equal policies share one.
    policies: Vec<Arc<Chosen>>,
    pub(super) search_pause: SearchPause,
    #[cfg(feature = "settings")]
    pub(super) overrides: Overrides,
    /// The default policy without settings, if they have one.
    #[cfg(feature = "settings")]
    default_before: Option<Arc<Chosen>>,
}

impl Registrar {
    /// How many policies are remembered for sharing. Services have a handful; beyond this number
    /// equal policies only cost memory.
    const REMEMBERED: usize = 32;

    pub(super) fn new(default_policy: Policy) -> Self {
        let default_policy = Arc::new(Chosen::new(default_policy));
        Self {
            policies: vec![Arc::clone(&default_policy)],
            default_policy,
            search_pause: SearchPause::default(),
            #[cfg(feature = "settings")]
            overrides: Overrides::default(),
            #[cfg(feature = "settings")]
            default_before: None,
        }
    }

    /// Sets the default policy by hand, and returns the one that was in force. Settings override it
    /// when they are applied again.
    pub(super) fn set_default_policy(&mut self, policy: &Policy) -> Policy {
        let shared = self.share(policy);
        #[cfg(feature = "settings")]
        if let Some(before) = &mut self.default_before {
            *before = Arc::clone(&shared);
        }
        *std::mem::replace(&mut self.default_policy, shared).policy()
    }

    /// Returns one shared copy for all circuits with an equal policy.
    fn share(&mut self, policy: &Policy) -> Arc<Chosen> {
        if let Some(known) = self.policies.iter().find(|known| known.policy() == policy) {
            return Arc::clone(known);
        }
        let shared = Arc::new(Chosen::new(*policy));
        self.policies.insert(0, Arc::clone(&shared));
        self.policies.truncate(Self::REMEMBERED);
        shared
    }

    /// Returns the policy of a circuit that is created, and the state that it begins in, if that is
    /// not closed.
    pub(super) fn choose(&mut self, key: &Key, creation: Creation<'_>) -> (Arc<Chosen>, Option<Mode>) {
        let chosen = match creation.policy {
            Some(policy) => self.share(policy),
            None => Arc::clone(&self.default_policy),
        };
        #[cfg(not(feature = "settings"))]
        let _ = key;
        #[cfg(feature = "settings")]
        if let Some(by) = self.overrides.find(key).cloned() {
            let before = Before { chosen, origin: creation.origin, mode: creation.mode };
            let overridden = Overridden { by, before: Some(before) };
            let mode = overridden.mode().filter(|mode| *mode != Mode::Closed);
            return (self.overrides.share(Chosen::by_settings(overridden)), mode);
        }
        (chosen, creation.mode)
    }

    /// Returns the policy of a circuit that only settings ask for, and the state that it begins in.
    #[cfg(feature = "settings")]
    pub(super) fn choose_by_settings(&mut self, key: &Key) -> (Arc<Chosen>, Option<Mode>) {
        let Some(by) = self.overrides.find(key).cloned() else { return (Arc::clone(&self.default_policy), None) };
        let overridden = Overridden { by, before: None };
        let mode = overridden.mode().filter(|mode| *mode != Mode::Closed);
        (self.overrides.share(Chosen::by_settings(overridden)), mode)
    }

    /// Brings the default policy to that of settings. If they have none, the one that was there
    /// before comes back.
    #[cfg(feature = "settings")]
    pub(super) fn override_default_policy(&mut self, policy: Option<Policy>) {
        if let Some(before) = self.default_before.take() {
            self.default_policy = before;
        }
        if let Some(policy) = policy {
            let shared = self.share(&policy);
            self.default_before = Some(std::mem::replace(&mut self.default_policy, shared));
        }
    }
}
