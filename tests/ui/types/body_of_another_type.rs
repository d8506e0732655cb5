use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> Option<u32> {
    "paid" //~ ERROR
}

fn main() {}
