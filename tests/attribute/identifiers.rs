//! How the circuit of a call is named.

use std::borrow::Cow;
use std::cell::Cell;

use breaker_box::{Key, Registry, circuit_breaker};

use crate::support::{now, registry, registry_with_open};

fn names(registry: &Registry) -> Vec<String> {
    registry.list().into_iter().map(|status| status.key.identifier().to_owned()).collect()
}

#[test]
fn places_are_filled_per_call() {
    #[circuit_breaker(identifier = "shop:{shop}/{id}", registry = registry)]
    fn order(registry: &Registry, shop: &str, id: u32) -> Option<String> {
        Some(format!("{shop}{id}"))
    }

    let registry = registry();
    order(&registry, "a", 1).unwrap();
    order(&registry, "b", 2).unwrap();
    order(&registry, "a", 1).unwrap();
    assert_eq!(names(&registry), ["shop:a/1", "shop:b/2"]);
}

#[test]
fn one_open_name_leaves_the_others_alone() {
    #[circuit_breaker(identifier = "shop:{shop}", registry = registry)]
    fn order(registry: &Registry, shop: &str) -> Option<()> {
        Some(())
    }

    let registry = registry_with_open("shop:a");
    assert_eq!((order(&registry, "a"), order(&registry, "b")), (None, Some(())));
}

#[test]
fn doubled_braces_stand_for_one() {
    #[circuit_breaker(identifier = "{{plain}}", registry = registry)]
    fn plain(registry: &Registry) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = "{{{id}}}", registry = registry)]
    fn placed(registry: &Registry, id: u32) -> Option<()> {
        Some(())
    }

    let registry = registry();
    plain(&registry).unwrap();
    placed(&registry, 7).unwrap();
    assert_eq!(names(&registry), ["{7}", "{plain}"]);
}

struct Point {
    x: u32,
    y: u32,
}

#[test]
fn a_place_may_hold_what_a_pattern_binds() {
    #[circuit_breaker(identifier = "{first}-{x}-{ordinate}-{type}", registry = registry)]
    fn bound(
        registry: &Registry,
        (first, _): (u32, u32),
        Point { x, y: ordinate }: Point,
        r#type: &str,
        mut unused: u32,
    ) -> Option<u32> {
        unused += first + x + ordinate;
        Some(unused)
    }

    let registry = registry();
    assert_eq!(bound(&registry, (1, 2), Point { x: 3, y: 4 }, "five", 6), Some(14));
    assert_eq!(names(&registry), ["1-3-4-five"]);
}

#[test]
fn a_place_only_borrows_what_the_body_takes() {
    #[circuit_breaker(identifier = "by {name}", registry = registry)]
    async fn take(registry: &Registry, name: String) -> Option<String> {
        Some(name)
    }

    let registry = registry();
    assert_eq!(now(take(&registry, "value".to_owned())).as_deref(), Some("value"));
    assert_eq!(names(&registry), ["by value"]);
}

#[test]
fn a_place_may_hold_self() {
    struct Host(Registry);

    impl std::fmt::Display for Host {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("displayed")
        }
    }

    impl Host {
        #[circuit_breaker(identifier = "host {self}", registry = &self.0)]
        fn ping(&self) -> Option<()> {
            Some(())
        }
    }

    let host = Host(registry());
    host.ping().unwrap();
    assert_eq!(names(&host.0), ["host displayed"]);
}

const NAME: &str = "constant";

#[test]
fn any_expression_that_is_a_text_will_do() {
    #[circuit_breaker(identifier = NAME, registry = registry)]
    fn constant(registry: &Registry) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = concat!("con", "cat"), registry = registry)]
    fn concatenated(registry: &Registry) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = name, registry = registry)]
    fn string(registry: &Registry, name: String) -> Option<String> {
        Some(name)
    }
    #[circuit_breaker(identifier = name.to_owned() + "-sum", registry = registry)]
    fn added(registry: &Registry, name: &str) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = if even { "even" } else { "odd" }, registry = registry)]
    fn chosen(registry: &Registry, even: bool) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = Cow::Borrowed(name), registry = registry)]
    fn cow(registry: &Registry, name: &str) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = *name, registry = registry)]
    fn unsized_text(registry: &Registry, name: &str) -> Option<()> {
        Some(())
    }

    let registry = registry();
    constant(&registry).unwrap();
    concatenated(&registry).unwrap();
    string(&registry, "string".to_owned()).unwrap();
    added(&registry, "added").unwrap();
    chosen(&registry, true).unwrap();
    cow(&registry, "cow").unwrap();
    unsized_text(&registry, "str").unwrap();
    assert_eq!(names(&registry), ["added-sum", "concat", "constant", "cow", "even", "str", "string"]);
}

