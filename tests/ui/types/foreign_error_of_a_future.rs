use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
fn pay() -> impl Future<Output = Result<u32, std::fmt::Error>> { //~ ERROR
    async { Ok(1) }
}

fn main() {}
