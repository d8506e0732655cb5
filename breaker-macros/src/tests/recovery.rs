//! What is emitted for an invalid attribute or an incomplete function.

use super::{errors, expanded};

/// The expansion of another item, without the error before it.
fn item_after_error(args: &str, item: &str) -> String {
    let tokens = expanded(args, item).to_string();
    let (_, after) = tokens.split_once("compile_error ! { ").unwrap();
    after.split_once(" }").unwrap().1.trim().to_owned()
}

/// The expansion of a function, and where in it the written body stands.
fn expansion_and_body(args: &str, item: &str) -> (String, Option<usize>) {
    let tokens = expanded(args, item).to_string();
    let (_, body) = item.split_once("{ ").unwrap();
    let body = tokens.find(body);
    (tokens, body)
}

#[test]
fn a_rejected_function_is_emitted_as_written_after_its_errors() {
    let item = "# [inline] pub fn pay (card : & str) -> Option < u32 > { let x = ; card . }";
    for (args, count) in [("treshold = 5", 2), (r#"identifier = "pay" "late""#, 1)] {
        let (expansion, body) = expansion_and_body(args, item);
        assert!(expansion.starts_with("# [inline] pub fn pay (card : & str) -> Option < u32 > { "), "{expansion}");
        assert!(body > expansion.rfind("compile_error"), "{expansion}");
        assert_eq!(errors(args, item).len(), count);
    }
}

#[test]
fn names_that_only_a_rejected_attribute_uses_count_as_used() {
    let args =
        "identifier = NAME, treshold = 5, error_handlr = judge, fallback = |open| open.into(), registry = registry";
    let (expansion, _) = expansion_and_body(args, "fn pay (& self , (card , _) : (& str , u32)) { body }");
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
fn values_that_may_not_be_code_are_not_emitted() {
    // A word may be a string without its quotes, the path of the facade is not a value, and a
    // `const fn` can only call other ones.
    let cases = [
        ("identifier = pay", "fn pay () { body }"),
        (r#"identifier = "pay", kind = http"#, "fn pay () { body }"),
        (r#"identifier = "pay", crate = shop, treshold = 5"#, "fn pay () { body }"),
        (r#"identifier = "pay", registry = registry()"#, "const fn pay () { body }"),
    ];
    for (args, item) in cases {
        let (expansion, _) = expansion_and_body(args, item);
        assert!(expansion.contains("if false { let _ = () ; } body"), "{expansion}");
    }
}

#[test]
fn what_the_compiler_has_rejected_is_not_reported_again() {
    let (expansion, body) = expansion_and_body("identifier = \"pay\", jitter = 1e", "fn pay () { body }");
    assert!(!expansion.contains("compile_error") && !expansion.contains("enter"), "{expansion}");
    assert!(body.is_some(), "{expansion}");
}

#[test]
fn a_half_typed_body_is_guarded_as_well() {
    let expansion = expanded(r#"identifier = "pay""#, "fn pay() -> Option<u32> { let x = ; card. }").to_string();
    assert!(expansion.contains("{ let x = ; card . }"), "{expansion}");
    assert!(!expansion.contains("compile_error"), "{expansion}");
}

#[test]
fn another_item_is_emitted_without_further_circuit_breaker_attributes() {
    let item = "#[circuit_breaker(identifier = \"b\")] #[repr(C)] #[breaker_box::circuit_breaker] struct Pay;";
    assert_eq!(item_after_error(r#"identifier = "a""#, item), "# [repr (C)] struct Pay ;");
    assert_eq!(errors(r#"identifier = "a""#, item).len(), 1);
}

#[test]
fn a_rejected_function_keeps_further_circuit_breaker_attributes() {
    let (expansion, body) = expansion_and_body("", "# [circuit_breaker (identifier = \"b\")] fn pay () { body }");
    assert!(expansion.starts_with("# [circuit_breaker (identifier = \"b\")] fn pay () { "), "{expansion}");
    assert!(body.is_some(), "{expansion}");
}
