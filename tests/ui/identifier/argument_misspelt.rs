use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = nmae)] //~ ERROR
fn pay(name: &str) -> Result<usize, String> {
    Ok(name.len())
}

fn main() {
    let _ = pay("a");
}
