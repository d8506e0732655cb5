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
mod idle;
mod keys;
mod limits;
mod modes;
mod names;
mod queues;
mod search;
mod sweep;
mod texts;
mod wakers;
