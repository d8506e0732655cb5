//! Written for edition 2021.

use breaker_box::{circuit_breaker, CircuitOpenError, Outcome, Policy, Registry};
use std::future::Future;
use std::pin::Pin;

pub struct Shop {
    pub name: String,
}

impl Shop {
    const POLICY: Policy = Policy::consecutive_failures(3);

    #[circuit_breaker(identifier = "edition-2021/borrowed", policy = Self::POLICY)]
    pub fn borrowed(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    // Captures the lifetime only where it says so, before edition 2024.
    #[circuit_breaker(identifier = "edition-2021/hidden")]
    pub fn hidden<'a>(&'a self) -> impl Future<Output = Option<usize>> + Send + 'a {
        async move { Some(self.name.len()) }
    }

    #[circuit_breaker(identifier = "edition-2021/owned")]
    pub fn owned(&self) -> impl Future<Output = Option<usize>> + Send + 'static {
        let length = self.name.len();
        async move { Some(length) }
    }

    #[circuit_breaker(identifier = "edition-2021/pinned")]
    pub fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        Box::pin(async move { Some(self.name.len()) })
    }

    #[circuit_breaker(identifier = "edition-2021/{card}", registry = Registry::global(), failure_threshold = 2, expiry = "5s")]
    pub async fn later(&self, card: &str) -> Result<usize, CircuitOpenError> {
        // A temporary in the last expression lives longer than the locals here, before edition
        // 2024.
        let length = card.len();
        Ok(*std::sync::Mutex::new(self.name.len() + length).lock().unwrap())
    }
}

#[circuit_breaker(
    identifier = "edition-2021/handled",
    error_handler = |result| match result {
        Ok(_) => Outcome::Success,
        Err(_) => Outcome::failure(),
    },
    fallback = |open| Err(open.to_string()),
)]
pub fn handled(number: u32) -> Result<u32, String> {
    let cell = std::cell::RefCell::new(number);
    let borrowed = cell.borrow();
    if *borrowed == 0 {
        return Err(format!("{} is nothing", number));
    }
    Ok(*borrowed)
}

/// What was no keyword yet.
#[circuit_breaker(identifier = "edition-2021/{gen}")]
pub fn words(gen: u32) -> Option<u32> {
    Some(gen)
}

/// A crate that gets ready for edition 2024.
#[deny(if_let_rescope, impl_trait_overcaptures, tail_expr_drop_order)]
pub mod ready_for_2024 {
    use super::*;

    #[circuit_breaker(identifier = "edition-2021/plain")]
    pub fn plain(text: &str) -> Option<usize> {
        Some(text.len())
    }

    #[circuit_breaker(identifier = "edition-2021/awaited", fallback = async |_| Ok(text.len()))]
    pub async fn awaited(text: String, more: Vec<String>) -> Result<usize, CircuitOpenError> {
        std::future::ready(()).await;
        Ok(text.len() + more.len())
    }

    #[circuit_breaker(identifier = "edition-2021/made")]
    pub fn made(text: &str) -> impl Future<Output = Option<usize>> + Send + use<> {
        let length = text.len();
        async move { Some(length) }
    }

    #[circuit_breaker(identifier = "edition-2021/{text}")]
    pub fn boxed(text: &str) -> Pin<Box<dyn Future<Output = Option<usize>> + Send>> {
        let length = text.len();
        Box::pin(async move { Some(length) })
    }
}
