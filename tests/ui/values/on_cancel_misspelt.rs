use breaker_box::circuit_breaker;

#[circuit_breaker(
    identifier = "payment_api",
    fail_slower_than = "2s",
    on_cancel = "slowly", //~ ERROR
)]
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
