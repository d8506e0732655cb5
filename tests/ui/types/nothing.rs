use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay() { //~ ERROR
    println!("paid");
}

fn main() {}
