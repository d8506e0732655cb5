use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop")]
impl Shop {
    fn pay(&self) -> Option<u32> {
        None
    }

    #[circuit_breaker(skip = true)] //~ ERROR
    fn name(&self) -> &str {
        "shop"
    }
}

fn main() {
    Shop.pay();
    Shop.name();
}