#[test]
fn an_expression_is_evaluated_once_per_call() {
    #[circuit_breaker(identifier = counted(count), registry = registry)]
    fn call(registry: &Registry, count: &Cell<u32>) -> Option<()> {
        Some(())
    }

    fn counted(count: &Cell<u32>) -> String {
        count.set(count.get() + 1);
        format!("call {}", count.get())
    }

    let (registry, count) = (registry(), Cell::new(0));
    call(&registry, &count).unwrap();
    call(&registry, &count).unwrap();
    assert_eq!((names(&registry).len(), count.get()), (2, 2));
}

#[test]
fn scope_and_kind_are_part_of_the_key() {
    #[circuit_breaker(identifier = "fixed", scope = "payments", kind = "http", registry = registry)]
    fn fixed(registry: &Registry) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = "placed {id}", scope = "payments", registry = registry)]
    fn placed(registry: &Registry, id: u32) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = NAME, kind = "http", registry = registry)]
    fn computed(registry: &Registry) -> Option<()> {
        Some(())
    }

    let registry = registry();
    fixed(&registry).unwrap();
    placed(&registry, 1).unwrap();
    computed(&registry).unwrap();
    let keys = [
        Key::new("placed 1").with_scope("payments"),
        Key::new("constant").with_kind("http"),
        Key::new("fixed").with_scope("payments").with_kind("http"),
    ];
    let listed: Vec<Key> = registry.list().into_iter().map(|status| status.key).collect();
    assert_eq!(listed, keys);
}

#[test]
fn places_hold_fields_and_formats() {
    struct Client {
        host: String,
        ports: (u16, [u8; 2]),
    }

    impl Client {
        #[circuit_breaker(identifier = "{self.host}:{self.ports.0:05}", registry = registry)]
        fn ask(&self, registry: &Registry) -> Option<()> {
            Some(())
        }

        #[circuit_breaker(identifier = "{self.ports.1:?}{{{id:#x}}}{name:>4}", registry = registry)]
        async fn take(mut self, registry: &Registry, id: u32, name: &str) -> Option<String> {
            self.host.push_str(name);
            Some(self.host)
        }
    }

    let registry = registry();
    let client = Client { host: "shop".to_owned(), ports: (80, [1, 2]) };
    client.ask(&registry).unwrap();
    assert_eq!(now(client.take(&registry, 255, "s")).unwrap(), "shops");
    assert_eq!(names(&registry), ["[1, 2]{0xff}   s", "shop:00080"]);
}

#[test]
fn scope_and_kind_may_be_constants() {
    const SHOP: &str = "shop";

    trait Scoped {
        const SCOPE: &'static str;
    }

    struct Books;

    impl Scoped for Books {
        const SCOPE: &'static str = "books";
    }

    impl Books {
        const KIND: &'static str = "http";

        #[circuit_breaker(identifier = "own", scope = Self::SCOPE, kind = Books::KIND, registry = registry)]
        fn own(registry: &Registry) -> Option<()> {
            Some(())
        }
    }

    struct Client<T>(T);

    impl<T: Scoped> Client<T> {
        #[circuit_breaker(identifier = "generic", scope = T::SCOPE, registry = registry)]
        async fn generic(registry: &Registry) -> Option<()> {
            Some(())
        }
    }

    #[circuit_breaker(identifier = "fixed", scope = SHOP, kind = concat!("ht", "tp"), registry = registry)]
    fn fixed(registry: &Registry) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = "placed:{id}", scope = SHOP, registry = registry)]
    fn placed(registry: &Registry, id: u32) -> Option<()> {
        Some(())
    }
    #[circuit_breaker(identifier = "braces", scope = "{{shop}}", registry = registry)]
    fn braces(registry: &Registry) -> Option<()> {
        Some(())
    }

    let registry = registry();
    fixed(&registry).unwrap();
    placed(&registry, 7).unwrap();
    braces(&registry).unwrap();
    Books::own(&registry).unwrap();
    now(Client::<Books>::generic(&registry)).unwrap();
    for key in [
        Key::new("fixed").with_scope("shop").with_kind("http"),
        Key::new("placed:7").with_scope("shop"),
        Key::new("braces").with_scope("{shop}"),
        Key::new("own").with_scope("books").with_kind("http"),
        Key::new("generic").with_scope("books"),
    ] {
        assert!(registry.get(&key).is_some(), "{key:?} in {:?}", names(&registry));
    }
}

#[test]
fn an_empty_name_runs_unguarded() {
    #[circuit_breaker(identifier = name, registry = registry)]
    fn call(registry: &Registry, name: &str) -> Option<u32> {
        Some(5)
    }

    let registry = registry();
    assert_eq!(call(&registry, ""), Some(5));
    assert!(registry.is_empty());
}
