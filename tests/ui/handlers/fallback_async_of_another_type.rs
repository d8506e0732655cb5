use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    fallback = async |open| 5, //~ ERROR
)]
async fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
