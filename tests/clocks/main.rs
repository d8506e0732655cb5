//! Clocks that are functions: their time for breakers, with the clock that tokio pauses, and with
//! that of a simulator.

mod calendar;
mod steps;
mod support;
mod tokio_paused;
mod turmoil_simulation;
