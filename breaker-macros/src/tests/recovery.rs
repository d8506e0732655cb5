//! What is emitted where the attribute or the function is not finished.

use super::{errors, expanded};

/// The expansion of another item without its error, which stands first.
fn kept(args: &str, item: &str) -> String {
    let tokens = expanded(args, item).to_string();
    let (_, after) = tokens.split_once("compile_error ! { ").unwrap();
    after.split_once(" }").unwrap().1.trim().to_owned()
}

/// The expansion of a function, and where in it the written body stands.
fn refused(args: &str, item: &str) -> (String, Option<usize>) {
    let tokens = expanded(args, item).to_string();
    let (_, body) = item.split_once("{ ").unwrap();
    let body = tokens.find(body);
    (tokens, body)
}

#[test]
fn a_refused_function_is_emitted_as_written_behind_its_errors() {
    let item = "# [inline] pub fn pay (card : & str) -> Option < u32 > { let x = ; card . }";
    for (args, count) in [("treshold = 5", 2), (r#"identifier = "pay" "late""#, 1)] {
        let (expansion, body) = refused(args, item);
        assert!(expansion.starts_with("# [inline] pub fn pay (card : & str) -> Option < u32 > { "), "{expansion}");
        assert!(body > expansion.rfind("compile_error"), "{expansion}");
        assert_eq!(errors(args, item).len(), count);
    }
}

#[test]
fn what_only_a_refused_attribute_uses_is_used() {
    let args =
        "identifier = NAME, treshold = 5, error_handlr = judge, fallback = |open| open.into(), registry = registry";
    let (expansion, _) = refused(args, "fn pay (& self , (card , _) : (& str , u32)) { body }");
    for used in [
        "let _ = (& self , & card ,) ;",
        "let _ = NAME ;",
        "let _ = judge ;",
        "let _ = | open | open . into () ;",
        "let _ = registry ;",
    ] {
        assert!(expansion.contains(used), "{used} in {expansion}");
    }
}

#[test]
fn what_may_be_no_code_is_not_taken_for_some() {
    // A word may be a string without its quotes, the facade is no value, and a constant function
    // calls nothing that is not.
    let cases = [
        ("identifier = pay", "fn pay () { body }"),
        (r#"identifier = "pay", kind = http"#, "fn pay () { body }"),
        (r#"identifier = "pay", crate = shop, treshold = 5"#, "fn pay () { body }"),
        (r#"identifier = "pay", registry = registry()"#, "const fn pay () { body }"),
    ];
    for (args, item) in cases {
        let (expansion, _) = refused(args, item);
        assert!(expansion.contains("if false { let _ = () ; } body"), "{expansion}");
    }
}

#[test]
fn what_the_compiler_has_refused_is_not_refused_again() {
    let (expansion, body) = refused("identifier = \"pay\", jitter = 1e", "fn pay () { body }");
    assert!(!expansion.contains("compile_error") && !expansion.contains("enter"), "{expansion}");
    assert!(body.is_some(), "{expansion}");
}

#[test]
fn a_half_typed_body_is_guarded_all_the_same() {
    let expansion = expanded(r#"identifier = "pay""#, "fn pay() -> Option<u32> { let x = ; card. }").to_string();
    assert!(expansion.contains("{ let x = ; card . }"), "{expansion}");
    assert!(!expansion.contains("compile_error"), "{expansion}");
}

#[test]
fn another_item_is_emitted_without_further_attributes_of_ours() {
    let item = "#[circuit_breaker(identifier = \"b\")] #[repr(C)] #[breaker_box::circuit_breaker] struct Pay;";
    assert_eq!(kept(r#"identifier = "a""#, item), "# [repr (C)] struct Pay ;");
    assert_eq!(errors(r#"identifier = "a""#, item).len(), 1);
}

#[test]
fn a_refused_function_keeps_further_attributes_of_ours() {
    let (expansion, body) = refused("", "# [circuit_breaker (identifier = \"b\")] fn pay () { body }");
    assert!(expansion.starts_with("# [circuit_breaker (identifier = \"b\")] fn pay () { "), "{expansion}");
    assert!(body.is_some(), "{expansion}");
}
