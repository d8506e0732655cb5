//! The attribute, from the outside: each file covers one concern, and each test is named for what
//! it verifies.

mod arguments;
mod asynchronous;
mod blocks;
mod fallbacks;
mod futures;
mod generics;
mod handlers;
mod hygiene;
mod identifiers;
mod lints;
mod methods;
mod metrics_only;
mod nested;
mod panics;
mod policies;
mod returns;
mod stacking;
mod support;
mod sync;
