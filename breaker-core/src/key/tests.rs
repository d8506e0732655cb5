//! Order, display and parts of keys.

use super::*;

#[test]
fn keys_order_by_kind_then_scope_then_identifier() {
    let mut keys = [
        Key::new("a").with_scope("s").with_kind("k"),
        Key::new("z"),
        Key::new("b").with_kind("k"),
        Key::new("a").with_scope("s"),
    ];
    keys.sort();
    let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["z", "s/a", "k/b", "k/s/a"]);
}

#[test]
fn a_line_break_in_a_name_is_printed_escaped() {
    assert_eq!(Key::new("a\nb\u{1b}").to_string(), "a\\nb\\u{1b}");
    assert_eq!(Key::new("a\u{2028}b\u{202e}c").to_string(), "a\\u{2028}b\\u{202e}c");
}

#[test]
fn a_long_name_is_printed_up_to_a_character_boundary() {
    for (text, shown) in [("x", 'x'), ("é", 'é'), ("𝄞", '𝄞')] {
        assert_eq!(Key::new(text.repeat(128)).to_string(), text.repeat(128));
        let mut cut: String = [shown; 128].iter().collect();
        cut.push('…');
        assert_eq!(Key::new(text.repeat(129)).to_string(), cut);
        assert_eq!(Key::new(text.repeat(129)).as_key().shortened(), Key::new(cut));
    }
    let key = Key::new("i".repeat(200)).with_scope("s".repeat(200)).with_kind("k".repeat(200));
    assert_eq!(key.to_string().chars().count(), 3 * 129 + 2);
}

#[test]
fn the_longest_part_is_named() {
    let key = Key::new("ab").with_scope("abcd").with_kind("abc");
    assert_eq!(key.as_key().longest_part(), ("scope", "abcd"));
    assert_eq!("".as_key().longest_part(), ("identifier", ""));
}

#[test]
fn a_key_takes_three_words() {
    assert_eq!(size_of::<Key>(), 24);
}

#[test]
fn the_parts_of_a_clone_are_its_own() {
    let key = Key::new("orders").with_scope("checkout");
    let other = key.clone().with_scope("search").with_kind("http");
    assert_eq!((key.scope(), key.kind()), (Some("checkout"), None));
    assert_eq!((other.scope(), other.kind()), (Some("search"), Some("http")));
    assert_eq!(format!("{key:?}"), r#"Key { kind: None, scope: Some("checkout"), identifier: "orders" }"#);
}
