use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop", fallback = async |_| None)] //~ ERROR
impl Shop {
    async fn pay(&self) -> Option<u32> {
        None
    }

    fn refund(&self) -> Option<u32> {
        None
    }
}

fn main() {
    Shop.refund();
    let _ = Shop.pay();
}
