//! The link between the circuits of this process and those of the fleet, as a pure function: what
//! happened comes in, what to do comes out. It uses no clock, no network, no locks and no log.

mod convert;
mod input;
mod output;
mod settings;
mod time;

pub(crate) use self::input::{
    Adoption, Called, Change, Circuit, Failure, Generation, Input, ProbeReport, RequestId, Survey, Why,
};
pub(crate) use self::output::{Adopted, Note, Output};
pub(crate) use self::settings::Settings;
pub(crate) use self::time::Time;

// Does nothing yet; what will be here is being written.
pub(crate) struct Link;
pub(crate) struct LinkStatus {
    pub(crate) instances: usize,
    pub(crate) shared_circuits: usize,
    pub(crate) pending: usize,
    pub(crate) adopted: u64,
    pub(crate) published: u64,
}
impl Link {
    pub(crate) fn new(_: Settings, _: Time) -> Self {
        Self
    }
    pub(crate) fn step(&mut self, _: Input, _: Time) -> Vec<Output> {
        Vec::new()
    }
    pub(crate) fn status(&self) -> LinkStatus {
        LinkStatus { instances: 0, shared_circuits: 0, pending: 0, adopted: 0, published: 0 }
    }
    pub(crate) fn is_settled(&self) -> bool {
        true
    }
}
