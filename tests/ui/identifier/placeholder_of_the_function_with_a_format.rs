use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api.{fn:?}")] //~ ERROR
fn pay() -> Option<u32> {
    None
}

fn main() {
    pay();
}
