//! Which return types are futures. Decided by the last segment of what is written, so that renamed modules do not matter.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{CapturedParam, GenericArgument, Lifetime, Path, PathArguments, PathSegment, Token, Type, TypeParamBound};

use super::signature::Boxing;
use super::written::inferred;

/// A written future.
pub(crate) struct Written {
    /// What it yields; none where an alias hides it.
    pub(crate) output: Option<Type>,
    /// What it is packed into.
    pub(crate) boxing: Boxing,
    /// It may hold no borrow.
    pub(crate) is_static: bool,
}

/// The future of that type; none where it is none.
pub(crate) fn of(written: &Type) -> Option<Written> {
    match written {
        Type::Group(group) => of(&group.elem),
        Type::Paren(parentheses) => of(&parentheses.elem),
        Type::ImplTrait(hidden) => {
            let (output, boxing) = (Some(output(&hidden.bounds)?), Boxing::Bare);
            Some(Written { output, boxing, is_static: hidden.bounds.iter().any(forbids_borrows) })
        }
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if matches!(last.ident.to_string().as_str(), "BoxFuture" | "LocalBoxFuture") {
                let is_static = !arguments(last).into_iter().flatten().any(is_borrow);
                return Some(Written { output: None, boxing: Boxing::Pinned, is_static });
            }
            if let Some(object) = only_argument(last, "Box") {
                return of_object(object, Boxing::Boxed);
            }
            let pinned = path_of(only_argument(last, "Pin")?)?;
            of_object(only_argument(pinned.segments.last()?, "Box")?, Boxing::Pinned)
        }
        _ => None,
    }
}

/// A boxed object may borrow only where it says so.
fn of_object(written: &Type, boxing: Boxing) -> Option<Written> {
    match written {
        Type::Group(group) => of_object(&group.elem, boxing),
        Type::Paren(parentheses) => of_object(&parentheses.elem, boxing),
        Type::TraitObject(object) => {
            let borrows = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(name) if !is_static(name));
            let is_static = !object.bounds.iter().any(borrows);
            Some(Written { output: Some(output(&object.bounds)?), boxing, is_static })
        }
        _ => None,
    }
}

/// `'static`, or a `use<…>` without lifetimes.
fn forbids_borrows(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(name) => is_static(name),
        TypeParamBound::PreciseCapture(captured) => {
            !captured.params.iter().any(|parameter| matches!(parameter, CapturedParam::Lifetime(_)))
        }
        _ => false,
    }
}

fn is_borrow(argument: &GenericArgument) -> bool {
    matches!(argument, GenericArgument::Lifetime(name) if !is_static(name))
}

fn is_static(name: &Lifetime) -> bool {
    name.ident == "static"
}

fn path_of(written: &Type) -> Option<&Path> {
    match written {
        Type::Group(group) => path_of(&group.elem),
        Type::Paren(parentheses) => path_of(&parentheses.elem),
        Type::Path(path) => Some(&path.path),
        _ => None,
    }
}

/// The first type argument of a segment of that name.
fn only_argument<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    if segment.ident != name {
        return None;
    }
    arguments(segment)?.iter().find_map(|argument| match argument {
        GenericArgument::Type(written) => Some(written),
        _ => None,
    })
}

/// The `T` of `Future<Output = T>` among the bounds; a bare `Future` leaves it to inference.
fn output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Type> {
    let future = bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().filter(|last| last.ident == "Future"),
        _ => None,
    })?;
    let named = arguments(future).into_iter().flatten().find_map(|argument| match argument {
        GenericArgument::AssocType(associated) if associated.ident == "Output" => Some(associated.ty.clone()),
        _ => None,
    });
    Some(named.unwrap_or_else(|| inferred(future.span())))
}

fn arguments(segment: &PathSegment) -> Option<&Punctuated<GenericArgument, Token![,]>> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    }
}
