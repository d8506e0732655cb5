use breaker_box::circuit_breaker;

struct Shop;

impl Shop {
    #[circuit_breaker(skip)] //~ ERROR
    fn name(&self) -> &str {
        "shop"
    }
}

fn main() {
    Shop.name();
}
