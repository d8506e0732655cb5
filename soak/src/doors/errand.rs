//! What call is to be made, drawn by chance.

use std::sync::Arc;

use crate::chance::Chance;
use crate::fleet::{Fleet, Subject};
use crate::visit::Intent;

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errand<'a> {
    pub(crate) fleet: &'a Fleet,
    pub(crate) subject: &'a Arc<Subject>,
    pub(crate) intent: Intent,
    /// So many times it is awaited before it ends.
    pub(crate) waits: u32,
}

impl<'a> Errand<'a> {
    /// A call to any circuit of the fleet, as its mood of this moment has it.
    pub(crate) fn draw(fleet: &'a Fleet, moment: u64, chance: &mut Chance) -> Self {
        let subject = fleet.any(chance);
        let waits = if chance.one_in(4) { chance.count(0, 6) } else { 0 };
        Self { fleet, subject, intent: intent(subject.number, moment, chance), waits }
    }
}

/// Dependencies have good times and bad times.
pub(crate) fn intent(number: usize, moment: u64, chance: &mut Chance) -> Intent {
    let is_bad = Chance::new(moment, number as u64).one_in(3);
    match chance.below(100) {
        0 => Intent::Ignore,
        1 => Intent::Drop,
        2 => Intent::Panic,
        3 => Intent::Confuse,
        4 if chance.one_in(4) => Intent::Trip,
        5 if chance.one_in(8) => Intent::Forget,
        6..=70 if is_bad => chance.pick(&[Intent::Fail, Intent::FailBecause]),
        6..=8 => chance.pick(&[Intent::Fail, Intent::FailBecause]),
        _ => Intent::Succeed,
    }
}
