//! The attribute, from tokens that no text gives: invisible groups, as `macro_rules` puts around
//! its fragments, and literals that other macros made.

use arbitrary::{Arbitrary, Result, Unstructured};
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::expansion;

/// Expands an attribute that is made of random tokens.
pub fn run(data: &[u8]) {
    let mut choices = Unstructured::new(data);
    // A place that is not nowhere.
    let place = "somewhere".parse::<TokenStream>().expect("a name").into_iter().next().expect("one token").span();
    if let Ok((args, item)) = attribute(&mut choices) {
        expansion::check(&placed(args, place), &placed(item, place));
    }
    proc_macro2::extra::invalidate_current_thread_spans();
}

fn attribute(choices: &mut Unstructured<'_>) -> Result<(TokenStream, TokenStream)> {
    let args = stream(choices, 0, ARGUMENTS)?;
    let mut item = stream(choices, DEEPEST - 1, &["#[inline]", "/// Pays.", "pub", "#[circuit_breaker(x)]"])?;
    item.extend(parsed(choices.choose(FUNCTIONS)?));
    if choices.ratio(1, 2)? {
        item.extend(stream(choices, 0, TYPES)?);
    }
    if choices.ratio(7, 8)? {
        let body = stream(choices, DEEPEST - 1, &["Ok(5)", "card?", "#![allow(unused)]", "let x = ;"])?;
        item.extend([TokenTree::from(Group::new(Delimiter::Brace, body))]);
    }
    Ok((args, item))
}

/// Some tokens; half of them from `texts`.
fn stream(choices: &mut Unstructured<'_>, depth: usize, texts: &[&str]) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    // Where the bytes end, every choice is the first one.
    while !choices.is_empty() && choices.ratio(7, 8)? {
        match choices.int_in_range(0..=15)? {
            0..=6 => tokens.extend(parsed(choices.choose(texts)?)),
            7 => tokens.extend([TokenTree::from(Punct::new(*choices.choose(PUNCTUATION)?, Spacing::Alone))]),
            8 | 9 => tokens.extend(parsed(choices.choose(WORDS)?)),
            10 => tokens.extend([TokenTree::from(Ident::new(choices.choose(NAMES)?, Span::call_site()))]),
            11 => tokens.extend([literal(choices)?]),
            _ if depth == DEEPEST => {}
            12 | 13 => {
                let inside = parsed(choices.choose(texts)?);
                tokens.extend([TokenTree::from(Group::new(Delimiter::None, inside))]);
            }
            _ => {
                let delimiters = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
                let delimiter = *choices.choose(&delimiters)?;
                tokens.extend([TokenTree::from(Group::new(delimiter, stream(choices, depth + 1, texts)?))]);
            }
        }
    }
    Ok(tokens)
}

fn literal(choices: &mut Unstructured<'_>) -> Result<TokenTree> {
    let literal = match choices.int_in_range(0..=7)? {
        0 => Literal::u64_unsuffixed(u64::arbitrary(choices)?),
        1 => Literal::i64_unsuffixed(i64::arbitrary(choices)?),
        2 => Literal::u128_suffixed(u128::arbitrary(choices)?),
        3 | 4 => {
            let number = f64::arbitrary(choices)?;
            Literal::f64_unsuffixed(if number.is_finite() { number } else { 0.5 })
        }
        5 => Literal::character(char::arbitrary(choices)?),
        6 => Literal::byte_string(<&[u8]>::arbitrary(choices)?),
        _ => Literal::string(<&str>::arbitrary(choices)?),
    };
    Ok(literal.into())
}

