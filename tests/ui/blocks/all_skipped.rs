use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop")]
impl Shop { //~ ERROR
    #[circuit_breaker(skip)]
    fn name(&self) -> &str {
        "shop"
    }
}

fn main() {
    Shop.name();
}
