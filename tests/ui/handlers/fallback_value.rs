use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    fallback = Ok(5), //~ ERROR
)]
fn pay() -> Result<u32, String> {
    Ok(1)
}

fn main() {
    let _ = pay();
}
