//! A company's own crate: it hands the library on, and a macro that annotates.

/// Everything, under another name.
pub mod circuits {
    pub use breaker_box::*;
}

/// Only what its users may see; the rest by its whole path.
pub use breaker_box as breakers;
pub use breaker_box::circuit_breaker as guarded;

/// A guarded function whose author knows neither this library nor its path.
#[macro_export]
macro_rules! guarded_function {
    ($visibility:vis fn $name:ident($argument:ident: $type:ty) -> $output:ty $body:block) => {
        #[$crate::guarded(
            crate = $crate::breakers,
            identifier = concat!("reexported/", stringify!($name)),
            registry = $crate::breakers::Registry::global(),
            error_handler = |result| result.is_ok(),
            fallback = |open| ::core::result::Result::Err(open.into())
        )]
        $visibility fn $name($argument: $type) -> $output $body
    };
}
