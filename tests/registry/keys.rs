//! Keys: structured, never joined into one string.

use breaker_box::{AsKey, Key, Policy, Registry};

use crate::support::registry;

fn register_all(registry: &Registry, keys: &[Key]) {
    for key in keys {
        registry.register(key, Policy::new()).unwrap();
    }
}

#[test]
fn scopes_kinds_and_identifiers_never_collide() {
    let (registry, _) = registry();
    let keys = [
        Key::new("c"),
        Key::new("c").with_scope("b"),
        Key::new("c").with_kind("b"),
        Key::new("c").with_scope("b").with_kind("a"),
        Key::new("b").with_scope("c"),
        Key::new("b:c"),
        Key::new("b/c"),
        Key::new("b:c").with_scope("a"),
        Key::new("c").with_scope("a:b"),
        Key::new("b/c").with_scope("a"),
        Key::new("c").with_scope("a/b"),
        Key::new("c").with_scope(""),
        Key::new("c").with_kind(""),
    ];
    register_all(&registry, &keys);
    assert_eq!(registry.len(), keys.len());
}

#[test]
fn circuits_of_one_identifier_in_two_scopes_are_two() {
    let (registry, _) = registry();
    let keys = [Key::new("api").with_scope("payments"), Key::new("api").with_scope("refunds"), Key::new("api")];
    register_all(&registry, &keys);
    registry.open(&keys[0]).unwrap();
    let available = keys.each_ref().map(|key| registry.is_available(key));
    assert_eq!(available, [false, true, true]);
}

#[test]
fn names_are_compared_byte_by_byte() {
    let (registry, _) = registry();
    register_all(&registry, &["api", "API", " api", "api ", "äpi", "a\u{308}pi"].map(Key::new));
    assert_eq!(registry.len(), 6);
}

#[test]
fn look_ups_take_strings_and_keys_by_reference() {
    let (registry, _) = registry();
    registry.register("api", Policy::new()).unwrap();
    let (owned, key) = (String::from("api"), Key::new("api"));
    assert!(registry.get("api").is_some());
    assert!(registry.get(&owned).is_some());
    assert!(registry.get(&key).is_some());
}

#[test]
fn registrations_take_strings_and_keys() {
    let (registry, _) = registry();
    assert!(registry.register("one", Policy::new()).is_ok());
    assert!(registry.register(String::from("two"), Policy::new()).is_ok());
    assert!(registry.register(Key::new("three").with_scope("s"), Policy::new()).is_ok());
    assert_eq!(registry.len(), 3);
}

#[test]
fn keys_order_by_kind_then_scope_then_identifier() {
    let key = |kind: &str, scope: &str, identifier: &str| Key::new(identifier).with_scope(scope).with_kind(kind);
    assert!(key("a", "z", "z") < key("b", "a", "a"));
    assert!(key("a", "a", "z") < key("a", "b", "a"));
    assert!(key("a", "a", "a") < key("a", "a", "b"));
}

#[test]
fn a_borrowed_key_orders_as_the_owned_one() {
    let (a, b) = (Key::new("z").with_scope("a"), Key::new("a").with_scope("b"));
    assert!(a < b);
    assert!(a.as_key() < b.as_key());
}

#[test]
fn a_long_name_is_a_name() {
    let (registry, _) = registry();
    let long = "x".repeat(512);
    registry.register(long.as_str(), Policy::new()).unwrap();
    assert!(registry.is_available(&long));
}
