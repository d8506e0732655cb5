//! VALIDATE: the two options that hold code, `error_handler` and `fallback`.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprClosure, ExprPath, Result};

use super::moved_arguments;
use super::option_name::OptionName;
use super::values::wrong_kind;
use crate::item::Item;

/// What returns a value in place of the function if its circuit rejects the call.
pub(crate) enum Fallback {
    /// A closure or path that returns the value.
    Called(Expr),
    /// An `async` closure, whose future yields the value.
    Awaited(ExprClosure),
}

/// The `error_handler` of a function: a closure or a path.
pub(crate) fn error_handler(value: &Expr, item: &Item) -> Result<Expr> {
    if let Some(closure) = callable(OptionName::ErrorHandler, value, "the result")? {
        if let Some(asyncness) = closure.asyncness {
            let message = "`error_handler` looks at a finished result and cannot be async; remove `async`";
            return Err(Error::new(asyncness.span(), message));
        }
        moved_arguments::reject(value, item)?;
    }
    Ok(value.clone())
}

/// Reads the `fallback`: a closure or a path. `can_await` says whether the generated code can await
/// it.
pub(crate) fn fallback(value: &Expr, can_await: bool) -> Result<Fallback> {
    let Some(closure) = callable(OptionName::Fallback, value, "the `CircuitOpenError`")? else {
        return Ok(Fallback::Called(value.clone()));
    };
    match (closure.asyncness, &*closure.body) {
        (Some(_), _) if can_await => Ok(Fallback::Awaited(closure.clone())),
        (Some(asyncness), _) => {
            let message = "nothing can await the fallback of a function that is not async; remove this `async`";
            Err(Error::new(asyncness.span(), message))
        }
        (None, Expr::Async(body)) if can_await => {
            let message = "nothing awaits this block; to await it, write `async |open| …` instead";
            Err(Error::new(body.async_token.span(), message))
        }
        (None, _) => Ok(Fallback::Called(value.clone())),
    }
}

/// The closure; `None` for a path; an error for anything else, and for a closure that does not take
/// exactly one argument.
fn callable<'a>(option: OptionName, value: &'a Expr, takes: &str) -> Result<Option<&'a ExprClosure>> {
    let closure = match value {
        Expr::Path(path) if !path.path.is_ident("None") => return Ok(None),
        Expr::Closure(closure) => closure,
        _ => return Err(not_callable(option, value)),
    };
    let name = option.name();
    match closure.inputs.iter().nth(1) {
        Some(second) => {
            Err(Error::new_spanned(second, format!("`{name}` takes one argument, {takes}; remove this one")))
        }
        None if closure.inputs.is_empty() => {
            let message = format!("`{name}` takes one argument, {takes}: write `{}`", option.example());
            Err(Error::new(closure.inputs_begin.span(), message))
        }
        None => Ok(Some(closure)),
    }
}

/// A plain value as a fallback only has to be put into a closure.
fn not_callable(option: OptionName, value: &Expr) -> Error {
    let kind = "a closure or the path of a function";
    let shown = value.to_token_stream().to_string();
    let is_value = match value {
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if is_variant(path)),
        Expr::Path(_) | Expr::Lit(_) | Expr::Macro(_) | Expr::Struct(_) | Expr::Tuple(_) | Expr::Array(_) => true,
        _ => false,
    };
    if option != OptionName::Fallback || !is_value || shown.len() > 60 {
        return wrong_kind(option, value, kind);
    }
    Error::new_spanned(value, format!("`fallback` takes {kind}: write `fallback = |_| {shown}`"))
}

/// `Ok`, `Answer::Stale`: spelled as types are.
fn is_variant(path: &ExprPath) -> bool {
    path.path.segments.last().is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}
