//! Functions of every shape, annotated where the feature `guarded` is on. `all/tests/lints.rs`
//! turns on every lint there is and compares what is said: nothing more of the annotated functions
//! than of the plain ones, and nothing less of the mistakes.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;

#[cfg(feature = "guarded")]
use breaker_box::circuit_breaker;
use breaker_box::{CircuitOpenError, Policy, Registry};

pub struct Shop {
    pub name: String,
    pub registry: Registry,
}

impl Shop {
    pub const KIND: &'static str = "http";
    pub const POLICY: Policy = Policy::consecutive_failures(3);

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "name", policy = Self::POLICY))]
    pub fn name(&self) -> Result<&str, CircuitOpenError> {
        Ok(&self.name)
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "name_mut", registry = &self.registry))]
    pub fn name_mut(&mut self) -> Option<&mut String> {
        Some(&mut self.name)
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = &self.name, registry = &self.registry))]
    pub async fn later(&self, path: &str) -> Result<&str, CircuitOpenError> {
        std::future::ready(()).await;
        if path.is_empty() {
            return Ok("");
        }
        Ok(&self.name)
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "hidden:{path}", scope = "lints", kind = "http"))]
    pub fn hidden(&self, path: u32) -> impl Future<Output = Option<u32>> + Send {
        let known = self.name.len();
        async move { u32::try_from(known).ok()?.checked_add(path) }
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "pinned"))]
    pub fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        Box::pin(async move { Some(self.name.len()) })
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "at_once:{path}"))]
    pub fn at_once(&self, path: usize) -> Pin<Box<dyn Future<Output = Option<usize>> + Send>> {
        let known = self.name.len();
        Box::pin(async move { Some(known + path) })
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "into"))]
    #[must_use]
    pub fn into_name(self) -> Option<String> {
        Some(self.name)
    }
}

#[cfg_attr(
    feature = "guarded",
    circuit_breaker(
        identifier = "plain",
        failure_threshold = 3,
        failures = 5,
        within = "60s",
        failure_rate = 0.5,
        slow_call_rate = 0.8,
        slow_call = "2s",
        window = 100,
        minimum_calls = 10,
        debounce = "1ms",
        expiry = "10s",
        backoff_factor = 2,
        max_expiry = "5m",
        jitter = 0.1,
        half_open_max_calls = 2,
        success_threshold = 2,
        half_open_failure_threshold = 2,
        half_open_timeout = "10s",
        close_on_expiry,
        on_cancel = "failure",
        metrics_only,
        error_handler = Result::is_ok,
        fallback = answer
    )
)]
pub fn plain(mut amount: usize, (left, right): (usize, usize)) -> Result<usize, String> {
    amount = amount.checked_add(left).ok_or("too much")?;
    if amount == 0 {
        return Err("nothing".to_owned());
    }
    Ok(amount.max(right))
}

/// What it returns while its circuit is open.
///
/// # Errors
///
/// Always.
pub fn answer(open: CircuitOpenError) -> Result<usize, String> {
    Err(open.to_string())
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "generic", failure_threshold = N))]
pub fn generic<T: Clone, const N: u32>(all: &[T]) -> Option<impl Iterator<Item = T>> {
    Some(all.iter().cloned())
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "displayed"))]
pub async fn displayed<E: Display + From<CircuitOpenError>>(error: E) -> Result<(), E> {
    Err(error)
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "silent"))]
pub fn silent<E: From<CircuitOpenError>>(error: E) -> Result<(), E> {
    Err(error)
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "computed", policy = Policy::new().expiry(EXPIRY)))]
#[inline]
pub fn computed() -> Option<u32> {
    Some(5)
}

/// A constant that only the attribute's arguments name is used all the same.
pub const EXPIRY: std::time::Duration = std::time::Duration::from_secs(5);

/// What only attributes name.
pub const SCOPE: &str = "lints";
/// So, too.
pub const WINDOW: u32 = 100;

#[cfg_attr(
    feature = "guarded",
    circuit_breaker(
        identifier = "constants:{shop.name}:{path:?}/{path:04}",
        scope = SCOPE,
        kind = Shop::KIND,
        failure_rate = 0.5,
        window = WINDOW,
        expiry = EXPIRY,
        fail_slower_than = "1m 30s",
        max_trip = EXPIRY,
        error_handler = Option::is_some,
    )
)]
pub fn constants(shop: &Shop, path: u32) -> Option<usize> {
    Some(shop.name.len().max(usize::try_from(path).ok()?))
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "constants_later:{path:?}", scope = Shop::KIND, expiry = EXPIRY))]
pub async fn constants_later(path: &str) -> Option<usize> {
    std::future::ready(()).await;
    Some(path.len())
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unsafe"))]
/// # Safety
///
/// Nothing is to be kept.
pub unsafe fn dangerous(pointer: *const u32) -> Option<u32> {
    // SAFETY: the caller's.
    unsafe { pointer.as_ref().copied() }
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unit", fallback = |_| ()))]
pub fn unit(target: &mut usize) {
    *target += 1;
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unit_later", fallback = async |_| {}))]
pub async fn unit_later(target: &mut usize) {
    std::future::ready(()).await;
    *target += 1;
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unit_hidden", fallback = |_| {}))]
pub fn unit_hidden(target: &mut usize) -> impl Future<Output = ()> + Send {
    *target += 1;
    async move {}
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "one_block"))]
pub fn one_block() -> impl Future<Output = Option<usize>> + Send {
    async move { Some(5) }
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "explicit"))]
pub fn explicit(number: usize) -> Option<usize> {
    return Some(number);
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "not_send"))]
pub async fn not_send(text: std::rc::Rc<str>) -> Option<usize> {
    std::future::ready(()).await;
    Some(text.len())
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "large"))]
pub async fn large() -> Option<u8> {
    let large = [5; 20_000];
    std::future::ready(()).await;
    large.first().copied()
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "large_by_value"))]
pub fn large_by_value(large: [u8; 20_000], small: &u8) -> Option<u8> {
    Some(large.first()? + small)
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "panics"))]
pub fn panics(number: Option<usize>) -> Result<usize, CircuitOpenError> {
    assert_ne!(number, Some(5), "five is right out");
    let number = number.unwrap();
    Ok(number.checked_add(5).expect("small"))
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "locks"))]
pub fn locks(lock: &std::sync::Mutex<Vec<usize>>) -> Option<usize> {
    let numbers = lock.lock().ok()?;
    let first = numbers.first().copied()?;
    Some(first.saturating_sub(1))
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "temporary"))]
pub fn temporary(lock: &std::sync::Mutex<Vec<usize>>) -> Option<usize> {
    lock.lock().ok()?.first().copied()
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "boxed_error"))]
pub fn boxed_error(text: &str) -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
    let number: f64 = text.parse()?;
    Ok(number as f32 as f64)
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "looping"))]
pub fn looping(mut number: usize) -> Option<usize> {
    'outer: loop {
        while number > 5 {
            number /= 2;
            if number == 7 {
                break 'outer Some(number);
            }
        }
        match number {
            0 => return None,
            1 | 2 => break Some(1),
            other => number = other - 1,
        }
    }
}

