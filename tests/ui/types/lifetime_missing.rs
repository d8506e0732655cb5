use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn longer(left: &str, right: &str) -> Option<&str> { //~ ERROR
    Some(if left.len() > right.len() { left } else { right })
}

fn main() {}
