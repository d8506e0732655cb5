//! What a caller got for its call.

use std::any::Any;
use std::fmt;

use crate::client::{Balance, PANIC, PaymentError, Rate, Receipt, Risk};

/// Which function is called; for shops, also which shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    Charge,
    ExchangeRate,
    RiskScore,
    ShopBalance(u32),
}

impl fmt::Display for Call {
    /// The identifier of the circuit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Charge => f.write_str("charge"),
            Self::ExchangeRate => f.write_str("exchange_rate"),
            Self::RiskScore => f.write_str("risk_score"),
            Self::ShopBalance(shop) => write!(f, "shop:{shop}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// What was asked for, from the server.
    Live(&'static str),
    /// The card was declined: also an answer.
    Declined,
    /// The circuit was open, and the fallback answered.
    Fallback(&'static str),
    /// The circuit was open, and the caller was told so.
    Open,
    /// The call failed.
    Failed(String),
    /// The parser panicked, and the panic reached the caller.
    Panicked,
}

impl Answer {
    /// Whether the caller could go on with it.
    pub(crate) fn is_useful(&self) -> bool {
        matches!(self, Self::Live(_) | Self::Declined | Self::Fallback(_))
    }

    /// Whether the server was left alone.
    pub(crate) fn is_rejection(&self) -> bool {
        matches!(self, Self::Fallback(_) | Self::Open)
    }

    /// From what `catch_unwind`, or a task's end, gives.
    pub(crate) fn from_call<T: Useful>(result: Result<Result<T, PaymentError>, Box<dyn Any + Send>>) -> Self {
        match result {
            Ok(Ok(value)) => value.answer(),
            Ok(Err(PaymentError::Declined(_))) => Self::Declined,
            Ok(Err(PaymentError::CircuitOpen(_))) => Self::Open,
            Ok(Err(error)) => Self::Failed(error.to_string()),
            Err(payload) => {
                let message = payload.downcast::<String>().expect("the parser's panic, with its original payload");
                assert!(message.starts_with(PANIC), "only the parser panics: {message}");
                Self::Panicked
            }
        }
    }
}

impl fmt::Display for Answer {
    /// What happened, and what the caller got where that is something else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(what) => f.write_str(what),
            Self::Declined => f.write_str("card declined"),
            Self::Fallback(what) => write!(f, "rejected → {what}"),
            Self::Open => f.write_str("rejected → error"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Panicked => f.write_str("failed: the parser panicked"),
        }
    }
}

/// A value that a caller can use.
pub(crate) trait Useful {
    fn answer(&self) -> Answer;
}

impl Useful for Receipt {
    fn answer(&self) -> Answer {
        assert!(self.0 > 0, "orders are numbered from 1");
        Answer::Live("receipt")
    }
}

impl Useful for Rate {
    fn answer(&self) -> Answer {
        match self {
            Self::Live(rate) => {
                assert_eq!(*rate, 108, "the server knows one rate");
                Answer::Live("rate")
            }
            Self::LastKnown => Answer::Fallback("last known rate"),
        }
    }
}

impl Useful for Risk {
    fn answer(&self) -> Answer {
        match self {
            Self::Score(score) => {
                assert!(*score < 100, "scores are percentages");
                Answer::Live("score")
            }
            Self::ReviewByHand => Answer::Fallback("review by hand"),
        }
    }
}

impl Useful for Balance {
    fn answer(&self) -> Answer {
        assert_eq!(self.0 % 1_000, 0, "the shops of this server have round balances");
        Answer::Live("balance")
    }
}
