use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop", skip)] //~ ERROR
impl Shop {
    fn pay(&self) -> Option<u32> {
        None
    }
}

fn main() {
    Shop.pay();
}
