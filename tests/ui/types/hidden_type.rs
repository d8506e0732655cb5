use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> impl Iterator<Item = u32> { //~ ERROR
    0..3
}

fn main() {}
