//! Nothing is in scope that is not written here.

#![no_implicit_prelude]

use ::breaker_box::{CircuitOpenError, Outcome, Policy, Registry, circuit_breaker};
use ::core::future::Future;
use ::core::marker::Send;
use ::core::pin::Pin;
use ::core::primitive::{str, u32};
use ::std::boxed::Box;
use ::std::option::Option;
use ::std::result::Result;

pub struct Shop {
    pub total: u32,
}

impl Shop {
    const POLICY: Policy = Policy::consecutive_failures(3);

    #[circuit_breaker(identifier = "no-prelude/borrowed", policy = Self::POLICY)]
    pub fn borrowed(&mut self) -> Option<&mut u32> {
        Option::Some(&mut self.total)
    }

    #[circuit_breaker(identifier = "no-prelude/later/{id}", failure_threshold = 2)]
    pub async fn later(&self, id: u32) -> Result<u32, CircuitOpenError> {
        Result::Ok(self.total + id)
    }

    #[circuit_breaker(identifier = "no-prelude/pinned")]
    pub fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<u32>> + Send + '_>> {
        Box::pin(async move { Option::Some(self.total) })
    }

    #[circuit_breaker(identifier = "no-prelude/hidden")]
    pub fn hidden(&self) -> impl Future<Output = Option<u32>> + Send {
        let total = self.total;
        async move { Option::Some(total) }
    }
}

#[circuit_breaker(
    identifier = "no-prelude/handled",
    registry = Registry::global(),
    failures = 5,
    within = "60s",
    error_handler = |result| match result {
        Result::Ok(_) => Outcome::Success,
        Result::Err(_) => Outcome::Ignore,
    },
    fallback = |open| Result::Err(open)
)]
pub fn handled(number: u32) -> Result<u32, CircuitOpenError> {
    Result::Ok(number)
}

#[circuit_breaker(identifier = name, fallback = async |_| 0)]
pub async fn computed(name: &str) -> u32 {
    5
}

#[circuit_breaker(identifier = "no-prelude/nothing", fallback = |_| ())]
pub fn nothing() {}
