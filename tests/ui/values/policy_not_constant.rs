use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    policy = policy(), //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}

fn policy() -> breaker_box::Policy {
    breaker_box::Policy::new()
}
