use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay(card: String) -> Option<String> {
    drop(card);
    Some(card) //~ ERROR
}

fn main() {}
