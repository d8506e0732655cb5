//! Random requests of several instances, and what the model makes of them.

use super::requests::Fleet;
use crate::protocol::{Answer, Message, Request, StoreTime};
use crate::store::model::Model;

const REQUESTS: usize = 40;

/// What was asked when by whom, and what the model makes of it.
pub(super) struct Step {
    pub(super) instance: &'static str,
    pub(super) request: Request,
    pub(super) now: StoreTime,
    pub(super) answer: Answer,
    pub(super) published: Vec<Message>,
}

/// The same steps for the same seed.
pub(super) fn sequence(seed: u64) -> Vec<Step> {
    let mut fleet = Fleet::new(seed);
    let mut model = Model::new();
    let mut step = || {
        let now = fleet.wait();
        let (instance, request) = (fleet.instance(), fleet.request());
        let (answer, published) = model.apply(instance, &request, now);
        fleet.learn(&request, &answer);
        Step { instance, request, now, answer, published }
    };
    (0..REQUESTS).map(|_| step()).collect()
}
