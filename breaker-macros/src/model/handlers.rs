//! VALIDATE: the two options that hold code, `error_handler` and `fallback`.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprClosure, ExprPath, Ident, Result};

use super::keys::Key;
use super::moved;
use super::values::wrong_kind;
use crate::item::Item;

/// What answers for the function while its circuit is open.
pub(crate) enum Fallback {
    /// A closure or path whose value is the answer.
    Called(Expr),
    /// An `async` closure, whose future's output is the answer.
    Awaited(ExprClosure),
}

/// The `error_handler` of a function: a closure or a path.
pub(crate) fn error_handler(value: &Expr, item: &Item) -> Result<Expr> {
    if let Some(closure) = callable(Key::ErrorHandler, value, "the result")? {
        if let Some(asyncness) = closure.asyncness {
            let message = "`error_handler` looks at a result that is there and cannot wait; remove `async`";
            return Err(Error::new(asyncness.span(), message));
        }
        moved::refuse(value, item)?;
    }
    Ok(value.clone())
}

/// The `fallback`: a closure or a path; `awaits` where the function has something to await in.
pub(crate) fn fallback(value: &Expr, function: &Ident, awaits: bool) -> Result<Fallback> {
    let Some(closure) = callable(Key::Fallback, value, "the `CircuitOpenError`")? else {
        return Ok(Fallback::Called(value.clone()));
    };
    match (closure.asyncness, &*closure.body) {
        (Some(_), _) if awaits => Ok(Fallback::Awaited(closure.clone())),
        (Some(asyncness), _) => {
            let message = format!("`{function}` is not async, so nothing can await its fallback; remove this `async`");
            Err(Error::new(asyncness.span(), message))
        }
        (None, Expr::Async(body)) if awaits => {
            let message = "nothing awaits this block; to await it, write `async |open| …` instead";
            Err(Error::new(body.async_token.span(), message))
        }
        (None, _) => Ok(Fallback::Called(value.clone())),
    }
}

/// The closure, none for a path, an error for anything else or a closure that does not take one
/// thing.
fn callable<'a>(key: Key, value: &'a Expr, takes: &str) -> Result<Option<&'a ExprClosure>> {
    let closure = match value {
        Expr::Path(path) if !path.path.is_ident("None") => return Ok(None),
        Expr::Closure(closure) => closure,
        _ => return Err(not_callable(key, value)),
    };
    let name = key.name();
    match closure.inputs.iter().nth(1) {
        Some(second) => {
            Err(Error::new_spanned(second, format!("`{name}` takes one argument, {takes}; remove this one")))
        }
        None if closure.inputs.is_empty() => {
            let message = format!("`{name}` takes one argument, {takes}: write `{}`", key.example());
            Err(Error::new(closure.inputs_begin.span(), message))
        }
        None => Ok(Some(closure)),
    }
}

/// A plain value has only to be put into a closure, where it is the answer.
fn not_callable(key: Key, value: &Expr) -> Error {
    let kind = "a closure or the path of a function";
    let shown = value.to_token_stream().to_string();
    let is_answer = match value {
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if is_variant(path)),
        Expr::Path(_) | Expr::Lit(_) | Expr::Macro(_) | Expr::Struct(_) | Expr::Tuple(_) | Expr::Array(_) => true,
        _ => false,
    };
    if key != Key::Fallback || !is_answer || shown.len() > 60 {
        return wrong_kind(key, value, kind);
    }
    Error::new_spanned(value, format!("`fallback` takes {kind}: write `fallback = |_| {shown}`"))
}

/// `Ok`, `Answer::Stale`: spelled as types are.
fn is_variant(path: &ExprPath) -> bool {
    path.path.segments.last().is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}
