//! Which functions are run in which way, and which are rejected.

use super::{errors, expanded};

/// What stands for the way in which the item runs: an async body, a future that a body made, or a
/// value, whose type decides.
fn runner(args: &str, item: &str) -> &'static str {
    assert_eq!(errors(args, item), [""; 0], "{item}");
    let expansion = expanded(args, item).to_string();
    let runners = ["run_async_by_default", "run_eager_by_default", "Classify"];
    runners.into_iter().find(|runner| expansion.contains(&format!(":: {runner}"))).unwrap()
}

/// Returns whether the result is guarded as a future.
fn is_guarded_as_future(item: &str) -> bool {
    runner(r#"identifier = "pay", fallback = answer"#, item) != "Classify"
}

#[test]
fn the_written_return_type_decides_whether_a_future_is_guarded() {
    let futures = [
        "async fn pay() {}",
        "async unsafe fn pay() {}",
        "fn pay() -> impl Future<Output = u32> + Send { later() }",
        "fn pay() -> impl Send + core::future::Future<Output = u32> { later() }",
        "fn pay() -> Pin<Box<dyn Future<Output = u32> + Send + '_>> { later() }",
        "fn pay() -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = u32>>> { later() }",
        "fn pay() -> Box<dyn Future<Output = u32> + Unpin> { later() }",
        "fn pay() -> Pin<Box<impl Future<Output = u32> + Send>> { later() }",
        "fn pay() -> BoxFuture<'_, u32> { later() }",
        "fn pay() -> futures::future::LocalBoxFuture<'static, u32> { later() }",
    ];
    for item in futures {
        assert!(is_guarded_as_future(item), "{item}");
    }
}

#[test]
fn a_body_that_is_one_async_move_block_is_admitted_at_the_first_poll() {
    let at_first_poll = |body: &str| {
        let item = format!("fn pay(&self, card: &str) -> BoxFuture<'_, u32> {{ {body} }}");
        runner(r#"identifier = "pay", fallback = answer"#, &item) == "run_async_by_default"
    };
    let blocks = [
        "async move { 5 }",
        "Box::pin(async move { 5 })",
        "::std::boxed::Box::pin(async move { let card = card; 5 },)",
    ];
    for body in blocks {
        assert!(at_first_poll(body), "{body}");
    }
    let others = [
        "async { 5 }",
        "return Box::pin(async move { 5 });",
        "let card = card.len(); Box::pin(async move { card })",
        "Box::pin(async move { 5 }.map(Some))",
        "Box::new(async move { 5 })",
        "pin(async move { 5 })",
        "async move { 5 }.boxed()",
        "Box::pin(Box::pin(async move { 5 }))",
    ];
    for body in others {
        assert!(!at_first_poll(body), "{body}");
    }
}

#[test]
fn a_block_that_does_not_capture_what_a_handler_uses_is_admitted_at_the_call() {
    let at_first_poll = |options: &str, body: &str| {
        let item = format!("fn pay(&self, card: &str) -> BoxFuture<'_, u32> {{ async move {{ {body} }} }}");
        runner(options, &item) == "run_async_by_default"
    };
    assert!(at_first_poll(r#"identifier = "pay:{card}""#, "charge(card)"));
    assert!(at_first_poll(r#"identifier = "pay:{card}""#, r#"println!("{card}")"#));
    assert!(at_first_poll(r#"identifier = "pay", fallback = |_| self.last(card)"#, "self.charge(card)"));
    assert!(at_first_poll(r#"identifier = "pay:{card}", registry = &self.registry"#, "5"), "made of it before");
    assert!(!at_first_poll(r#"identifier = "pay", fallback = |_| card.len()"#, "self.charge()"));
    assert!(at_first_poll(r#"identifier = "card""#, "5"));
}

#[test]
fn the_body_does_not_decide_whether_a_future_is_guarded() {
    let plain = [
        "fn pay() { async { 5 } }",
        "fn pay() -> Receipt { Box::pin(async move {}) }",
        "fn pay() -> Pin<Box<Later>> { Box::pin(async move {}) }",
        "fn pay() -> Result<impl Future<Output = u32>, String> { Ok(async { 5 }) }",
        "fn pay() -> Option<Box<dyn Future<Output = u32>>> { None }",
        "fn pay() -> Pin<&mut dyn Future<Output = u32>> { later() }",
    ];
    for item in plain {
        assert!(!is_guarded_as_future(item), "{item}");
    }
}

#[test]
fn functions_and_items_that_cannot_be_guarded_are_rejected() {
    let cases = [
        (
            "const fn pay() -> Option<u32> { None }",
            "a `const fn` may run at compile time, where there are no circuits; remove `const`",
        ),
        (
            "unsafe extern \"C\" fn pay(first: u32, ...) -> Option<u32> { None }",
            "a variadic function cannot be guarded; annotate a function that calls it",
        ),
        (
            "fn pay() -> Option<u32>;",
            "`pay` has no body to guard; annotate its implementations instead of the declaration",
        ),
        (
            "fn pay() -> ! { loop {} }",
            "a function that never returns has no result to count; annotate the functions that it calls",
        ),
        (
            "fn pay() -> impl Send + futures::TryFuture<Ok = u32> { later() }",
            "`impl TryFuture` hides the output of the future; write `impl Future<Output = …>`",
        ),
        ("struct Pay;", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a struct"),
        ("pub(crate) enum Pay {}", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on an enum"),
        (
            "unsafe extern \"C\" { safe fn pay(); }",
            "`#[circuit_breaker]` belongs on a function or an `impl` block, not on an `extern` block; annotate functions \
                that call those inside",
        ),
        (
            "#[doc = \"\"] pub trait Pay {}",
            "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a trait; annotate its implementations, or methods that have a body here",
        ),
        ("static PAY: u32 = 5;", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a static"),
        ("const PAY: fn() = pay;", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a constant"),
        ("type Pay = fn();", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a type alias"),
        ("use pay::pay;", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on an import"),
        (
            "mod pay { fn pay() {} }",
            "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a module; annotate the functions inside",
        ),
        ("union Pay { card: u32 }", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a union"),
        ("extern crate pay;", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on an import"),
        (
            "macro_rules! pay { () => {} }",
            "`#[circuit_breaker]` belongs on a function or an `impl` block, not on a macro; annotate the function that it makes",
        ),
        ("|card| card", "`#[circuit_breaker]` belongs on a function or an `impl` block, not on this"),
    ];
    for (item, message) in cases {
        assert_eq!(errors(r#"identifier = "pay""#, item), [message], "{item}");
    }
}

#[test]
fn errors_of_options_and_function_are_reported_together() {
    let found = errors("expiry = 30", "const fn pay();");
    assert_eq!(
        found,
        [
            "a `const fn` may run at compile time, where there are no circuits; remove `const`",
            "`pay` has no body to guard; annotate its implementations instead of the declaration",
            "`identifier` is missing: write `identifier = \"pay\"`",
            "a duration is a string: write `expiry = \"30s\"`",
        ],
    );
}

#[test]
fn handlers_are_closures_or_paths_with_one_argument() {
    let found = |option: &str, item: &str| errors(&format!("identifier = \"pay\", {option}"), item);
    let sync = "fn pay() -> Option<u32> { None }";
    let later = "async fn pay() -> Option<u32> { None }";
    let cases = [
        (
            sync,
            "fallback = async |open| None",
            "nothing can await the fallback of a function that is not async; remove this `async`",
        ),
        (
            later,
            "fallback = |open| async { None }",
            "nothing awaits this block; to await it, write `async |open| …` instead",
        ),
        (
            sync,
            "fallback = answers()",
            "`fallback` takes a closure or the path of a function: write `fallback = |open| Err(open.into())`",
        ),
        (
            sync,
            "fallback = |open, extra| None",
            "`fallback` takes one argument, the `CircuitOpenError`; remove this one",
        ),
        (
            sync,
            "error_handler = || true",
            "`error_handler` takes one argument, the result: write `error_handler = |result| result.is_ok()`",
        ),
        (
            later,
            "error_handler = async |result| true",
            "`error_handler` looks at a finished result and cannot be async; remove `async`",
        ),
    ];
    for (item, option, message) in cases {
        assert_eq!(found(option, item), [message], "{option}");
    }
    for option in ["fallback = async |open| None", "fallback = move |_| None", "error_handler = Self::judge::<u32>"] {
        assert_eq!(found(option, later), [""; 0], "{option}");
    }
}
