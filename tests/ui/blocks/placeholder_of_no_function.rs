use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop:{cart}")] //~ ERROR
impl Shop {
    fn pay(&self, card: u32) -> Option<u32> {
        None
    }

    fn refund(&self, card: u32, amount: u32) -> Option<u32> {
        None
    }
}

fn main() {
    Shop.pay(5);
    Shop.refund(5, 5);
}