pub type Steps = Vec<(u32, Option<Box<dyn Fn(u32) -> u32 + Send>>)>;

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "complex"))]
pub fn complex(first: u32) -> Result<Vec<(u32, Option<Box<dyn Fn(u32) -> u32 + Send>>)>, CircuitOpenError> {
    let steps: Steps = vec![(first, None)];
    Ok(steps)
}

#[cfg_attr(
    feature = "guarded",
    circuit_breaker(identifier = "complex_later", fallback = async |_| {
        const FIRST: u32 = 5;
        Ok(vec![(FIRST, None)])
    })
)]
pub async fn complex_later(first: u32) -> Result<Vec<(u32, Option<Box<dyn Fn(u32) -> u32 + Send>>)>, CircuitOpenError> {
    const SECOND: u32 = 5;
    std::future::ready(()).await;
    Ok(vec![(first, None), (SECOND, None)])
}

pub trait Service<Request> {
    type Response;
    type Error;

    fn call(&mut self, request: Request) -> Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn steps(&self) -> Option<Vec<(u32, Option<Box<dyn Fn(u32) -> u32 + Send>>)>>;
}

impl Service<u32> for Shop {
    type Response = usize;
    type Error = CircuitOpenError;

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "call"))]
    fn call(&mut self, request: u32) -> Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>> {
        self.name.push('!');
        let length = self.name.len();
        Box::pin(async move { Ok(length.max(request as usize)) })
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "steps"))]
    fn steps(&self) -> Option<Vec<(u32, Option<Box<dyn Fn(u32) -> u32 + Send>>)>> {
        Some(vec![(u32::try_from(self.name.len()).ok()?, None)])
    }
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "items_first"))]
pub fn items_first(path: &str) -> impl Future<Output = Option<usize>> + Send + use<> {
    const MORE: usize = 5;
    use std::collections::HashMap;
    let known: HashMap<usize, usize> = std::iter::once((path.len(), MORE)).collect();
    async move {
        const LEFT: usize = 5;
        std::future::ready(()).await;
        known.get(&LEFT).copied()
    }
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "several"))]
pub async fn several(first: String, (second, mut third): (Vec<u8>, Vec<u8>), _fourth: String) -> Option<usize> {
    third.push(5);
    std::future::ready(()).await;
    Some(first.len() + second.len() + third.len())
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unpin"))]
pub fn unpin(number: usize) -> impl Future<Output = Option<usize>> + Unpin {
    std::future::ready(number.checked_add(1))
}

#[cfg_attr(feature = "guarded", circuit_breaker(identifier = "alias", fallback = answer_alias))]
#[must_use]
pub fn alias(number: usize) -> Answer {
    Answer(number)
}

pub struct Answer(pub usize);

/// What it returns while its circuit is open.
#[must_use]
pub fn answer_alias(_open: CircuitOpenError) -> Answer {
    Answer(0)
}

/// Mistakes that stay mistakes under the attribute.
#[cfg(feature = "mistakes")]
pub mod mistakes {
    use super::*;

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unused"))]
    pub fn unused(number: u32, not_used: u32) -> Option<u32> {
        let nowhere = number;
        let mut never_changed = number;
        Some(never_changed)
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unreachable"))]
    pub fn unreachable(number: u32) -> Option<u32> {
        return Some(number);
        drop(number);
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "later"))]
    pub async fn later(number: u32, not_used: u32) -> Option<u32> {
        std::future::ready(number);
        let mut never_changed = number;
        return Some(never_changed);
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "clippy"))]
    pub fn clippy(numbers: Vec<u32>) -> Option<u32> {
        let sum: u32 = numbers.iter().map(|number| number.clone()).sum();
        if sum == 0 {
            return None;
        } else {
            numbers.get(0).copied().map(|first| first + sum as u8 as u32)
        }
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "unused_later"))]
    pub async fn unused_later(text: String, not_used: String, more: String) -> Option<usize> {
        std::future::ready(()).await;
        let size = text.len() + more.len();
        const LATE: usize = 5;
        Some(size + LATE)
    }

    #[cfg_attr(feature = "guarded", circuit_breaker(identifier = "hidden"))]
    pub fn hidden(number: u32, not_used: u32) -> impl Future<Output = Option<u32>> {
        async move {
            let mut never_changed = number.clone();
            return Some(never_changed);
        }
    }
}
