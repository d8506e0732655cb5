use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api", fallback = |open| panic!("{open}"))]
fn pay() -> ! { //~ ERROR
    std::process::exit(1)
}

fn main() {}
