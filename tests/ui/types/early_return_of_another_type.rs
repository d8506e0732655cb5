use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment_api")]
async fn pay(paid: bool) -> Option<u32> {
    if paid {
        return 5; //~ ERROR
    }
    None
}

fn main() {}
