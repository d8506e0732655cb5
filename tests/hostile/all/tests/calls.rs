//! What is annotated in the other crates does what it did, and its calls are counted.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use breaker_box::{Key, Policy, Registry};

/// The result of a future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// The calls of these circuits went well, one each.
#[track_caller]
fn counted<const N: usize>(keys: [impl Into<Key>; N]) {
    for key in keys.map(Into::into) {
        let status = Registry::global().status(&key).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(status.totals.successes, 1, "{status}");
    }
}

#[test]
fn shadowed() {
    use hostile_shadowed as crates;

    assert_eq!(crates::fixed(1), Ok(1));
    assert_eq!(crates::everything(2), Ok(2));
    assert_eq!(now(crates::later(3)), Ok(3));
    assert_eq!(now(crates::later_with_fallback(4)), Ok(4));
    assert_eq!(now(crates::computed(5)), Ok(5));
    assert_eq!(now(crates::pinned(6)), Ok(6));
    assert_eq!(now(crates::at_once("name", 7)), Ok(7));
    assert_eq!(now(crates::hidden(8)), Ok(8));
    assert_eq!(crates::policy(9), Some(9));
    counted(["fixed", "later", "later_with_fallback", "computed/5", "pinned"].map(|name| format!("shadowed/{name}")));
    counted(["at_once/name", "hidden", "policy"].map(|name| format!("shadowed/{name}")));
    counted([Key::new("shadowed/everything/2").with_scope("hostile").with_kind("test")]);
}

#[test]
fn no_prelude() {
    use hostile_no_prelude as crates;

    let mut shop = crates::Shop { total: 5 };
    assert_eq!(shop.borrowed(), Some(&mut 5));
    assert_eq!(now(shop.later(1)).ok(), Some(6));
    assert_eq!(now(shop.pinned()), Some(5));
    assert_eq!(now(shop.hidden()), Some(5));
    assert_eq!(crates::handled(7).ok(), Some(7));
    assert_eq!(now(crates::computed("no-prelude/computed")), 5);
    crates::nothing();
    counted(
        ["borrowed", "later/1", "pinned", "hidden", "handled", "computed", "nothing"]
            .map(|name| format!("no-prelude/{name}")),
    );
}

#[test]
fn reexported_and_renamed() {
    assert_eq!(hostile_reexported::whole(1), Some(1));
    assert_eq!(now(hostile_reexported::imported(2)), Some(2));
    assert_eq!(now(hostile_reexported::renamed_attribute(3)), Some(3));
    assert_eq!(hostile_reexported::by_a_macro(4), Ok(8));
    assert_eq!(hostile_reexported::inner::relative(5), Some(5));
    assert_eq!(hostile_reexported::inner::upwards(6), Some(6));
    assert_eq!(hostile_renamed::sync(7), Some(7));
    assert_eq!(now(hostile_renamed::later(8)), Some(8));
    counted(
        ["whole", "imported/2", "renamed_attribute", "by_a_macro", "relative", "upwards"]
            .map(|name| format!("reexported/{name}")),
    );
    counted(["renamed/sync", "renamed/later/8"]);
}

macro_rules! editions {
    ($($test:ident: $crate_name:ident, $edition:literal;)*) => {$(
        #[test]
        fn $test() {
            let mut shop = $crate_name::Shop { name: "shop".to_owned() };
            assert_eq!(shop.borrowed().cloned().as_deref(), Some("shop"));
            assert_eq!(now(shop.hidden()), Some(4));
            assert_eq!(now(shop.owned()), Some(4));
            assert_eq!(now(shop.pinned()), Some(4));
            assert_eq!(now(shop.later("card")).ok(), Some(8));
            assert_eq!($crate_name::handled(5), Ok(5));
            assert_eq!($crate_name::words(6), Some(6));
            counted(["borrowed", "hidden", "owned", "pinned", "card", "handled", "6"].map(|name| format!("edition-{}/{name}", $edition)));
        }
    )*};
}

editions! {
    edition_2018: hostile_edition_2018, 2018;
    edition_2021: hostile_edition_2021, 2021;
}

#[test]
fn generated() {
    use hostile_generated as crates;

    assert_eq!(crates::whole("text", &()).ok(), Some("text"));
    assert_eq!(crates::hygienic(2, 3), Some(3 + 20));
    assert_eq!(crates::item(4), Some(4));
    assert_eq!(now(crates::async_item(5)), Some(5));
    assert_eq!(crates::guarded_item(6), Some(6));
    assert_eq!(crates::numbers(), Some(()));
    assert_eq!(crates::types((7, 8)).ok(), Some(15));
    assert_eq!(now(crates::types::Methods(0).types((9, 10))).ok(), Some(19));
    assert_eq!(now(crates::nested(11)), Some(11));
    assert_eq!((crates::first::call(12), crates::second::call(13)), (Some(12), Some(13)));
    counted(
        ["whole", "2/3", "item", "async_item/5", "guarded_item", "numbers", "types"]
            .map(|name| format!("generated/{name}")),
    );
    counted(["methods/0", "nested/11", "twice/first", "twice/second"].map(|name| format!("generated/{name}")));
    let numbers = Registry::global().status("generated/numbers").expect("it was called");
    let policy = Policy::consecutive_failures(3).or_failure_rate(0.5, breaker_box::Window::calls(100));
    let policy = policy.expiry(std::time::Duration::from_secs(5)).on_cancel(breaker_box::Cancellation::Failure);
    assert_eq!(numbers.policy, policy);
}

