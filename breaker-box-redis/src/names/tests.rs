use std::collections::{BTreeSet, HashSet};

use breaker_core::{AsKey as _, Key};

use super::*;

fn name(key: &Key) -> String {
    Names::readable().name(key.as_key()).name.0.to_string()
}

#[test]
fn a_name_has_the_parts_of_its_key() {
    let orders = Key::new("orders");
    assert_eq!(name(&orders), "orders");
    assert_eq!(name(&orders.clone().with_scope("check/out")), "check%2Fout/orders");
    assert_eq!(name(&orders.clone().with_kind("db")), "db/~/orders");
    assert_eq!(name(&orders.with_scope("a b").with_kind("db~")), "db%7E/a%20b/orders");
    assert_eq!(name(&Key::new("")), "~");
    assert_eq!(name(&Key::new("größe\n")), "gr%C3%B6%C3%9Fe%0A");
}

#[test]
fn different_keys_have_different_names_that_lead_back_to_them() {
    let parts = ["", "a", "~", "/", "%", "a/b", "%7E", "-", "ü", "a b", "~/a"];
    let optional = || std::iter::once(None).chain(parts.into_iter().map(Some));
    let mut names = HashSet::new();
    for identifier in parts {
        for scope in optional() {
            for kind in optional() {
                let mut key = Key::new(identifier);
                if let Some(scope) = scope {
                    key = key.with_scope(scope);
                }
                if let Some(kind) = kind {
                    key = key.with_kind(kind);
                }
                let name = name(&key);
                assert!(is_name(&name), "{name}");
                assert_eq!(super::key(&name), Some(key), "{name}");
                assert!(names.insert(name));
            }
        }
    }
}

#[test]
fn what_is_no_name_of_ours_has_no_key() {
    for text in ["a/b/c/d", "a%2fb", "%41", "%", "%2", "%GG", "%FF", "a b", "~0a", "ü", "a/~"] {
        assert_eq!(key(text), None, "{text}");
    }
    assert!(!is_name("a b") && !is_name("a\n") && !is_name(&"a".repeat(513)));
}

#[test]
fn long_names_are_hashed_and_kept_up_to_a_bound() {
    let named = |length: usize| Names::readable().name(KeyRef::new(&"x".repeat(length)));
    assert_eq!(named(128).name.0.len(), 128);
    let long = named(129);
    // The beginning of SHA-256, the same in every version.
    assert_eq!(&*long.name.0, "~0ec9eb33e74510bcdd1f2ea55206e82f21649c5c");
    assert!(is_name(&long.name.0));
    assert_eq!(long.full_name.as_deref(), Some("x".repeat(129).as_str()));
    assert_eq!(key(&long.full_name.unwrap()), Some(Key::new("x".repeat(129))));
    assert_eq!(named(512).full_name.unwrap().len(), 512);
    assert_eq!(named(513).full_name, None);
    assert_ne!(named(513).name, named(514).name);
}

#[test]
fn secret_names_depend_on_the_secret_and_tell_nothing() {
    let secret = |secret: &str, key: &str| Names::secret(secret.as_bytes()).name(KeyRef::new(key));
    let one = secret("s", "payment_api");
    // The beginning of HMAC-SHA-256, the same in every version.
    assert_eq!(&*one.name.0, "~83064f15f5669825e832f3595391b19b78411080");
    assert_eq!(one, secret("s", "payment_api"));
    assert_eq!(one.full_name, None);
    assert_ne!(one, secret("t", "payment_api"));
    assert_ne!(one, secret("s", "payment_apj"));
    assert_eq!(secret("s", &"x".repeat(1_000)).full_name, None);
    assert_eq!(key(&one.name.0), None);
    assert_eq!(format!("{:?}", Names::secret(b"hush")), "Names { secret: true }");
}

#[test]
fn a_shard_is_stable_and_all_are_used() {
    let shard_of = |text: &str, shards| shard(&Name(text.into()), shards);
    assert_eq!(shard_of("payment_api", 1), 0);
    assert_eq!(shard_of("payment_api", 0), 0);
    // FNV-1a of the empty text and of "a".
    assert_eq!(u64::from(shard_of("", u16::MAX)), 0xcbf2_9ce4_8422_2325 % u64::from(u16::MAX));
    assert_eq!(u64::from(shard_of("a", u16::MAX)), 0xaf63_dc4c_8601_ec8c % u64::from(u16::MAX));
    let used: BTreeSet<u16> = (0..200).map(|n| shard_of(&format!("circuit_{n}"), 8)).collect();
    assert_eq!(used.len(), 8);
}
