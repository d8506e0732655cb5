//! This library, through the attribute, around functions that services have.

use breaker_box::circuit_breaker;
use payments::{ChargeError, Receipt};

use super::attribute::{opened, renew};
use super::expiries::LONG_EXPIRY;
use crate::case::{
    Case, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED, REALISTIC_OPEN, Side,
};
use crate::guarded_function::{Charges, ChargesInlined, ChargesLater, Declines, GuardedFunction, GuardedFuture};
use crate::run::{AsyncSubject, awaited, plain};

const ATTRIBUTE: (Side, &str) = (Side::Ours, "attribute");
const WITH_REASONS: (Side, &str) = (Side::Ours, "attribute, with reasons");

#[circuit_breaker(identifier = "realistic", failure_threshold = 5)]
fn charge(order: u64) -> Result<Receipt, ChargeError> {
    Charges::call(order)
}

#[circuit_breaker(identifier = "realistic-inlined", failure_threshold = 5)]
fn charge_inlined(order: u64) -> Result<Receipt, ChargeError> {
    ChargesInlined::call(order)
}

#[circuit_breaker(identifier = "realistic-fail", failure_threshold = 10_000_000, error_handler = Result::is_ok)]
fn decline(order: u64) -> Result<Receipt, ChargeError> {
    Declines::call(order)
}

#[circuit_breaker(identifier = "realistic-with-reasons", failure_threshold = 10_000_000)]
fn decline_with_reasons(order: u64) -> Result<Receipt, ChargeError> {
    Declines::call(order)
}

#[circuit_breaker(identifier = "realistic-open", failure_threshold = 5)]
fn charge_open(order: u64) -> Result<Receipt, ChargeError> {
    Charges::call(order)
}

#[circuit_breaker(identifier = "realistic-async", failure_threshold = 5)]
async fn charge_later(order: u64) -> Result<Receipt, ChargeError> {
    ChargesLater::call(order).await
}

#[circuit_breaker(identifier = "realistic-async-open", failure_threshold = 5)]
async fn charge_later_open(order: u64) -> Result<Receipt, ChargeError> {
    ChargesLater::call(order).await
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(REALISTIC, ATTRIBUTE, "failure_threshold = 5", || {
            renew(REALISTIC.name);
            plain((), |(), turn| Charges::consume(charge(turn)))
        }),
        Case::new(REALISTIC_INLINED, ATTRIBUTE, "failure_threshold = 5", || {
            renew(REALISTIC_INLINED.name);
            plain((), |(), turn| ChargesInlined::consume(charge_inlined(turn)))
        }),
        Case::new(REALISTIC_FAIL, ATTRIBUTE, "failure_threshold = 10_000_000, error_handler = Result::is_ok", || {
            renew(REALISTIC_FAIL.name);
            plain((), |(), turn| Declines::consume(decline(turn)))
        }),
        Case::new(REALISTIC_FAIL, WITH_REASONS, "failure_threshold = 10_000_000; each failure's text is kept", || {
            renew("realistic-with-reasons");
            plain((), |(), turn| Declines::consume(decline_with_reasons(turn)))
        }),
        Case::new(REALISTIC_OPEN, ATTRIBUTE, "failure_threshold = 5", || {
            drop(charge_open(1));
            opened(REALISTIC_OPEN.name, LONG_EXPIRY);
            plain((), |(), turn| Charges::consume(charge_open(turn)))
        }),
        Case::new(REALISTIC_ASYNC, ATTRIBUTE, "failure_threshold = 5", || awaited::<ChargesLater>(Closed)),
        Case::new(REALISTIC_ASYNC_OPEN, ATTRIBUTE, "failure_threshold = 5", || {
            awaited::<ChargesLater>(Open).run(&mut 0, 1);
            opened(REALISTIC_ASYNC_OPEN.name, LONG_EXPIRY);
            awaited::<ChargesLater>(Open)
        }),
    ]
}

#[derive(Clone)]
struct Closed;

impl AsyncSubject<ChargesLater> for Closed {
    async fn make_call(&mut self, turn: u64) -> bool {
        ChargesLater::consume(charge_later(turn).await)
    }
}

#[derive(Clone)]
struct Open;

impl AsyncSubject<ChargesLater> for Open {
    async fn make_call(&mut self, turn: u64) -> bool {
        ChargesLater::consume(charge_later_open(turn).await)
    }
}
