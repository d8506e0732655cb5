//! The library is re-exported by another crate and is not a dependency of this one.

use hostile_house::circuits::{self, circuit_breaker};
use hostile_house::guarded;

#[circuit_breaker(identifier = "reexported/whole", crate = hostile_house::circuits, expiry = "10s")]
pub fn whole(number: u32) -> Option<u32> {
    Some(number)
}

#[circuit_breaker(identifier = "reexported/imported/{number}", crate = circuits)]
pub async fn imported(number: u32) -> Option<u32> {
    Some(number)
}

#[guarded(identifier = "reexported/renamed_attribute", crate = ::hostile_house::breakers)]
pub fn renamed_attribute(number: u32) -> impl Future<Output = Option<u32>> {
    async move { Some(number) }
}

hostile_house::guarded_function! {
    pub fn by_a_macro(number: u32) -> Result<u32, String> {
        let doubled = number.checked_mul(2).ok_or("too much")?;
        Ok(doubled)
    }
}

pub mod inner {
    /// The path is looked up where the function is.
    mod local {
        pub(super) use hostile_house::breakers as breaker;
    }

    #[local::breaker::circuit_breaker(identifier = "reexported/relative", crate = local::breaker)]
    pub fn relative(number: u32) -> Option<u32> {
        Some(number)
    }

    pub struct Block;

    #[local::breaker::circuit_breaker(identifier = "reexported/{fn}", crate = local::breaker)]
    impl Block {
        pub fn by_a_relative_path(&self) -> Option<u32> {
            Some(5)
        }
    }

    #[hostile_house::guarded(identifier = "reexported/{fn}", crate = super::super_facade)]
    impl Block {
        pub fn by_another_name(&self) -> Option<u32> {
            Some(5)
        }

        #[hostile_house::guarded(skip)]
        pub fn skipped_by_another_name(&self) -> u32 {
            5
        }
    }

    #[hostile_house::guarded(identifier = "reexported/upwards", crate = super::super_facade)]
    pub fn upwards(number: u32) -> Option<u32> {
        Some(number)
    }
}

use hostile_house::breakers as super_facade;
