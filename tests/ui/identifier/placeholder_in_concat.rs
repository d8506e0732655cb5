use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = concat!("payment:", "{id}"))] //~ ERROR
fn pay(id: u32) -> Result<u32, String> {
    Ok(id)
}

fn main() {
    let _ = pay(1);
}
