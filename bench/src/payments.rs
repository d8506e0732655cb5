//! What services guard: functions that return a struct, in a crate that is compiled apart from the
//! breakers, as a client library is.
//!
//! Results have 72 bytes, so they come back through memory and not in registers. A receipt owns a
//! string, so its type has drop glue and callers must move it. The string is empty, which needs no
//! allocation: the time of an allocator would hide that of a breaker.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use breaker_box::CircuitOpenError;
use pin_project_lite::pin_project;
use thiserror::Error;

/// What came of a payment.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields only take up space")]
pub struct Receipt {
    pub order: u64,
    pub number: u64,
    pub cents: u64,
    pub fee: u64,
    pub paid_at: u64,
    pub settles_at: u64,
    pub reference: String,
}

/// Why there was no payment.
#[derive(Debug, Error)]
pub enum ChargeError {
    /// The bank said no.
    #[error("the bank declined the card with code {0}")]
    Declined(u32),
    /// The circuit is open.
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
    /// Another crate's circuit is open, and its error is not kept.
    #[error("another breaker is open")]
    Rejected,
}

const _: () = assert!(size_of::<Result<Receipt, ChargeError>>() == 72);

/// Succeeds. Never inlined.
///
/// # Errors
///
/// None.
///
/// # Panics
///
/// For order 0. Real functions can panic; a compiler that sees that one cannot also removes what
/// breakers do about panics.
#[inline(never)]
pub fn charge(order: u64) -> Result<Receipt, ChargeError> {
    charge_inlined(order)
}

/// Succeeds, in the caller's code.
///
/// # Errors
///
/// None.
///
/// # Panics
///
/// For order 0, as [`charge`] does.
#[inline(always)]
#[allow(clippy::inline_always, reason = "the point of it")]
pub fn charge_inlined(order: u64) -> Result<Receipt, ChargeError> {
    assert_ne!(order, 0, "orders count from 1");
    let order = black_box(order);
    Ok(Receipt {
        order,
        number: order + 1,
        cents: order & 0xFFFF,
        fee: 30,
        paid_at: order + 2,
        settles_at: order + 3,
        reference: String::new(),
    })
}

/// Fails. Never inlined.
///
/// # Errors
///
/// Always.
///
/// # Panics
///
/// For order 0, as [`charge`] does.
#[inline(never)]
pub fn decline(order: u64) -> Result<Receipt, ChargeError> {
    assert_ne!(order, 0, "orders count from 1");
    Err(ChargeError::Declined(black_box(51)))
}

/// How often the future of [`charge_later`] is pending before it is ready.
const PENDING: u32 = 3;
/// How many bytes it holds meanwhile.
const BUFFER: usize = 1_024;

/// Succeeds after a while: the future holds a kilobyte and is pending three times. Its `poll` is
/// never inlined. It wakes nobody; poll it again at once while [`is_worth_polling`] says so.
///
/// # Errors
///
/// None.
pub fn charge_later(order: u64) -> impl Future<Output = Result<Receipt, ChargeError>> + Send {
    Apart {
        future: async move {
            let buffer = [order.to_le_bytes()[0]; BUFFER];
            Later { pending: PENDING }.await;
            black_box(&buffer);
            charge_inlined(order)
        },
    }
}

thread_local! {
    static WORTH_POLLING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether [`charge_later`] is why a future of this thread was pending just now. Says so once.
#[must_use]
pub fn is_worth_polling() -> bool {
    WORTH_POLLING.replace(false)
}

struct Later {
    pending: u32,
}

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.pending == 0 {
            return Poll::Ready(());
        }
        self.pending -= 1;
        WORTH_POLLING.set(true);
        Poll::Pending
    }
}

pin_project! {
    /// A future whose `poll` is never inlined.
    struct Apart<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Apart<F> {
    type Output = F::Output;

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}
