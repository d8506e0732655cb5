//! Shares the circuits of breaker-box between the instances of a service through Redis or Valkey.
//!
//! **A call never waits for the network.** It is decided by the local breaker, as without this
//! crate. A thread of its own publishes what happens here and adopts what happened elsewhere.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

#[allow(dead_code, reason = "it is being written")]
mod link;
#[cfg_attr(not(test), expect(dead_code, reason = "what will use it is being written"))]
mod names;
#[expect(dead_code, reason = "what will speak it is being written")]
mod protocol;
#[allow(dead_code, unused_imports, reason = "what will use it is being written")]
mod store;
