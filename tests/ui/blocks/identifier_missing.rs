use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(failure_threshold = 3)] //~ ERROR
impl Shop {
    fn pay(&self) -> Option<u32> {
        None
    }

    async fn refund(&self) -> Option<u32> {
        None
    }
}

fn main() {
    Shop.pay();
    let _ = Shop.refund();
}
