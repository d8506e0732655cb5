//! Circuits that instances share: what a registry tells its peer, and what the peer can do.

mod adoption;
mod changes;
mod counts;
mod deferred_events;
mod initial;
mod lane;
mod membership;
mod modes;
mod only_here;
mod probes;
mod reports;
mod support;
