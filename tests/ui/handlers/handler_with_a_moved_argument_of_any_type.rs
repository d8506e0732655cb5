use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    error_handler = |result| result.is_ok() || name.0.is_empty(), //~ ERROR
)]
async fn pay(name: Name) -> Result<Name, String> {
    Ok(name)
}

fn main() {
    let _ = pay(Name(String::new()));
}

struct Name(String);
