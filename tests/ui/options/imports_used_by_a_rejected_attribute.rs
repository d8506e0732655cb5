use std::time::Instant;

use breaker_box::circuit_breaker;

use self::handlers::{PAYMENTS, judge};

mod handlers {
    pub const PAYMENTS: &str = "payment_api";

    pub fn judge(result: &Result<(), String>) -> bool {
        result.is_ok()
    }
}

#[circuit_breaker(
    identifier = PAYMENTS,
    treshold = 3, //~ ERROR
    error_handler = judge,
    fallback = |open| Err(format!("{open} at {:?}", Instant::now())),
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
