use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    error_handler = judge, //~ ERROR
)]
async fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

async fn judge(_result: &Result<(), String>) -> bool {
    true
}
