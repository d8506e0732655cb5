//! Everything that generated code could name is something else here, at the root of the crate.

#![allow(dead_code, non_camel_case_types, unused_macros)]

extern crate std as real;

mod std {}
mod core {}
mod alloc {}
mod breaker_box {
    pub mod __private {}
}
mod result {}
mod option {}
mod future {}

struct Result;
struct Option;
struct Ok;
struct Err;
struct Some;
struct None;
struct Box;
struct String;
struct Vec;
struct Pin;
struct Duration;
struct Policy;
struct Registry;
struct Outcome;
struct Window;
struct Site;
struct Admission;
struct Guarded;
struct Classify;
struct CircuitOpenError;
struct FromCircuitOpen;
struct u8;
struct u32;
struct u64;
struct f64;
struct bool;
struct str;
trait Future {}
trait Fn {}
trait FnOnce {}
trait Clone {}
trait From {}
trait Into {}
trait AsRef {}
trait Send {}
trait Sized {}

fn run() {}
fn run_async() {}
fn once() {}
fn enter() {}
fn enter_global() {}
fn reject() {}
fn answer() {}
fn checked() {}
fn drop() {}

macro_rules! shadow {
    ($($name:ident)*) => { $(macro_rules! $name { () => { compile_error!("shadowed") }; })* };
}
shadow!(format format_args panic unreachable vec assert matches write concat stringify);

pub type Known = ::std::result::Result<::core::primitive::u32, ::std::string::String>;

#[::breaker_box::circuit_breaker(identifier = "shadowed/fixed")]
pub fn fixed(number: ::core::primitive::u32) -> Known {
    Known::Ok(number)
}

#[::breaker_box::circuit_breaker(
    identifier = "shadowed/everything/{number}",
    scope = "hostile",
    kind = "test",
    failure_threshold = 2,
    failure_rate = 0.5,
    slow_call_rate = 0.8,
    slow_call = "2s",
    window = "60s",
    minimum_calls = 3,
    debounce = "1ms",
    expiry = "5s",
    backoff_factor = 2,
    max_expiry = "5m",
    jitter = 0.1,
    half_open_timeout = "5s",
    close_on_expiry,
    on_cancel = "failure",
    metrics_only,
    error_handler = |result| result.is_ok(),
    fallback = |open| Known::Err(open.into())
)]
pub fn everything(number: ::core::primitive::u32) -> Known {
    Known::Ok(number)
}

#[::breaker_box::circuit_breaker(identifier = "shadowed/later")]
pub async fn later(number: ::core::primitive::u32) -> Known {
    Known::Ok(number)
}

#[::breaker_box::circuit_breaker(identifier = "shadowed/later_with_fallback", fallback = async |_| Known::Ok(0))]
pub async fn later_with_fallback(number: ::core::primitive::u32) -> Known {
    Known::Ok(number)
}

#[::breaker_box::circuit_breaker(identifier = ::std::format!("shadowed/computed/{number}"))]
pub async fn computed(number: ::core::primitive::u32) -> Known {
    Known::Ok(number)
}

#[::breaker_box::circuit_breaker(identifier = "shadowed/pinned")]
pub fn pinned(
    number: ::core::primitive::u32,
) -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = Known> + ::core::marker::Send>> {
    ::std::boxed::Box::pin(async move { Known::Ok(number) })
}

#[::breaker_box::circuit_breaker(identifier = "shadowed/at_once/{name}")]
pub fn at_once(
    name: &::core::primitive::str,
    number: ::core::primitive::u32,
) -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = Known> + ::core::marker::Send>> {
    let _ = name;
    ::std::boxed::Box::pin(async move { Known::Ok(number) })
}

#[::breaker_box::circuit_breaker(identifier = "shadowed/hidden", on_cancel = "ignore")]
pub fn hidden(number: ::core::primitive::u32) -> impl ::core::future::Future<Output = Known> + ::core::marker::Send {
    async move { Known::Ok(number) }
}

#[::breaker_box::circuit_breaker(
    identifier = "shadowed/policy",
    policy = ::breaker_box::Policy::consecutive_failures(2),
    registry = ::breaker_box::Registry::global()
)]
pub fn policy(number: ::core::primitive::u32) -> ::std::option::Option<::core::primitive::u32> {
    ::std::option::Option::Some(number)
}
