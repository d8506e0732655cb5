//! The Redis that is measured: started as in the example.

#[path = "../../../breaker-box-redis/examples/fleet/store.rs"]
mod store;

pub(crate) use store::Store;
