use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    scope = shop, //~ ERROR
)]
fn pay(shop: &str) -> Result<usize, String> {
    Ok(shop.len())
}

fn main() {
    let _ = pay("books");
}
