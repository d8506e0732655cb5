//! What a call by reqwest means to a circuit (feature `reqwest`).
//!
//! [`server_errors`] and [`transient_errors`] are error handlers for the attribute and classifiers for everything else. They take
//! what functions that call a service return: a response, asynchronous or blocking;
//! [`reqwest::Error`]; and results whose error is that, a boxed error, or one of your own that is a
//! [`ToOutcome`].
//!
//! | the call came to | it counts as |
//! |---|---|
//! | a response, or the error that `error_for_status` made of one | what [`http`](crate) says of its status: 4xx is a success, but for 429 |
//! | no connection, no answer in time, a connection that broke | failure |
//! | an answer that cannot be read, decoded or followed | failure: it is not what was agreed upon |
//! | a request that could not be built | ignored: it was never sent |
//! | any other `Ok` | success: the function has what it wanted |
//!
//! The error that `error_for_status` makes has no headers, so that no `Retry-After` is seen behind
//! it. To hear what a service asks for, return the response, or keep its status and headers in an
//! error of your own, as in the example of [`ToOutcome`].
//!
//! A failure's reason is the status (`502 Bad Gateway`), or what went wrong with its innermost
//! cause (`cannot connect: Connection refused`), without the URL: a query may hold a key.
//!
//! ```
//! use breaker_box::reqwest::server_errors;
//! use breaker_box::{CircuitBreaker, Policy, State};
//!
//! let client = reqwest::blocking::Client::builder().no_proxy().build()?;
//! let breaker = CircuitBreaker::new("search", Policy::consecutive_failures(2))?;
//! for _ in 0..2 {
//!     // Nobody listens there.
//!     let answer = breaker.call_with(|| client.get("http://127.0.0.1:9/?key=secret").send(), server_errors)?;
//!     assert!(answer.is_err());
//! }
//! assert_eq!(breaker.state(), State::Open);
//! let reason = breaker.status().last_failure.and_then(|failure| failure.reason).unwrap();
//! assert!(reason.starts_with("cannot connect: ") && !reason.contains("secret"), "{reason}");
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod error;
mod to_outcome;

pub use to_outcome::{Failing, ToOutcome};

use breaker_core::Outcome;

/// No answer is a failure, and so is every 5xx; 503 with `Retry-After` opens the circuit for that
/// time. A 429 is ignored, for it is about one user, and so is what was never sent. Other answers
/// are successes.
///
/// On an annotated function, write `error_handler = breaker_box::reqwest::server_errors`.
///
/// ```
/// use breaker_box::{Outcome, reqwest::server_errors};
///
/// let client = reqwest::blocking::Client::new();
/// let never_sent = client.get("no address").send();
/// assert_eq!(server_errors(&never_sent), Outcome::Ignore);
/// ```
pub fn server_errors<A: ToOutcome + ?Sized>(answer: &A) -> Outcome {
    answer.to_outcome(Failing::ServerErrors)
}

/// As [`server_errors`]; 408 and 429 are failures too, and a 429 with `Retry-After` opens the
/// circuit for that time.
///
/// For limits that hit all your calls alike: see [`http`](crate) for which of the two is
/// right.
///
/// ```
/// use breaker_box::{Outcome, reqwest::transient_errors};
/// use reqwest::StatusCode;
///
/// let too_many = Ok::<_, reqwest::Error>(StatusCode::TOO_MANY_REQUESTS);
/// assert_eq!(transient_errors(&too_many), Outcome::failure_because("429 Too Many Requests"));
/// ```
pub fn transient_errors<A: ToOutcome + ?Sized>(answer: &A) -> Outcome {
    answer.to_outcome(Failing::TransientErrors)
}
