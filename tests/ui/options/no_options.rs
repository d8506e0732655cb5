use breaker_box::circuit_breaker;

#[circuit_breaker] //~ ERROR
fn pay() -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = pay();
}
