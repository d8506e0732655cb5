use breaker_box::circuit_breaker;

trait Payment {
    #[circuit_breaker(identifier = "payment_api")]
    fn pay(&self) -> Option<u32>; //~ ERROR
}

fn main() {}
