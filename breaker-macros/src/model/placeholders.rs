//! VALIDATE: literals with `{argument}` placeholders.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Error, Expr, Ident, Lit, LitStr, Member, Result};

use super::expressions::is_call_of;
use super::suggestion::closest;

/// A part of a literal.
pub(crate) enum Piece<'a> {
    Letter(char),
    /// The text between the braces.
    Placeholder(&'a str),
}

/// Splits a literal into its parts, escapes resolved.
pub(crate) fn pieces(text: &str) -> core::result::Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let escaped = rest.starts_with("{{") || rest.starts_with("}}");
        let length = match letter {
            _ if escaped => 2,
            '{' => match rest.find('}') {
                Some(end) => {
                    pieces.push(Piece::Placeholder(&rest[1..end]));
                    rest = &rest[end + 1..];
                    continue;
                }
                None => return Err("unmatched `{`; for a literal brace write `{{`"),
            },
            '}' => return Err("unmatched `}`; for a literal brace write `}}`"),
            _ => letter.len_utf8(),
        };
        pieces.push(Piece::Letter(letter));
        rest = &rest[length..];
    }
    Ok(pieces)
}

/// A placeholder.
pub(crate) struct Placeholder<'a> {
    /// The argument or field that fills it.
    pub(crate) value: TokenStream,
    /// `:?` or the like; empty without one.
    pub(crate) format: &'a str,
}

impl<'a> Placeholder<'a> {
    /// Reads `argument` or `argument.field`, perhaps with a `:format`. The argument keeps its own
    /// hygiene, so that functions made by `macro_rules` work, and has the span of the literal, so
    /// that errors are reported there.
    pub(crate) fn read(written: &'a str, literal: &LitStr, arguments: &[Ident]) -> Result<Self> {
        let fail = |message: String| Err(Error::new(literal.span(), message));
        let (path, format) = written.split_at(written.find(':').unwrap_or(written.len()));
        let mut words = path.split('.');
        let name = words.next().unwrap_or_default();
        if path.trim().is_empty() {
            return fail(format!(
                "the placeholder `{{{written}}}` is empty; write the name of an argument between the braces"
            ));
        }
        if path.trim() != path {
            return fail(format!(
                "the placeholder `{{{written}}}` contains spaces; write `{{{}{format}}}`",
                path.trim()
            ));
        }
        let fields: Option<Vec<TokenStream>> = words.map(|word| field(word, literal)).collect();
        let is_name =
            syn::parse_str::<Ident>(name).is_ok() || arguments.iter().any(|argument| argument.unraw() == name);
        let is_plain = (is_name || name == "self") && !format.starts_with("::");
        let (Some(fields), true) = (fields, is_plain) else {
            return fail(format!(
                "the placeholder `{{{written}}}` is not an argument or a field of one; for other values write \
                    `identifier = format!(…)`, for a literal brace `{{{{`",
            ));
        };
        let Some(argument) = arguments.iter().find(|argument| argument.unraw() == name) else {
            return fail(format!("the placeholder `{{{written}}}` names no argument; {}", advice(name, arguments)));
        };
        if !is_format(format.strip_prefix(':').unwrap_or_default()) {
            return fail(format!(
                "the placeholder `{{{written}}}` has an unsupported format; write `{{{path}}}` or `{{{path}:?}}`"
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

/// Returns whether a placeholder is `{fn}`, the name of the function.
pub(crate) fn is_function(written: &str, literal: &LitStr) -> Result<bool> {
    let word = written.split([':', '.']).next().unwrap_or_default();
    if word.trim() != "fn" {
        return Ok(false);
    }
    if written != "fn" {
        let message = format!("the placeholder `{{{written}}}` is the name of the function, as it is; write `{{fn}}`");
        return Err(Error::new(literal.span(), message));
    }
    Ok(true)
}

/// Finds a placeholder in a `concat!`; returns its span and the whole text. It would not be filled
/// in, and so be part of the identifier as it is.
pub(crate) fn in_concat(value: &Expr) -> Option<(Span, String)> {
    let call = match value {
        Expr::Macro(call) if is_call_of(&call.mac, "concat") => &call.mac,
        _ => return None,
    };
    let mut joined = String::new();
    let mut span = None;
    for literal in call.tokens.clone().into_iter().filter_map(|token| syn::parse2::<Lit>(token.into()).ok()) {
        match &literal {
            Lit::Str(text) => joined.push_str(&text.value()),
            Lit::Char(letter) => joined.push(letter.value()),
            other => joined.push_str(&other.to_token_stream().to_string()),
        }
        span = span.or_else(|| joined.contains('{').then(|| literal.span()));
    }
    let pieces = pieces(&joined).unwrap_or_default();
    span.filter(|_| pieces.iter().any(|piece| matches!(piece, Piece::Placeholder(_))))
        .map(|span| (span, joined.clone()))
}

/// Returns whether `format!` knows the format, and it uses no other arguments.
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

/// A field, by name or number.
fn field(word: &str, literal: &LitStr) -> Option<TokenStream> {
    let mut field: Member = syn::parse_str(word).ok()?;
    // A span of generated code; otherwise the compiler would suggest replacing the literal by a
    // similar name.
    let span = Span::mixed_site().located_at(literal.span());
    match &mut field {
        Member::Named(name) => name.set_span(span),
        Member::Unnamed(number) => number.span = span,
    }
    Some(field.to_token_stream())
}

/// What to write instead of a name that is not an argument.
fn advice(name: &str, arguments: &[Ident]) -> String {
    let names: Vec<String> = arguments.iter().map(|argument| argument.unraw().to_string()).collect();
    match closest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None if names.is_empty() => "the function has no arguments; for a literal brace write `{{`".to_owned(),
        None => {
            let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the arguments are {}", listed.join(", "))
        }
    }
}
