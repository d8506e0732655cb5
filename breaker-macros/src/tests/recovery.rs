//! What is emitted where the attribute or the function is not finished.

use super::{errors, expanded};

/// The expansion without its errors, which stand first.
fn kept(args: &str, item: &str) -> String {
    let tokens = expanded(args, item).to_string();
    match tokens.rsplit_once("compile_error ! { ") {
        Some((_, last)) => last.split_once(" }").unwrap().1.trim().to_owned(),
        None => tokens,
    }
}

#[test]
fn a_refused_function_is_emitted_as_written() {
    let item = "# [inline] pub fn pay (card : & str) -> Option < u32 > { let x = ; card . }";
    assert_eq!(kept("treshold = 5", item), item);
    assert_eq!(kept(r#"identifier = "pay" "late""#, item), item);
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
    let item = "# [circuit_breaker (identifier = \"b\")] fn pay () { }";
    assert_eq!(kept("", item), item);
}
