//! What counts as a failure: an `error_handler` looks at each result and says so.
//!
//! Without one, every `Err` is a failure. Here a caller's own mistake is ignored, a server that
//! asks for peace opens the circuit at once for as long as it asks, and a polite "no" inside an
//! `Ok` is a failure.
//!
//! Run it with `cargo run --example custom_handler`.

use std::time::Duration;

use breaker_box::{CircuitOpenError, Outcome, Registry, State, circuit_breaker};

#[derive(Debug, thiserror::Error)]
enum MailError {
    #[error("no such address")]
    NoSuchAddress,
    #[error("too many mails, come back in {0:?}")]
    TooMany(Duration),
    #[error("connection lost")]
    ConnectionLost,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

/// What the handler makes of a result. It borrows the result: the caller gets it untouched.
fn classify(result: &Result<(), MailError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Success,
        // The caller's mistake says nothing about the mail server.
        Err(MailError::NoSuchAddress) => Outcome::Ignore,
        Err(MailError::TooMany(wait)) => Outcome::trip_for(*wait),
        Err(other) => Outcome::failure_because(other.to_string()),
    }
}

#[circuit_breaker(identifier = "mail", failure_threshold = 3, error_handler = classify)]
fn send_mail(answer: Result<(), MailError>) -> Result<(), MailError> {
    answer
}

/// A closure will do, and so will a `bool`: true is a success.
#[circuit_breaker(
    identifier = "spam_filter",
    failure_threshold = 1,
    error_handler = |verdict| *verdict != "overloaded",
    fallback = |_open| "assume it is no spam",
)]
fn spam_verdict(answer: &'static str) -> &'static str {
    answer
}

fn main() {
    let registry = Registry::global();

    for _ in 0..10 {
        let _ = send_mail(Err(MailError::NoSuchAddress));
    }
    assert_eq!(registry.state("mail"), State::Closed);
    println!("ten wrong addresses:  the circuit is {}", registry.state("mail"));

    for _ in 0..2 {
        let _ = send_mail(Err(MailError::ConnectionLost));
    }
    let status = registry.status("mail").expect("the first call has made it");
    let reason = status.last_failure.and_then(|failure| failure.reason);
    assert_eq!(reason.as_deref(), Some("connection lost"));
    println!("two lost connections: {} of 3 failures, the last one for {reason:?}", status.failure_count);

    let _ = send_mail(Err(MailError::TooMany(Duration::from_secs(120))));
    let Err(MailError::CircuitOpen(open)) = send_mail(Ok(())) else { panic!("the server asked for peace") };
    let wait = open.retry_after().expect("an open circuit knows when it may be asked again");
    assert!((60..=120).contains(&wait.as_secs()), "the server's two minutes, not the policy's thirty seconds");
    println!("\"come back in 120 s\":  {open}");

    let _ = spam_verdict("overloaded");
    assert_eq!(spam_verdict("spam"), "assume it is no spam");
    println!("an Ok that is no yes: the spam filter's circuit is {}", registry.state("spam_filter"));
}
