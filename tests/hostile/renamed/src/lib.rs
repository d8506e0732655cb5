//! The library has another name in the manifest.

use guard::circuit_breaker;

#[circuit_breaker(identifier = "renamed/sync", crate = guard, failure_rate = 0.5, window = 10)]
pub fn sync(number: u32) -> Option<u32> {
    Some(number)
}

#[circuit_breaker(identifier = "renamed/later/{number}", crate = ::guard, fallback = async |_| None)]
pub async fn later(number: u32) -> Option<u32> {
    Some(number)
}
