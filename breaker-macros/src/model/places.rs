//! VALIDATE: literals with `{argument}` places.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Error, Expr, Ident, Lit, LitStr, Member, Result};

use super::nearest::nearest;
use super::values;

/// A part of a literal.
pub(crate) enum Piece<'a> {
    Letter(char),
    /// What stands between the braces.
    Place(&'a str),
}

/// The parts of a literal, escapes resolved.
pub(crate) fn pieces(text: &str) -> core::result::Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let escaped = rest.starts_with("{{") || rest.starts_with("}}");
        let length = match letter {
            _ if escaped => 2,
            '{' => match rest.find('}') {
                Some(end) => {
                    pieces.push(Piece::Place(&rest[1..end]));
                    rest = &rest[end + 1..];
                    continue;
                }
                None => return Err("a `{` without its `}`; for the letter itself write `{{`"),
            },
            '}' => return Err("a `}` without its `{`; for the letter itself write `}}`"),
            _ => letter.len_utf8(),
        };
        pieces.push(Piece::Letter(letter));
        rest = &rest[length..];
    }
    Ok(pieces)
}

/// What fills a place, and how it is formatted.
pub(crate) struct Place<'a> {
    pub(crate) value: TokenStream,
    /// `:?` or the like; empty without one.
    pub(crate) format: &'a str,
}

impl<'a> Place<'a> {
    /// Reads `argument`, `argument.field` or either with a `:format` behind it. The argument is
    /// resolved where it is, so that a function made by `macro_rules` works, and placed at the
    /// literal, so that its errors are.
    pub(crate) fn read(written: &'a str, literal: &LitStr, arguments: &[Ident]) -> Result<Self> {
        let fail = |message: String| Err(Error::new(literal.span(), message));
        let (path, format) = written.split_at(written.find(':').unwrap_or(written.len()));
        let mut words = path.split('.');
        let name = words.next().unwrap_or_default();
        if path.trim().is_empty() {
            return fail(format!(
                "the place `{{{written}}}` is empty; write the name of an argument between the braces"
            ));
        }
        if path.trim() != path {
            return fail(format!("spaces in the place `{{{written}}}`; write `{{{}{format}}}`", path.trim()));
        }
        let fields: Option<Vec<TokenStream>> = words.map(|word| field(word, literal)).collect();
        let is_name =
            syn::parse_str::<Ident>(name).is_ok() || arguments.iter().any(|argument| argument.unraw() == name);
        let is_plain = (is_name || name == "self") && !format.starts_with("::");
        let (Some(fields), true) = (fields, is_plain) else {
            return fail(format!(
                "the place `{{{written}}}` holds more than an argument and its fields; for anything else write \
                    `identifier = format!(…)`, for a brace itself `{{{{`",
            ));
        };
        let Some(argument) = arguments.iter().find(|argument| argument.unraw() == name) else {
            return fail(format!("the place `{{{written}}}` names no argument; {}", instead(name, arguments)));
        };
        if !is_format(format.strip_prefix(':').unwrap_or_default()) {
            return fail(format!(
                "the place `{{{written}}}` has a format that is none here; write `{{{path}}}` or `{{{path}:?}}`"
            ));
        }
        let mut argument = argument.clone();
        argument.set_span(literal.span().resolved_at(argument.span()));
        let mut value = argument.to_token_stream();
        for field in fields {
            value.extend(quote_spanned!(literal.span()=> .#field));
        }
        Ok(Self { value, format })
    }
}

/// Where a place stands in the text of a `concat!`, and the whole text: it stays as it is, so that
/// the place would be part of the name.
pub(crate) fn in_concat(value: &Expr) -> Option<(Span, String)> {
    let call = match value {
        Expr::Macro(call) if values::is_call_of(&call.mac, "concat") => &call.mac,
        _ => return None,
    };
    let mut joined = String::new();
    let mut place = None;
    for literal in call.tokens.clone().into_iter().filter_map(|token| syn::parse2::<Lit>(token.into()).ok()) {
        match &literal {
            Lit::Str(text) => joined.push_str(&text.value()),
            Lit::Char(letter) => joined.push(letter.value()),
            other => joined.push_str(&other.to_token_stream().to_string()),
        }
        place = place.or_else(|| joined.contains('{').then(|| literal.span()));
    }
    let pieces = pieces(&joined).unwrap_or_default();
    place.filter(|_| pieces.iter().any(|piece| matches!(piece, Piece::Place(_)))).map(|place| (place, joined.clone()))
}

/// Is it a format that `format!` knows, without what it takes from other arguments?
fn is_format(written: &str) -> bool {
    let rest = match written.char_indices().nth(1) {
        Some((_, '<' | '^' | '>')) => &written[written.char_indices().nth(2).map_or(written.len(), |(at, _)| at)..],
        _ => written.strip_prefix(['<', '^', '>']).unwrap_or(written),
    };
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    let is_digit = |letter: char| letter.is_ascii_digit();
    let rest = rest.trim_start_matches(is_digit);
    let rest = match rest.strip_prefix('.') {
        Some(precision) if !precision.starts_with(is_digit) => return false,
        Some(precision) => precision.trim_start_matches(is_digit),
        None => rest,
    };
    matches!(rest, "" | "?" | "x?" | "X?" | "x" | "X" | "o" | "b" | "e" | "E" | "p")
}

/// A field by its name or number.
fn field(word: &str, literal: &LitStr) -> Option<TokenStream> {
    let mut field: Member = syn::parse_str(word).ok()?;
    // Of generated code, or the compiler would offer to write a similar name in place of the
    // literal.
    let place = Span::mixed_site().located_at(literal.span());
    match &mut field {
        Member::Named(name) => name.set_span(place),
        Member::Unnamed(number) => number.span = place,
    }
    Some(field.to_token_stream())
}

/// What to write in place of a name that is none of the arguments.
fn instead(name: &str, arguments: &[Ident]) -> String {
    let names: Vec<String> = arguments.iter().map(|argument| argument.unraw().to_string()).collect();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None if names.is_empty() => "the function has no arguments; for a brace itself write `{{`".to_owned(),
        None => {
            let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the arguments are {}", listed.join(", "))
        }
    }
}
