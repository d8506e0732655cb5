//! Functions that macros make, out of every kind of fragment.

use breaker_box::{CircuitOpenError, Outcome, Policy, Registry, circuit_breaker};

/// Where a macro's own names could meet those of its caller.
macro_rules! pieces {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident<$life:lifetime, $type:ident>($argument:ident: $argument_type:ty) -> $output:ty
        $body:block
        named $identifier:literal, policy $policy:expr, handler $handler:expr, fallback $fallback:expr, at $registry:path
    ) => {
        $(#[$attribute])*
        #[circuit_breaker(
            identifier = $identifier,
            policy = $policy,
            error_handler = $handler,
            fallback = $fallback,
            registry = $registry()
        )]
        $visibility fn $name<$life, $type: AsRef<str> + ?Sized>($argument: $argument_type, _: &$life ()) -> $output $body
    };
}

pieces! {
    /// All pieces are the caller's.
    #[inline]
    pub fn whole<'a, T>(text: &'a T) -> Result<&'a str, CircuitOpenError> { Ok(text.as_ref()) }
    named "generated/whole", policy Policy::consecutive_failures(2).expiry(core::time::Duration::from_secs(5)),
    handler |result| if result.is_ok() { Outcome::Success } else { Outcome::failure() },
    fallback |open| Err(open), at Registry::global
}

/// The same name twice: the macro's `number` and the caller's.
macro_rules! hygienic {
    ($name:ident, $number:ident, $body:expr) => {
        #[circuit_breaker(identifier = "generated/{number}/{hidden}", fallback = |_| Some(hidden + $number))]
        pub fn $name($number: u32, hidden: u32) -> Option<u32> {
            let number = hidden;
            let result = $body;
            Some(number + result)
        }
    };
}

hygienic!(hygienic, number, { number * 10 });

macro_rules! pass_on {
    ($item:item) => {
        $item
    };
}

// The function goes through the macro as one piece, attribute and all.
pass_on! {
    #[circuit_breaker(identifier = "generated/item", expiry = "5s")]
    pub fn item(number: u32) -> Option<u32> { Some(number) }
}

pass_on! {
    #[circuit_breaker(identifier = "generated/async_item/{number}")]
    pub async fn async_item(number: u32) -> Option<u32> { Some(number) }
}

macro_rules! guard_item {
    ($identifier:expr, $($item:item)*) => { $(#[circuit_breaker(identifier = $identifier)] $item)* };
}

guard_item!(
    "generated/guarded_item",
    pub fn guarded_item(number: u32) -> Option<u32> {
        Some(number)
    }
);

macro_rules! numbers {
    ($name:ident: $threshold:expr, $rate:literal, $window:expr, $expiry:literal, $flag:ident = $value:literal) => {
        #[circuit_breaker(
            identifier = concat!("generated/", stringify!($name)),
            failure_threshold = $threshold, failure_rate = $rate, window = $window, expiry = $expiry, $flag = $value
        )]
        pub fn $name() -> Option<()> { Some(()) }
    };
}

numbers!(numbers: 1 + 2, 0.5, 100, "5s", on_cancel = "failure");

macro_rules! types {
    ($name:ident($pattern:pat => $argument:ty) -> $output:ty $body:block) => {
        #[circuit_breaker(identifier = "generated/types")]
        pub fn $name($pattern: $argument) -> $output $body

        /// The same as methods.
        pub mod $name {
            use super::*;

            pub struct Methods(pub u32);

            impl Methods {
                #[circuit_breaker(identifier = "generated/methods/{self}", crate = breaker_box)]
                pub async fn $name(&mut self, $pattern: $argument) -> $output {
                    self.0 += 1;
                    $body
                }
            }

            impl std::fmt::Display for Methods {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    write!(f, "{}", self.0)
                }
            }
        }
    };
}

types!(types((left, right) => (u32, u32)) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    if left == 0 {
        return Err("nothing".into());
    }
    Ok(left + right)
});

macro_rules! outer {
    ($($tokens:tt)*) => { inner!($($tokens)*); };
}
macro_rules! inner {
    ($(#$attribute:tt)* fn $name:ident $arguments:tt -> $output:ty = $body:expr) => {
        $(#$attribute)*
        pub fn $name $arguments -> $output { $body }
    };
}

outer! {
    #[circuit_breaker(identifier = "generated/nested/{number}")]
    fn nested(number: u32) -> impl Future<Output = Option<u32>> + Send = async move { Some(number) }
}

/// One macro, two functions of one name: each has a site of its own.
macro_rules! twice {
    ($($module:ident)*) => {$(
        pub mod $module {
            #[breaker_box::circuit_breaker(identifier = concat!("generated/twice/", stringify!($module)))]
            pub fn call(number: u32) -> Option<u32> { Some(number) }
        }
    )*};
}

twice!(first second);
