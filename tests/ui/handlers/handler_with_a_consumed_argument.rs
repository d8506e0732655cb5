use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    error_handler = |result| result.is_ok() || name.is_empty(), //~ ERROR
)]
fn pay(name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {
    let _ = pay(String::new());
}
