//! Names that generated code uses as well.

#![allow(non_upper_case_globals, non_snake_case, dead_code, unused_variables)]

use breaker_box::circuit_breaker;

pub struct Site;
pub struct Guarded;
pub struct Classify<T>(pub T);
pub trait ClassifyAny {}
pub fn run(number: u32) -> u32 {
    number
}
pub fn enter(number: u32) -> u32 {
    number
}
pub fn checked(number: u32) -> u32 {
    number
}
pub const POLICY: u32 = 1;
pub static SITE: u32 = 1;

#[circuit_breaker(identifier = "names/{key}/{policy}", failure_threshold = 2, fallback = |open| result + site)]
#[allow(clippy::too_many_arguments)]
pub fn arguments(
    site: u32,
    admission: u32,
    result: u32,
    open: u32,
    key: u32,
    policy: u32,
    entry: u32,
    made: u32,
    registry: u32,
    identifier: u32,
    body: u32,
    outcome: u32,
    private: u32,
) -> u32 {
    run(site
        + admission
        + result
        + open
        + key
        + policy
        + entry
        + made
        + registry
        + identifier
        + body
        + outcome
        + private)
}

#[circuit_breaker(identifier = "names/generated", expiry = "5s", error_handler = |__breaker_result| *__breaker_result > 0, fallback = |__breaker_open| __breaker_admission)]
#[allow(clippy::too_many_arguments)]
pub fn generated(
    __breaker_admission: u32,
    __breaker_open: u32,
    __breaker_result: u32,
    __breaker_entry: u32,
    __breaker_made: u32,
    __breaker_registry: u32,
    __breaker_identifier: u32,
    __breaker_typed: u32,
) -> u32 {
    let all = [__breaker_admission, __breaker_open, __breaker_result, __breaker_entry];
    all.iter().sum::<u32>() + __breaker_made + __breaker_registry + __breaker_identifier + __breaker_typed
}

#[circuit_breaker(identifier = "names/{__breaker_open}", fallback = async |_| __breaker_typed)]
pub async fn generated_later(__breaker_admission: u32, __breaker_open: u32, __breaker_typed: u32) -> u32 {
    __breaker_admission + __breaker_open + __breaker_typed
}

pub type Made = std::pin::Pin<Box<dyn Future<Output = Option<u32>>>>;

#[circuit_breaker(identifier = "names/{name}", registry = __breaker_registry)]
pub fn generated_at_once(
    name: &str,
    __breaker_registry: &breaker_box::Registry,
    __breaker_identifier: u32,
    __breaker_made: u32,
) -> std::pin::Pin<Box<dyn Future<Output = Option<u32>>>> {
    Box::pin(async move { Some(__breaker_identifier + __breaker_made) })
}

/// What the generics are called.
#[circuit_breaker(identifier = "names/generics", failure_threshold = 2)]
pub fn generics<R, F, C, O, E: std::fmt::Display, Site, Policy>(
    r: R,
    f: F,
    c: C,
    o: O,
    site: Site,
    policy: Policy,
) -> Result<(R, F, C, O), E>
where
    E: From<breaker_box::CircuitOpenError>,
{
    Ok((r, f, c, o))
}

/// Functions that are called as the runners are.
pub mod runners {
    use breaker_box::circuit_breaker;

    #[circuit_breaker(identifier = "names/run")]
    pub fn run(number: u32) -> Option<u32> {
        Some(number)
    }

    #[circuit_breaker(identifier = "names/run_async")]
    pub async fn run_async(number: u32) -> Option<u32> {
        Some(run(number)? + enter(number)?)
    }

    #[circuit_breaker(identifier = "names/enter", policy = breaker_box::Policy::new())]
    pub fn enter(number: u32) -> Option<u32> {
        Some(number)
    }

    #[circuit_breaker(identifier = "names/circuit_breaker")]
    pub fn circuit_breaker_box(number: u32) -> Option<u32> {
        Some(number)
    }
}

/// Words that are keywords without their `r#`.
#[circuit_breaker(identifier = "names/{type}/{match}", fallback = |_| r#type)]
pub fn r#fn(r#type: u32, r#match: u32) -> u32 {
    r#type + r#match
}

/// Methods that user types bring along, of the names that generated code calls.
pub trait Everywhere {
    fn outcome(&self) -> u32 {
        1
    }
    fn into(self) -> u32
    where
        Self: Sized,
    {
        1
    }
    fn from_circuit_open(&self) -> u32 {
        1
    }
    fn poll(&self) -> u32 {
        1
    }
}

impl<T: ?Sized> Everywhere for T {}

#[circuit_breaker(identifier = "names/methods")]
pub fn methods(number: u32) -> Result<u32, String>
where
    String: From<breaker_box::CircuitOpenError>,
{
    if number == 0 { Err("nothing".to_owned()) } else { Ok(number) }
}

#[circuit_breaker(identifier = "names/methods_later")]
pub async fn methods_later(number: u32) -> Result<u32, String> {
    if number == 0 { Err("nothing".to_owned()) } else { Ok(number) }
}
