//! What must hold of the attribute's expansion, whatever it stands on and whatever stands in it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::annotate::annotate;
use crate::block::Block;
use crate::item::Item;

/// Expands, and looks at what comes out: the function with its head as it was, and in its body
/// either the guarded one or errors, each at a place of its own, and the body as it was written.
pub(crate) fn check(args: &TokenStream, item: &TokenStream) {
    let expansion = annotate(args.clone(), item.clone());
    match Item::parse(item.clone()) {
        // A block is emitted as a block, with errors or attributes inside or beside it.
        _ if Block::parse(item.clone()).is_some() => assert!(!expansion.is_empty()),
        Ok(written) if written.body.is_some() => check_function(&written, &expansion, item),
        parsed => check_refused_item(expansion.into_iter().collect(), item, parsed.is_ok()),
    }
    let again: Result<TokenStream, _> = annotate(args.clone(), item.clone()).to_string().parse();
    assert!(again.is_ok(), "what comes out are tokens");
}

/// What has no body comes out behind its errors.
fn check_refused_item(mut trees: Vec<TokenTree>, item: &TokenStream, is_function: bool) {
    let mut errors = 0;
    // An item may begin with such an error itself, but not with one more than was found.
    let most = if is_function { usize::MAX } else { 1 };
    while let Some(error) = Error::first(&trees).filter(|_| errors < most) {
        errors += 1;
        error.check(is_function);
        trees.drain(..Error::LENGTH);
    }
    assert!(errors > 0, "it is refused: {item}");
    let kept = text(trees);
    let written = text(item.clone());
    if is_function || !written.contains("circuit_breaker") {
        assert_eq!(kept, written, "the item is emitted as it was");
    } else {
        // Without further attributes of ours.
        assert!(kept.len() <= written.len(), "{kept}");
    }
}

fn check_function(written: &Item, expansion: &TokenStream, item: &TokenStream) {
    let emitted = Item::parse(expansion.clone()).unwrap_or_else(|error| panic!("{error}: {expansion}"));
    let attributes = |item: &Item| item.attributes.iter().map(|one| one.meta.to_token_stream()).collect::<Vec<_>>();
    assert_eq!(texts(attributes(&emitted)), texts(attributes(written)), "the attributes stay");
    assert_eq!(text(emitted.visibility.to_token_stream()), text(written.visibility.to_token_stream()));
    assert_eq!(text(emitted.signature.to_token_stream()), text(written.signature.to_token_stream()));

    let mut trees = statements(&emitted);
    let body = text(statements(written));
    if begins_with(&trees, "if") || Error::first(&trees).is_some() {
        while let Some(error) = Error::first(&trees) {
            error.check(true);
            trees.drain(..Error::LENGTH);
        }
        // `if false { … }`, where what the attribute names is used.
        assert!(begins_with(&trees, "if"), "{expansion}");
        trees.drain(..3);
        assert_eq!(text(trees), body, "the body is emitted as it was");
        return;
    }
    let guarded = text(trees);
    assert!(guarded.contains(&body), "the body is there: {body} in {guarded}");
    // Where the function is whole, so is what comes out.
    if syn::parse2::<syn::ItemFn>(item.clone()).is_ok() {
        syn::parse2::<syn::ItemFn>(expansion.clone()).unwrap_or_else(|error| panic!("{error}: {expansion}"));
    }
}

fn begins_with(trees: &[TokenTree], word: &str) -> bool {
    trees.first().is_some_and(|first| first.to_string() == word)
}

fn statements(item: &Item) -> Vec<TokenTree> {
    let body = item.body.as_ref().expect("a function with a body").to_token_stream();
    let braces = body.into_iter().next().expect("its braces");
    match braces {
        TokenTree::Group(braces) => braces.stream().into_iter().collect(),
        other => panic!("{other} are no braces"),
    }
}

/// Without the blanks that an invisible group leaves.
fn text(tokens: impl IntoIterator<Item = TokenTree>) -> String {
    let text = tokens.into_iter().collect::<TokenStream>().to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn texts(all: Vec<TokenStream>) -> Vec<String> {
    all.into_iter().map(text).collect()
}

/// `::core::compile_error! { "…" }`.
struct Error {
    message: String,
    from: Span,
    to: Span,
}

impl Error {
    /// How many token trees it is.
    const LENGTH: usize = 8;

    /// The error that the tokens begin with.
    fn first(trees: &[TokenTree]) -> Option<Self> {
        let head = trees.get(..Self::LENGTH)?;
        let words: Vec<String> = head[..Self::LENGTH - 1].iter().map(ToString::to_string).collect();
        let TokenTree::Group(group) = &head[Self::LENGTH - 1] else { return None };
        (words == [":", ":", "core", ":", ":", "compile_error", "!"]).then_some(())?;
        let message = syn::parse2::<syn::LitStr>(group.stream()).ok()?.value();
        Some(Self { message, from: head[0].span(), to: group.span() })
    }

    /// It says something, and stands at tokens of the user.
    fn check(&self, is_function: bool) {
        let Self { message, from, to } = self;
        assert!(!message.is_empty());
        assert!(!message.contains("please report this"), "a fault of the macro: {message}");
        // What is not there has no place; and what is no function was never handed over by a
        // compiler.
        if is_function && !message.starts_with("`identifier` is missing") {
            for place in [from, to] {
                assert!(!place.byte_range().is_empty(), "without a place: {message}");
            }
        }
    }
}
