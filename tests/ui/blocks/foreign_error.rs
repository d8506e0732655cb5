use breaker_box::circuit_breaker;

struct Shop;

#[circuit_breaker(identifier = "shop")]
impl Shop {
    fn pay(&self) -> Option<u32> {
        None
    }

    fn refund(&self) -> Result<u32, std::num::ParseIntError> { //~ ERROR
        "5".parse()
    }
}

fn main() {
    Shop.pay();
    let _ = Shop.refund();
}
