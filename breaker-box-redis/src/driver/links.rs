//! A link for each shard, so that a shard whose server is gone leaves the others alone. Each link
//! believes that its shard is the only one, with the number 0.

use crate::link::{Input, Link, LinkStatus, Output, Settings, Time};
use crate::names;
use crate::protocol::{Message, Name};

pub(super) struct Links(Vec<Shard>);

struct Shard {
    link: Link,
    /// When the link wants to be woken.
    wake_at: Option<Time>,
    /// Whether the store was read for the first time.
    ready: bool,
}

impl Links {
    /// One for each shard of the settings.
    pub(super) fn new(settings: &Settings, now: Time) -> Self {
        let shard = |number: u16| {
            let seed = settings.seed.wrapping_add(u64::from(number));
            let settings = Settings { shards: 1, seed, ..settings.clone() };
            Shard { link: Link::new(settings, now), wake_at: None, ready: false }
        };
        Self((0..settings.shards.max(1)).map(shard).collect())
    }

    fn count(&self) -> u16 {
        u16::try_from(self.0.len()).unwrap_or(u16::MAX)
    }

    pub(super) fn shards(&self) -> std::ops::Range<u16> {
        0..self.count()
    }

    pub(super) fn shard_of_name(&self, name: &Name) -> u16 {
        names::shard(name, self.count())
    }

    /// Which shard an input about a circuit is for; `None` of an input that is about none.
    pub(super) fn shard_of(&self, input: &Input) -> Option<u16> {
        match input {
            Input::Joined { circuit, .. }
            | Input::Changed { circuit, .. }
            | Input::ProbeWanted { circuit, .. }
            | Input::ProbeSettled { circuit, .. } => Some(circuit.shard),
            Input::Forgotten { name } => Some(self.shard_of_name(name)),
            _ => None,
        }
    }

    /// Hands an input to a shard's link, and returns what is to be done.
    pub(super) fn step(&mut self, number: u16, mut input: Input, now: Time) -> Vec<Output> {
        let Some(shard) = self.0.get_mut(usize::from(number)) else { return Vec::new() };
        if matches!(input, Input::Tick) {
            shard.wake_at = None;
        }
        localize(&mut input, number);
        let mut outputs = shard.link.step(input, now);
        for output in &mut outputs {
            match output {
                Output::WakeAt(time) => shard.wake_at = Some(*time),
                Output::Ready => shard.ready = true,
                Output::Send { request, .. } => request.shard = number,
                _ => {}
            }
        }
        outputs
    }

    pub(super) fn are_ready(&self) -> bool {
        self.0.iter().all(|shard| shard.ready)
    }

    pub(super) fn are_settled(&self) -> bool {
        self.0.iter().all(|shard| shard.link.is_settled())
    }

    /// When the first of them wants to be woken.
    pub(super) fn wake_at(&self) -> Option<Time> {
        self.0.iter().filter_map(|shard| shard.wake_at).min()
    }

    /// Which of them wanted to be woken by now.
    pub(super) fn due(&self, now: Time) -> Vec<u16> {
        self.shards()
            .zip(&self.0)
            .filter(|(_, shard)| shard.wake_at.is_some_and(|at| at <= now))
            .map(|(n, _)| n)
            .collect()
    }

    /// The numbers of all of them together.
    pub(super) fn status(&self) -> LinkStatus {
        let mut all = LinkStatus { connected: true, ..LinkStatus::default() };
        for status in self.0.iter().map(|shard| shard.link.status()) {
            all.connected &= status.connected;
            all.instances = all.instances.max(status.instances);
            all.shared_circuits += status.shared_circuits;
            all.pending += status.pending;
            all.adopted += status.adopted;
            all.published += status.published;
        }
        all
    }
}

/// Turns what is about all shards into what is about one, which has the number 0.
fn localize(input: &mut Input, number: u16) {
    match input {
        Input::Joined { circuit, .. }
        | Input::Changed { circuit, .. }
        | Input::ProbeWanted { circuit, .. }
        | Input::ProbeSettled { circuit, .. }
        | Input::Adopted { circuit: Some(circuit), .. } => circuit.shard = 0,
        Input::Surveyed(survey) => {
            survey.circuits.retain(|circuit| circuit.shard == number);
            for circuit in &mut survey.circuits {
                circuit.shard = 0;
            }
        }
        Input::Counted(called) => {
            called.retain(|called| called.circuit.shard == number);
            for called in called {
                called.circuit.shard = 0;
            }
        }
        Input::Received(Message { shard, .. }) => *shard = 0,
        _ => {}
    }
}