#[test]
fn generics() {
    use hostile_generics as crates;
    use hostile_generics::{Store, Takes};
    use std::collections::HashMap;

    let map = HashMap::from([("key".to_owned(), 3_u32)]);
    let parts = crates::sync::<Vec<u8>, _, u16, String, Error, _, str, _, 2, 10, true>(
        vec![1],
        [2_u8].into_iter(),
        &[5, 6],
        |text| text,
        Error,
        |_, _| Ok(()),
        Some("name"),
        &map,
    );
    assert_eq!(parts.ok().map(|(name, a, b)| (name.into_owned(), a, b.count())), Some(("name".to_owned(), vec![1], 1)));
    let mut spare = 5;
    let later =
        crates::later::<_, _, _, _, _, _, _, _, _, 7>("name", 1, (1, 2, 3, 4, 5, 6, 7), async |n| n + 1, &mut spare);
    assert_eq!(now(later), Some((2, &mut 5)));

    let mut shop = crates::Shop("shop".to_owned(), 1);
    assert_eq!(shop.load(["one", "three"]).map(|name| name.as_str()).ok(), Some("shop"));
    assert_eq!(now(<crates::Shop<String> as Store<'_, str, 1>>::load_later(&shop, "key")).ok(), Some(12));
    assert_eq!(now(<crates::Shop<String> as Store<'_, str, 1>>::boxed(&shop, "key")).ok(), Some(12));
    assert_eq!(now(Pin::new(&mut shop).by_pin(1)), Some(10));
    assert_eq!(Box::new(crates::Shop((), 1)).by_box(1), Some(2));
    assert_eq!(shop.by_value(1), Some(10));
    let (mut left, right) = ([1], "right");
    assert_eq!(crates::borrowed::<[u8], str>(&mut left, right), (&mut [1][..], "right"));
    assert_eq!(crates::hidden([1, 2]).map(|parts| parts.map(|part| part()).sum()), Some(3));

    counted(
        ["sync", "later/name", "load", "load_later/key", "by_pin/1", "by_box/1", "by_value", "unsized", "hidden"]
            .map(|name| format!("generics/{name}")),
    );
    counted([Key::new("shop").with_scope("generics")]);
    let policy = |name: &str| Registry::global().status(name).expect("it was called").policy;
    assert_eq!(policy("generics/later/name"), Policy::consecutive_failures(7));
    assert_eq!(policy("generics/load"), Policy::consecutive_failures(4));
}

#[derive(Debug, PartialEq)]
struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an error")
    }
}

impl From<breaker_box::CircuitOpenError> for Error {
    fn from(_: breaker_box::CircuitOpenError) -> Self {
        Self
    }
}

#[test]
fn names() {
    use hostile_names as crates;

    assert_eq!(crates::arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), 91);
    assert_eq!(crates::generated(1, 2, 3, 4, 5, 6, 7, 8), 36);
    assert_eq!(now(crates::generated_later(1, 2, 3)), 6);
    assert_eq!(now(crates::generated_at_once("name", Registry::global(), 1, 2)), Some(3));
    assert!(crates::generics::<_, _, _, _, String, _, _>(1, 2, 3, 4, 5, 6).is_ok());
    assert_eq!(now(crates::runners::run_async(2)), Some(4));
    assert_eq!(crates::runners::circuit_breaker_box(1), Some(1));
    assert_eq!(crates::r#fn(1, 2), 3);
    assert_eq!(crates::methods(1), Ok(1));
    assert_eq!(now(crates::methods_later(1)), Ok(1));
    counted(
        ["5/6", "generated", "2", "name", "generics", "run", "run_async", "enter"].map(|name| format!("names/{name}")),
    );
    counted(["circuit_breaker", "1/2", "methods", "methods_later"].map(|name| format!("names/{name}")));

    assert!(crates::methods(0).is_err());
    assert!(now(crates::methods_later(0)).is_err());
    for name in ["names/methods", "names/methods_later"] {
        let status = Registry::global().status(name).expect("it was called");
        assert_eq!(status.totals.failures, 1, "the user's own `outcome` was asked instead: {status}");
    }
}

#[test]
fn denied() {
    use hostile_denied as crates;

    let shop = crates::Shop { name: "denied/shop".to_owned() };
    assert_eq!(shop.borrowed().ok(), Some("denied/shop"));
    assert_eq!(now(shop.later(1)), Some(12));
    assert_eq!(now(shop.hidden(2)), Some(13));
    assert_eq!(now(shop.pinned()), Some(11));
    assert_eq!(now(shop.at_once(3)), Some(14));
    assert_eq!(crates::plain(1, (2, 3)), Ok(3));
    let mut target = 0;
    crates::nothing(&mut target);
    assert_eq!(target, 5);
    now(crates::nothing_later());
    assert_eq!(crates::generic(&[1, 2]).map(Iterator::count), Some(2));
    counted(
        ["borrowed", "shop", "pinned", "at_once/3", "plain", "nothing", "nothing_later", "generic"]
            .map(|name| format!("denied/{name}")),
    );
    counted([Key::new("denied/hidden/2").with_scope("denied")]);
}
