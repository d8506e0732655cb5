use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    crate = breaker_bax, //~ ERROR
    failure_threshold = 3,
)]
fn pay(shop: &str) -> Result<usize, String> {
    Ok(shop.len())
}

fn main() {
    let _ = pay("books");
}
