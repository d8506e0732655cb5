use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> Result<u32, std::fmt::Error> { //~ ERROR
    Ok(1)
}

fn main() {}
