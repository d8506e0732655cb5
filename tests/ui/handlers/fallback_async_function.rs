use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    fallback = answer, //~ ERROR
)]
async fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

async fn answer(_open: breaker_box::CircuitOpenError) -> Result<(), String> {
    Ok(())
}
