use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop")]
impl Shop { //~ ERROR
    fn new() -> Self {
        Shop
    }

    const fn size(&self) -> usize {
        5
    }
}

fn main() {
    Shop::new().size();
}
