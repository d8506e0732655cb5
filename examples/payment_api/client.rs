//! The client's functions as they would be without circuit breakers. Unprotected callers use them
//! as they are; `protected` annotates them.

use std::net::SocketAddr;
use std::time::Duration;

use breaker_box::CircuitOpenError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::schedule::Schedule;
use crate::stage_counter::StageCounter;

/// How long most calls wait for an answer.
const TIMEOUT: Duration = Duration::from_millis(300);

/// The timeout of the exchange rate: a late rate is better than none.
const LONG_TIMEOUT: Duration = Duration::from_secs(2);

/// The beginning of the parser's panic messages.
pub(crate) const PANIC: &str = "the payment API must answer";

#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("declined with {0}")]
    Declined(StatusCode),
    /// The server is in trouble; its headers may say for how long.
    #[error("{status}")]
    Refused { status: StatusCode, headers: HeaderMap },
    #[error("{}", if .0.is_timeout() { "timed out" } else { "unreachable" })]
    Lost(#[source] reqwest::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

#[derive(Debug)]
pub(crate) struct Receipt(pub(crate) u64);

#[derive(Debug)]
pub(crate) enum Rate {
    Live(u64),
    LastKnown,
}

#[derive(Debug)]
pub(crate) enum Risk {
    Score(u64),
    ReviewByHand,
}

#[derive(Debug)]
pub(crate) struct Balance(pub(crate) u64);

pub(crate) async fn charge(gateway: &Gateway, order: u64) -> Result<Receipt, PaymentError> {
    let request = gateway.tasks.post(gateway.url("/charges")).timeout(TIMEOUT).body(order.to_string());
    let body = gateway.send(request).await?;
    Ok(Receipt(number(&body, "receipt")))
}

pub(crate) async fn exchange_rate(gateway: &Gateway) -> Result<Rate, PaymentError> {
    let request = gateway.tasks.get(gateway.url("/exchange-rate")).timeout(LONG_TIMEOUT);
    let body = gateway.send(request).await?;
    Ok(Rate::Live(number(&body, "rate")))
}

pub(crate) fn risk_score(gateway: &Gateway, order: u64) -> Result<Risk, PaymentError> {
    let request = gateway.threads.get(gateway.url(&format!("/orders/{order}/risk"))).timeout(TIMEOUT);
    let body = gateway.send_blocking(request)?;
    Ok(Risk::Score(number(&body, "risk")))
}

pub(crate) fn shop_balance(gateway: &Gateway, shop_id: u32) -> Result<Balance, PaymentError> {
    let request = gateway.threads.get(gateway.url(&format!("/shops/{shop_id}/balance"))).timeout(TIMEOUT);
    let body = gateway.send_blocking(request)?;
    Ok(Balance(number(&body, "balance")))
}

/// The client's own parsing, written by someone who trusts the other side.
fn number(body: &str, word: &str) -> u64 {
    let number = body.strip_prefix(word).and_then(|rest| rest.trim().parse().ok());
    number.unwrap_or_else(|| panic!("{PANIC} `{word} …`, not {body:?}"))
}

/// The HTTP clients for one server, for tasks and for threads.
#[derive(Debug)]
pub(crate) struct Gateway {
    tasks: reqwest::Client,
    threads: reqwest::blocking::Client,
    base: String,
    schedule: Schedule,
    /// Requests that were sent, or failed to connect.
    pub(crate) sent: StageCounter,
    /// Those that failed to connect.
    pub(crate) unreachable: StageCounter,
    /// Those that got a response of any status.
    pub(crate) answered: StageCounter,
}

impl Gateway {
    pub(crate) fn new(server: SocketAddr, schedule: Schedule) -> Result<Self, reqwest::Error> {
        Ok(Self {
            // No proxy, because the server is on loopback.
            tasks: reqwest::Client::builder().no_proxy().build()?,
            threads: reqwest::blocking::Client::builder().no_proxy().build()?,
            base: format!("http://{server}"),
            schedule,
            sent: StageCounter::default(),
            unreachable: StageCounter::default(),
            answered: StageCounter::default(),
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<String, PaymentError> {
        let stage = self.leaving();
        let response = request.send().await.map_err(|error| self.lost(stage, error))?;
        self.check(stage, response.status(), response.headers())?;
        response.text().await.map_err(|error| self.lost(stage, error))
    }

    fn send_blocking(&self, request: reqwest::blocking::RequestBuilder) -> Result<String, PaymentError> {
        let stage = self.leaving();
        let response = request.send().map_err(|error| self.lost(stage, error))?;
        self.check(stage, response.status(), response.headers())?;
        response.text().map_err(|error| self.lost(stage, error))
    }

    fn leaving(&self) -> usize {
        let stage = self.schedule.stage();
        self.sent.add(stage);
        stage
    }

    fn lost(&self, stage: usize, error: reqwest::Error) -> PaymentError {
        if !error.is_timeout() {
            self.unreachable.add(stage);
        }
        PaymentError::Lost(error)
    }

    fn check(&self, stage: usize, status: StatusCode, headers: &HeaderMap) -> Result<(), PaymentError> {
        self.answered.add(stage);
        match status {
            StatusCode::PAYMENT_REQUIRED => Err(PaymentError::Declined(status)),
            _ if status.is_success() => Ok(()),
            _ => Err(PaymentError::Refused { status, headers: headers.clone() }),
        }
    }
}