fn parsed(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn placed(tokens: TokenStream, place: Span) -> TokenStream {
    let place_one = |tree: TokenTree| {
        let mut tree = match tree {
            TokenTree::Group(group) => Group::new(group.delimiter(), placed(group.stream(), place)).into(),
            tree => tree,
        };
        tree.set_span(place);
        tree
    };
    tokens.into_iter().map(place_one).collect()
}

/// Groups in groups.
const DEEPEST: usize = 4;

const PUNCTUATION: &[char] =
    &['=', ',', ';', ':', '|', '&', '!', '-', '<', '>', '.', '#', '?', '*', '+', '/', '@', '$'];

const WORDS: &[&str] = &[
    ",", "=", "::", "->", "|open|", "'a", "'static", "..", "_", "&mut", "r#type", "impl", "dyn", "fn", "async", "move",
    "const", "unsafe", "return", "if", "match", "self", "Self", "super", "crate", "where", "for<'a>", "==",
];

const NAMES: &[&str] = &[
    "identifier",
    "scope",
    "kind",
    "error_handler",
    "fallback",
    "registry",
    "metrics_only",
    "policy",
    "failure_threshold",
    "failures",
    "within",
    "failure_rate",
    "slow_call_rate",
    "slow_call",
    "window",
    "minimum_calls",
    "debounce",
    "expiry",
    "backoff_factor",
    "max_expiry",
    "jitter",
    "half_open_max_calls",
    "success_threshold",
    "half_open_failure_threshold",
    "half_open_timeout",
    "close_on_expiry",
    "on_cancel",
    "treshold",
    "timeout",
    "card",
    "T",
    "N",
    "__breaker_admission",
];

const ARGUMENTS: &[&str] = &[
    ",",
    "=",
    "identifier = \"pay\",",
    "identifier = \"pay:{card}\",",
    "identifier = \"{self}\",",
    "identifier = name(card),",
    "identifier = |card| card,",
    "scope = \"shop\",",
    "kind = \"http\",",
    "crate = shop::breaker,",
    "crate = a::<b>,",
    "policy = Self::POLICY,",
    "policy = const { Policy::new() },",
    "registry = &self.registry,",
    "registry = REGISTRY[0],",
    "error_handler = |result| result.is_ok(),",
    "error_handler = Result::is_ok,",
    "fallback = |open| Err(open.into()),",
    "fallback = async |_| None,",
    "fallback = async move |open| -> u32 { 5 },",
    "fallback = move |_| {},",
    "failure_threshold = 5,",
    "failures = 5, within = \"60s\",",
    "failure_rate = 0.5, window = 100,",
    "slow_call_rate = 80, slow_call = \"2s\", window = \"1m\",",
    "minimum_calls = N,",
    "expiry = \"30s\",",
    "backoff_factor = 2, max_expiry = \"5m\",",
    "jitter = 1e-3,",
    "close_on_expiry,",
    "metrics_only,",
    "on_cancel = \"failure\",",
    "half_open_max_calls = { 1 + 1 },",
    "half_open_timeout = \"0s\",",
    "debounce = \"250ms\",",
    "window = \"100\",",
    "\"30s\"",
    "\"\"",
    "5",
    "-5",
    "0.5",
    "1e400",
    "5u8",
    "0xff_u32",
    "'c'",
    "b\"bytes\"",
    "true",
    "r#\"{card}\"#",
    "\"{\"",
    "\"{}}\"",
    "\"{{{card}}}\"",
    "a.b?.c[0]",
    "if a { b } else { c }",
    "break 'a",
    "#[a] b",
    "a as B<C>",
    "S { ..t }",
];

const FUNCTIONS: &[&str] = &[
    "fn pay(card: &str)",
    "async fn pay(card: String)",
    "fn pay(&self, card: &str)",
    "async fn pay(mut self: Box<Self>)",
    "fn pay<T: Into<u32>, const N: usize>(all: [T; N], Card { card, .. }: Card)",
    "unsafe fn pay()",
    "const fn pay()",
    "extern \"C\" fn pay(card: u32, ...)",
    "fn pay<'a>(card: &'a str, r#type: u32)",
    "fn",
    "struct Pay",
    "impl Pay",
    "async unsafe extern \"C\" fn pay(#[cfg(x)] card: u32)",
    "fn pay((card, _): (u32, u32), [first, .., last]: [u32; 5])",
];

const TYPES: &[&str] = &[
    "->",
    "-> u32",
    "-> Option<u32>",
    "-> Result<u32, PaymentError>",
    "-> impl Future<Output = u32> + Send",
    "-> !",
    "-> Pin<Box<dyn Future<Output = Result<u32, E>> + Send + 'static>>",
    "-> BoxFuture<'_, u32>",
    "-> Box<dyn Future>",
    "-> impl Iterator<Item = impl Sized>",
    "-> &mut T",
    "-> (impl Sized, [u32; { 5 }])",
    "-> fn(impl Sized) -> !",
    "-> <T as Trait>::Type",
    "-> impl Fn(u32) -> u32",
    "-> _",
    "-> $crate::Type",
    "-> dyn A + B",
    "-> impl use<> + Future",
    "where T: Clone, [T; N]: Sized,",
    "where for<'b> &'b T: Trait",
    ";",
];
