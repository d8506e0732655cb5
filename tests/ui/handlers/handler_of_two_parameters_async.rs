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

fn judge(_result: &Result<(), String>, _more: u32) -> bool {
    true
}
