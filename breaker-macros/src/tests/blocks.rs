//! The attribute on `impl` blocks: what is guarded, and which blocks are rejected.

use super::{errors, expanded};

/// The expansion of a block, without blanks that only tokens have.
fn expansion(args: &str, block: &str) -> String {
    let text = expanded(args, block).to_string().replace(":: breaker_box :: __private :: circuit_breaker", "made");
    syn::parse_str(&text).map_or(text, |file| prettyplease::unparse(&file))
}

/// The functions of a block that get the block's options.
fn guarded(block: &str) -> Vec<String> {
    assert_eq!(errors(r#"identifier = "shop""#, block), [""; 0], "{block}");
    let expansion = expansion(r#"identifier = "shop""#, block);
    let mut names = Vec::new();
    let mut is_next = false;
    for line in expansion.lines() {
        is_next |= line.contains("made(identifier");
        if let Some((_, name)) = line.split_once("fn ").filter(|_| is_next) {
            names.push(name.split(['(', '<']).next().unwrap().to_owned());
            is_next = false;
        }
    }
    names
}

#[test]
fn functions_with_a_receiver_are_guarded_unless_const_skipped_or_annotated() {
    let block = r#"
        impl<T: Into<u32>, const N: usize> Store<{ N }> for Shop<'_, T> where T: Send {
            #![allow(unused)]
            type Item = fn();
            const F: fn(u32) = pay;
            const LIMIT: u32 = { 5 };
            pub fn new() -> Option<Self> { None }
            pub const fn limit(&self) -> u32 { 5 }
            pub fn by_reference(&self) -> Option<u32> { None }
            pub(crate) async fn by_value(mut self, (a, b): (u32, u32)) -> Option<u32> { None }
            unsafe extern "C" fn by_arc(self: Arc<Self>) -> Option<u32> { None }
            #[circuit_breaker(skip)]
            fn skipped(&self) -> u32 { 5 }
            #[breaker_box::circuit_breaker(skip,)]
            fn skipped_by_path(&self) -> u32 { 5 }
            #[circuit_breaker(identifier = "own")]
            fn own(&self) -> Option<u32> { None }
            make!(a; b);
            make! { a }
            fn generic<U: Clone>(&mut self, all: impl Iterator<Item = U>) -> Option<U> where U: Copy { None }
        }
    "#;
    assert_eq!(guarded(block), ["by_reference", "by_value", "by_arc", "generic"]);
    assert_eq!(guarded("impl Pay { fn r#type(&self) {} }"), ["r#type"]);
    assert_eq!(guarded("unsafe impl Pay for u32 { fn pay(&self) {} }"), ["pay"]);
    assert_eq!(guarded("impl Pay { fn half_typed(&self) { self. } }"), [""; 0], "it is no file, but it expands");
}

#[test]
fn the_attribute_is_above_the_functions_own_and_below_those_of_earlier_blocks() {
    let block = "impl Pay { #[retry] #[doc = \"\"] #[circuit_breaker(skip)] fn a(&self) {} #[retry] fn b(&self) {} }";
    let once = expanded(r#"identifier = "a""#, &format!("#[circuit_breaker(identifier = \"b\")] {block}")).to_string();
    let block = once.strip_prefix("# [circuit_breaker (identifier = \"b\")]").unwrap();
    let twice = expansion(r#"identifier = "b""#, block);
    let lines: Vec<_> = twice.lines().map(str::trim).filter(|line| line.starts_with('#')).collect();
    assert_eq!(lines, ["#[retry]", r#"#[made(identifier = "a")]"#, r#"#[made(identifier = "b")]"#, "#[retry]"]);
}

#[test]
fn a_condition_decides_between_the_options_of_the_block_and_those_of_the_function() {
    let block = "impl Pay {
        #[cfg_attr(test, circuit_breaker(skip))] fn a(&self) {}
        #[cfg_attr(test, inline, circuit_breaker(identifier = \"own\"))] #[cfg_attr(all(a, b), circuit_breaker(skip), cold)] fn b(&self) {}
        #[cfg_attr(test, inline)] fn c(&self) {}
        #[cfg_attr(a, cfg_attr(b, circuit_breaker(skip), cold))] #[cfg_attr(c,)] fn d(&self) {}
    }";
    let expansion = expansion(r#"identifier = "a""#, block);
    let lines: Vec<_> = expansion.lines().map(str::trim).filter(|line| line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            r#"#[cfg_attr(not(test), made(identifier = "a"))]"#,
            r#"#[cfg_attr(not(any(test, all(a, b))), made(identifier = "a"))]"#,
            r#"#[cfg_attr(test, inline, circuit_breaker(identifier = "own"))]"#,
            "#[cfg_attr(all(a, b), cold)]",
            r#"#[made(identifier = "a")]"#,
            "#[cfg_attr(test, inline)]",
            r#"#[cfg_attr(not(all(a, b)), made(identifier = "a"))]"#,
            "#[cfg_attr(a, cfg_attr(b, cold))]",
            "#[cfg_attr(c)]",
        ],
    );
}

#[test]
fn the_facade_is_where_the_option_says() {
    let expansion = expansion(r#"identifier = "a", crate = shop::breaker"#, "impl Pay { fn a(&self) {} }");
    assert!(expansion.contains("#[shop::breaker::__private::circuit_breaker(identifier"), "{expansion}");
}

#[test]
fn each_mistake_is_reported_once_for_all_functions() {
    let three = "impl Pay { fn a(&self, card: u32) {} async fn b(&self, card: u32, more: u32) {} fn c(&self) {} }";
    let cases: &[(&str, &str, &[&str])] = &[
        ("", three, &["`identifier` is missing: write `identifier = \"{fn}\"`"]),
        (
            r#"identifier = "a", expiry = 30, treshold = 5"#,
            three,
            &[
                "unknown option `treshold`; did you mean `failure_threshold`?",
                "a duration is a string: write `expiry = \"30s\"`",
            ],
        ),
        (
            r#"identifier = "{card}{fn}""#,
            three,
            &["in `c`: the placeholder `{card}` names no argument; give it options of its own, or mark it with \
                `#[circuit_breaker(skip)]`"],
        ),
        (r#"identifier = "{cart}""#, three, &["the placeholder `{cart}` names no argument; did you mean `{card}`?"]),
        (
            r#"identifier = "{more}""#,
            three,
            &[
                "in `a` and `c`: the placeholder `{more}` names no argument; give them options of their own, or mark them \
                with `#[circuit_breaker(skip)]`",
            ],
        ),
        (
            r#"identifier = "a", fallback = async |_| ()"#,
            three,
            &[
                "in `a` and `c`: nothing can await the fallback of a function that is not async; give them options of their \
                own, or mark them with `#[circuit_breaker(skip)]`",
            ],
        ),
        (
            r#"identifier = "a""#,
            "impl Pay { fn a(&self) -> ! { loop {} } fn b(&self) {} fn c(&self) -> ! { loop {} } }",
            &["a function that never returns has no result to count; annotate the functions that it calls, or mark this \
                one with `#[circuit_breaker(skip)]`"; 2],
        ),
        (
            r#"identifier = "a", skip"#,
            "impl Pay { fn a(&self) {} }",
            &[
                "`skip` leaves a function of an annotated `impl` block unguarded, and belongs on that function alone; remove it",
            ],
        ),
    ];
    for (args, block, messages) in cases {
        assert_eq!(errors(args, block), *messages, "{args}");
    }
}

#[test]
fn wrong_marks_are_reported_with_the_other_errors() {
    let block = r#"impl Pay {
        #[circuit_breaker(skip, expiry = "3s")] fn a(&self) {}
        #[circuit_breaker(skip = true)] fn b(&self) {}
        #[circuit_breaker(skip)] #[circuit_breaker(identifier = "own")] fn c(&self) {}
        fn d(&self) {}
    }"#;
    let expected = [
        "`skip` leaves the function unguarded, so it cannot be combined with options; remove it, or them",
        "`skip` takes no value; write `#[circuit_breaker(skip)]`",
        "this function has options of its own as well; remove them, or `#[circuit_breaker(skip)]`",
        "`identifier` is missing: write `identifier = \"{fn}\"`",
    ];
    assert_eq!(errors("", block), expected);
}

#[test]
fn skip_elsewhere_is_rejected() {
    let found = errors("skip", "fn pay() {}");
    assert_eq!(
        found,
        [
            "`skip` leaves a function of an annotated `impl` block unguarded, and belongs on that function alone; remove it"
        ],
    );
    assert_eq!(errors("skipp", "fn pay() {}"), ["unknown option `skipp`; did you mean `skip`?"]);
}

#[test]
fn a_block_that_guards_nothing_says_why() {
    let cases = [
        ("impl Pay {}", "this `impl` block has no function to guard; remove the attribute"),
        (
            "impl Pay { make!(); const A: u32 = 5; }",
            "this `impl` block has no function to guard; if a macro makes its functions, annotate them there",
        ),
        (
            "impl Pay { #[circuit_breaker(skip)] fn a(&self) {} #[circuit_breaker(identifier = \"own\")] fn b(&self) {} }",
            "this `impl` block has no function to guard: each is skipped or has options of its own; remove the attribute",
        ),
        (
            "impl Pay { fn new() {} const fn a(&self) {} }",
            "this `impl` block has no function to guard: it guards those that take `self` and are not `const`; annotate \
                others one by one",
        ),
    ];
    for (block, message) in cases {
        assert_eq!(errors(r#"identifier = "pay""#, block), [message], "{block}");
    }
    assert_eq!(errors("", "impl Pay {}").len(), 1, "what is missing does not matter");
    assert_eq!(errors("expiri = \"3s\"", "impl Pay {}").len(), 2);
}

#[test]
fn a_rejected_block_is_emitted_without_marks_and_uses_what_its_options_name() {
    let block = r#"impl Pay {
        const A: u32 = 5;
        #[cfg(test)] fn a(&self) { a }
        #[circuit_breaker(skip)] fn b(&self) { b }
        #[circuit_breaker(identifier = "own")] fn c() { c }
        #[inline] fn d(&self, card: u32) { #![allow(unused)] d }
        fn e(&self, other: u32) { e }
    }"#;
    let args = "identifier = name(card), error_handler = |r| judge(r, other), registry = registry, expiri = 5";
    let expansion = expanded(args, block).to_string();
    assert!(!expansion.contains("skip") && !expansion.contains("__private"), "{expansion}");
    for kept in [
        "# [cfg (test)] fn a (& self) { if false { let _ = (& self ,) ; } a }",
        "fn b (& self) { b }",
        "# [circuit_breaker (identifier = \"own\")] fn c () { c }",
        "# [inline] # [allow (unused)] fn d (& self , card : u32) { :: core :: compile_error !",
        "if false { let _ = (& self , & card ,) ; let _ = name (card) ; let _ = registry ; } d }",
        "fn e (& self , other : u32) { if false { let _ = (& self , & other ,) ; } e }",
    ] {
        assert!(expansion.contains(kept), "{kept} in {expansion}");
    }
}

#[test]
fn an_error_of_functions_under_conditions_alone_is_left_to_them() {
    let args = r#"identifier = "{card}""#;
    let block = "impl Pay { fn a(&self, card: u32) {} #[cfg(unix)] fn b(&self) {} #[cfg(test)] fn c(&self) -> ! {} }";
    assert_eq!(errors(args, block), [""; 0]);
    let block = block.replace("fn a(&self, card: u32)", "fn a(&self)");
    let in_both = "in `a` and `b`: the placeholder `{card}` names no argument; give them options of their own, or mark \
        them with `#[circuit_breaker(skip)]`";
    assert_eq!(
        errors(args, &block.replace("-> !", "")),
        ["the placeholder `{card}` names no argument; the arguments are `self`"]
    );
    assert_eq!(errors(args, &block.replace("c(&self) -> !", "b(&self, card: u32)")), [in_both]);
}

#[test]
fn errors_are_beside_a_block_whose_functions_may_all_be_absent() {
    let expansion = expanded("", "impl Pay { #[cfg(test)] fn a(&self) { a } }").to_string();
    assert!(expansion.starts_with(":: core :: compile_error !"), "{expansion}");
}

#[test]
fn the_name_of_the_function_is_a_placeholder() {
    let name_in = |args: &str, item: &str| {
        assert_eq!(errors(args, item), [""; 0]);
        let text = expanded(args, item).to_string();
        text.contains("\"shop.{pay}\"") || text.contains("\"shop.{{pay}}/{}\"")
    };
    assert!(name_in(r#"identifier = "shop.{{{fn}}}""#, "fn pay() -> Option<u32> { None }"));
    assert!(name_in(r#"identifier = "shop.{{{fn}}}""#, "fn r#pay(r#fn: u32) -> Option<u32> { None }"));
    assert!(name_in(r#"identifier = "shop.{{{fn}}}/{card}""#, "fn pay(card: u32) -> Option<u32> { None }"));
    for written in ["fn:?", "fn.name", "fn "] {
        assert_eq!(
            errors(&format!("identifier = \"{{{written}}}\""), "fn pay() {}"),
            [format!("the placeholder `{{{written}}}` is the name of the function, as it is; write `{{fn}}`")],
        );
    }
    for option in ["scope", "kind"] {
        assert_eq!(
            errors(&format!(r#"identifier = "a", {option} = "{{fn}}""#), "fn pay() {}"),
            [format!("`{{fn}}` is filled in only in `identifier`; put it there, or write `{option}` out")],
        );
    }
}
