use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> u32 { //~ ERROR
    1
}

fn main() {}
