use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
const fn pay() -> Option<u32> { //~ ERROR
    None
}

fn main() {}
