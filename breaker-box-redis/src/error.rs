//! Errors of joining a fleet. None of them contains the URL, which may have a password in it.

use std::io;
use std::time::Duration;

/// Why a registry could not join a fleet, or why a fleet did not settle.
///
/// No message contains the URL or its credentials.
///
/// ```
/// use breaker_box::Registry;
/// use breaker_box_redis::{Fleet, FleetError};
///
/// let error = Fleet::builder("http://user:secret@redis.internal").join(&Registry::new()).unwrap_err();
/// assert!(matches!(error, FleetError::InvalidUrl { .. }));
/// assert!(error.to_string().contains("redis://host:port"));
/// assert!(!error.to_string().contains("secret"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// The URL is not that of a Redis.
    #[error(
        "the URL of the fleet is invalid: {problem}; expected `redis://host:port`, with `user:password@` before the \
         host and `/database` behind the port where needed"
    )]
    #[non_exhaustive]
    InvalidUrl {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The URL needs a feature of this crate that is not enabled.
    #[error("URLs with `{scheme}://` need the feature {feature} of `breaker-box-redis`")]
    #[non_exhaustive]
    MissingFeature {
        /// The scheme of the URL.
        scheme: &'static str,
        /// The feature, or the features of which one is enough.
        feature: &'static str,
    },
    /// The prefix is empty, too long, or has other characters than allowed.
    #[error("prefix: {prefix:?} is invalid, expected 1 to 64 of the characters a-z, A-Z, 0-9, `_`, `.` and `-`")]
    #[non_exhaustive]
    InvalidPrefix {
        /// The prefix.
        prefix: String,
    },
    /// A period is out of its range.
    #[error("{setter}: {period:?} is out of range, expected {least:?} to {most:?}")]
    #[non_exhaustive]
    InvalidPeriod {
        /// The method of the builder.
        setter: &'static str,
        /// The period that it was given.
        period: Duration,
        /// The shortest period.
        least: Duration,
        /// The longest period.
        most: Duration,
    },
    /// The number of shards is out of its range.
    #[error("shards: {shards} is out of range, expected 1 to {most}")]
    #[non_exhaustive]
    InvalidShards {
        /// The number.
        shards: u16,
        /// The most shards.
        most: u16,
    },
    /// The share of instances is out of its range.
    #[error("spread: a share of {share} is out of range, expected 0 to 1")]
    #[non_exhaustive]
    InvalidShare {
        /// The share.
        share: f64,
    },
    /// The registry has joined a fleet already.
    #[error("the registry has joined a fleet already; drop that `Fleet` first, or use it")]
    AlreadyJoined,
    /// The operating system could not start a thread.
    #[error("the fleet's thread could not be started: {0}")]
    Thread(#[source] io::Error),
    /// What was decided here is not in Redis yet, after the time-out of
    /// [`settled`](crate::Fleet::settled).
    #[error(
        "the fleet has not settled: {pending} changes of circuits wait to be published{}",
        if *connected { "" } else { ", and there is no connection to Redis" }
    )]
    #[non_exhaustive]
    NotSettled {
        /// How many circuits have changes that are not published.
        pending: usize,
        /// Whether there is a connection to Redis.
        connected: bool,
    },
}
