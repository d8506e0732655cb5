use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop")]
impl Shop {} //~ ERROR

fn main() {}
