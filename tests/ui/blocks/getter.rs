use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop")]
impl Shop {
    fn pay(&self) -> Option<u32> {
        None
    }

    fn name(&self) -> &str { //~ ERROR
        "shop"
    }
}

fn main() {
    Shop.pay();
    Shop.name();
}
