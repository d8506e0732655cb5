#![deny(warnings)]

use breaker_box::circuit_breaker;
use registries::registry;

struct Shop;

mod registries {
    pub fn registry() -> &'static breaker_box::Registry {
        breaker_box::Registry::global()
    }
}

fn judge(result: &Option<u32>, amount: u32) -> bool {
    result.is_some() || amount > 5
}

#[circuit_breaker(identifier = "shop", registry = registry(), error_handler = |result| judge(result, amount), expiri = "3s")] //~ ERROR
impl Shop {
    fn open(&self) -> Option<u32> {
        None
    }

    fn pay(&self, amount: u32) -> Option<u32> {
        None
    }
}

fn main() {
    Shop.open();
    Shop.pay(5);
}
