use breaker_box::circuit_breaker;

#[circuit_breaker(payment_api)] //~ ERROR
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
