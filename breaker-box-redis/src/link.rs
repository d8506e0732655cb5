//! The link between the circuits of this process and those of the fleet, as a pure function: what
//! happened comes in, what to do comes out. It uses no clock, no network, no locks and no log.

mod input;
mod output;
mod settings;
mod time;
