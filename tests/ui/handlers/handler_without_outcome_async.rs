use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    error_handler = |_| (), //~ ERROR
)]
async fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
