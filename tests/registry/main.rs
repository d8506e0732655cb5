//! A registry from the outside: the tables *The registry* and *Events*.

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod control;
mod events;
mod filters;
mod full;
mod handlers;
mod holding;
mod keys;
mod lanes;
mod limits;
mod names;
mod sweep;
mod texts;
