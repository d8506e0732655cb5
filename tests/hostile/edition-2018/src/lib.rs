//! Written for edition 2018.

use breaker_box::{circuit_breaker, CircuitOpenError, Outcome, Policy, Registry};
use std::future::Future;
use std::pin::Pin;

pub struct Shop {
    pub name: String,
}

impl Shop {
    const POLICY: Policy = Policy::consecutive_failures(3);

    #[circuit_breaker(identifier = "edition-2018/borrowed", policy = Self::POLICY)]
    pub fn borrowed(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    // Captures the lifetime only where it says so, before edition 2024.
    #[circuit_breaker(identifier = "edition-2018/hidden")]
    pub fn hidden<'a>(&'a self) -> impl Future<Output = Option<usize>> + Send + 'a {
        async move { Some(self.name.len()) }
    }

    #[circuit_breaker(identifier = "edition-2018/owned")]
    pub fn owned(&self) -> impl Future<Output = Option<usize>> + Send + 'static {
        let length = self.name.len();
        async move { Some(length) }
    }

    #[circuit_breaker(identifier = "edition-2018/pinned")]
    pub fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        Box::pin(async move { Some(self.name.len()) })
    }

    #[circuit_breaker(identifier = "edition-2018/{card}", registry = Registry::global(), failure_threshold = 2, expiry = "5s")]
    pub async fn later(&self, card: &str) -> Result<usize, CircuitOpenError> {
        // A temporary in the last expression lives longer than the locals here, before edition
        // 2024.
        let length = card.len();
        Ok(*std::sync::Mutex::new(self.name.len() + length).lock().unwrap())
    }
}

#[circuit_breaker(
    identifier = "edition-2018/handled",
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
#[circuit_breaker(identifier = "edition-2018/{gen}")]
pub fn words(gen: u32) -> Option<u32> {
    // Without `TryFrom` in its prelude, and with a macro that takes any text.
    #[allow(non_fmt_panics)]
    if gen > 100 {
        panic!("too {many}");
    }
    Some(gen)
}

/// A block.
pub struct Block;

#[circuit_breaker(identifier = "edition_2018/{fn}")]
impl Block {
    pub fn plain(&self) -> Option<u32> {
        Some(5)
    }

    pub async fn later(&self) -> Option<u32> {
        Some(5)
    }
}
