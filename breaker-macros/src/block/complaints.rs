//! The errors of all functions of a block, each mistake once: the same option is validated for each
//! function.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::{Error, Signature};

use crate::errors::{CompileErrors, ErrorCollector};
use crate::model::reject_unguardable;

/// What is wrong with the functions of a block.
#[derive(Default)]
pub(super) struct Complaints {
    /// How many functions were validated.
    functions: usize,
    list: Vec<Complaint>,
    reported_by_compiler: bool,
}

struct Complaint {
    error: Error,
    /// The names of the functions that have it.
    functions: Vec<String>,
    /// How many they are: under conditions, two may have one name.
    count: usize,
    /// It is about the function and not about an option.
    is_of_function: bool,
    /// A condition may take each of these functions away.
    is_conditional: bool,
}

impl Complaints {
    /// Counts a function without errors.
    pub(super) fn accept(&mut self) {
        self.functions += 1;
    }

    /// Adds the errors of a function, which a condition may take away.
    pub(super) fn add(&mut self, signature: &Signature, is_conditional: bool, errors: CompileErrors) {
        self.functions += 1;
        let mut of_function = ErrorCollector::default();
        reject_unguardable(signature, true, &mut of_function);
        let of_function: Vec<_> =
            of_function.finish(Some(())).err().and_then(|errors| errors.0).into_iter().flatten().collect();
        self.reported_by_compiler |= errors.0.is_none();
        for error in errors.0.into_iter().flatten() {
            let is_of_function = of_function.iter().any(|other| key(other) == key(&error));
            let known = self.list.iter_mut().find(|known| !is_of_function && key(&known.error) == key(&error));
            let function = signature.ident.to_string();
            let Some(known) = known else {
                let functions = vec![function];
                self.list.push(Complaint { error, functions, count: 1, is_of_function, is_conditional });
                continue;
            };
            known.count += 1;
            known.is_conditional &= is_conditional;
            if !known.functions.contains(&function) {
                known.functions.push(function);
            }
        }
    }

    /// Returns whether there was anything to validate.
    pub(super) const fn has_functions(&self) -> bool {
        self.functions > 0
    }

    /// Adds all errors to others. An error that only functions under conditions have is left to the
    /// attributes of these functions: where they are taken away, nothing is wrong.
    pub(super) fn report(&mut self, errors: &mut ErrorCollector) {
        if self.reported_by_compiler {
            errors.reported_by_compiler();
        }
        let is_left = |known: &Complaint| known.is_conditional && known.count < self.functions;
        self.list.retain(|known| !is_left(known));
        for Complaint { error, functions, count, is_of_function, .. } in self.list.drain(..) {
            let message = error.to_string();
            let said = message.split("; ").next().unwrap_or_default();
            errors.push(if is_of_function {
                with_message(&error, format!("{message}, or mark this one with `#[circuit_breaker(skip)]`"))
            } else if count == self.functions {
                error
            } else {
                let (it, its) = if functions.len() == 1 { ("it", "its") } else { ("them", "their") };
                let names = listed(&functions);
                with_message(
                    &error,
                    format!(
                        "in {names}: {said}; give {it} options of {its} own, or mark {it} with `#[circuit_breaker(skip)]`"
                    ),
                )
            });
        }
    }
}

/// What makes two errors the same mistake: the place, and the message up to the advice, which may
/// differ between functions.
fn key(error: &Error) -> (String, String) {
    let message = error.to_string();
    let (from, to) = ends(error);
    (format!("{from:?} {to:?}"), message.split("; ").next().unwrap_or_default().to_owned())
}

/// The same error with another message.
fn with_message(error: &Error, message: String) -> Error {
    let (from, to) = ends(error);
    let mut place = quote_spanned!(from=> _);
    place.extend(quote_spanned!(to=> _));
    Error::new_spanned(place, message)
}

/// The first and the last token of its place.
fn ends(error: &Error) -> (Span, Span) {
    let tokens: TokenStream = error.to_compile_error();
    let mut spans = tokens.into_iter().map(|token: TokenTree| token.span());
    let from = spans.next().unwrap_or_else(|| error.span());
    (from, spans.last().unwrap_or(from))
}

/// `` `a`, `b` and `c` ``
fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}
