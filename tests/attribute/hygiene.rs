//! Names: the user's may be anything, the generated ones are found nevertheless and disturb
//! nothing.

use breaker_box::{Registry, circuit_breaker};

use crate::support::{now, registry, registry_with_open, status};

mod shadowed {
    #![allow(dead_code, non_camel_case_types, unused_macros)]

    use ::breaker_box as facade;

    struct Result;
    struct Option;
    struct Box;
    struct String;
    struct Send;
    struct Fn;
    struct FnOnce;
    struct Future;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct u32;
    struct str;
    struct Policy;
    struct Registry;
    struct Outcome;
    mod core {}
    mod std {}
    mod alloc {}
    mod breaker_box {}
    macro_rules! format_args {
        () => {};
    }
    macro_rules! panic {
        () => {};
    }

    type Known = ::std::result::Result<u8, ::std::string::String>;

    #[facade::circuit_breaker(identifier = "attribute/hygiene/fixed", failure_threshold = 2, expiry = "5s")]
    pub(super) fn fixed(number: u8) -> Known {
        Known::Ok(number)
    }

    #[facade::circuit_breaker(
        identifier = "attribute/hygiene/{number}",
        scope = "hygiene",
        failure_rate = 0.5,
        window = 9
    )]
    pub(super) async fn placed(number: u8) -> Known {
        Known::Ok(number)
    }

    #[facade::circuit_breaker(identifier = "attribute/hygiene/pinned", on_cancel = "ignore")]
    pub(super) fn pinned(number: u8) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = Known>>> {
        ::std::boxed::Box::pin(async move { Known::Ok(number) })
    }

    #[facade::circuit_breaker(identifier = ::std::format!("attribute/hygiene/{number}"), crate = facade)]
    pub(super) fn renamed(number: u8) -> Known {
        Known::Ok(number)
    }

    #[facade::circuit_breaker(identifier = "attribute/hygiene/renamed", crate = facade, expiry = "1s")]
    pub(super) async fn renamed_later(number: u8) -> Known {
        Known::Ok(number)
    }
}

#[test]
fn names_of_the_user_may_shadow_everything() {
    assert_eq!(shadowed::fixed(1), Ok(1));
    assert_eq!(now(shadowed::placed(2)), Ok(2));
    assert_eq!(now(shadowed::pinned(3)), Ok(3));
    assert_eq!(shadowed::renamed(4), Ok(4));
    assert_eq!(now(shadowed::renamed_later(5)), Ok(5));
}

#[test]
fn arguments_may_have_the_generated_names() {
    #[circuit_breaker(identifier = "{__breaker_admission}-{result}", registry = registry, fallback = |_| __breaker_open)]
    fn taken(
        registry: &Registry,
        __breaker_admission: u32,
        __breaker_open: u32,
        __breaker_entry: u32,
        __breaker_result: u32,
        result: u32,
    ) -> u32 {
        __breaker_admission + __breaker_open + __breaker_entry + __breaker_result + result
    }

    let closed = registry();
    assert_eq!(taken(&closed, 1, 2, 3, 4, 5), 15);
    assert_eq!(status(&closed, "1-5").totals.successes, 1);
    assert_eq!(taken(&registry_with_open("1-5"), 1, 2, 3, 4, 5), 2);
}

macro_rules! service {
    ($name:ident, $identifier:literal, $argument:ident, $threshold:expr, $output:ty, $body:block) => {
        #[circuit_breaker(identifier = $identifier, registry = registry, failure_threshold = $threshold)]
        fn $name(registry: &Registry, $argument: u32, hidden: u32) -> $output $body
    };
    (async $name:ident, $body:expr) => {
        #[circuit_breaker(identifier = "{hidden}", registry = registry, fallback = |_| Some(hidden))]
        async fn $name(registry: &Registry, hidden: u32) -> Option<u32> {
            let seen = $body;
            Some(hidden + seen)
        }
    };
}

service!(generated, "generated:{id}:{hidden}", id, 2 + 1, Option<u32>, { Some(id) });
service!(async generated_later, 1);

#[test]
fn functions_may_be_made_by_a_macro() {
    let registry = registry();
    assert_eq!(generated(&registry, 5, 6), Some(5));
    assert_eq!(now(generated_later(&registry, 5)), Some(6));
    assert_eq!(status(&registry, "generated:5:6").policy, breaker_box::Policy::consecutive_failures(3));
}

#[test]
fn the_body_may_have_items_of_its_own() {
    #[circuit_breaker(identifier = "items", registry = registry)]
    fn outer(registry: &Registry) -> Option<u32> {
        static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        const STEP: u32 = 2;

        #[circuit_breaker(identifier = "inner", registry = registry)]
        fn inner(registry: &Registry) -> Option<u32> {
            Some(STEP)
        }

        CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        inner(registry)
    }

    let registry = registry();
    assert_eq!(outer(&registry), Some(2));
    assert_eq!(registry.len(), 2);
}
