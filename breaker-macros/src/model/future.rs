//! Which return types are futures. Decided by the last segment of what is written, so that renamed
//! modules do not matter.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{GenericArgument, Ident, Path, PathArguments, PathSegment, Token, Type, TypeParamBound};

use super::signature::Boxing;
use super::written::inferred;

/// A written future.
pub(crate) struct Written {
    /// What it yields; none where an alias hides it.
    pub(crate) output: Option<Type>,
    /// What it is packed into.
    pub(crate) boxing: Boxing,
    /// It is written as `impl Future`.
    pub(crate) is_hidden: bool,
}

/// The future of that type; none where it is none.
pub(crate) fn of(written: &Type) -> Option<Written> {
    match written {
        Type::Group(group) => of(&group.elem),
        Type::Paren(parentheses) => of(&parentheses.elem),
        Type::ImplTrait(hidden) => {
            Some(Written { output: Some(output(&hidden.bounds)?), boxing: Boxing::Bare, is_hidden: true })
        }
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if matches!(last.ident.to_string().as_str(), "BoxFuture" | "LocalBoxFuture") {
                return Some(Written { output: None, boxing: Boxing::Pinned, is_hidden: false });
            }
            if let Some(object) = only_argument(last, "Box") {
                return in_box(object, Boxing::Boxed);
            }
            let pinned = path_of(only_argument(last, "Pin")?)?;
            in_box(only_argument(pinned.segments.last()?, "Box")?, Boxing::Pinned)
        }
        _ => None,
    }
}

/// The trait that hides a future, as `TryFuture` does, for which nothing can be generated.
pub(crate) fn hidden_by(written: &Type) -> Option<&Ident> {
    let Type::ImplTrait(hidden) = written else { return None };
    if of(written).is_some() {
        return None;
    }
    hidden.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let name = &bound.path.segments.last()?.ident;
            name.to_string().ends_with("Future").then_some(name)
        }
        _ => None,
    })
}

/// What stands in a box: an object, or a hidden type.
fn in_box(written: &Type, boxing: Boxing) -> Option<Written> {
    let (bounds, is_hidden) = match written {
        Type::Group(group) => return in_box(&group.elem, boxing),
        Type::Paren(parentheses) => return in_box(&parentheses.elem, boxing),
        Type::TraitObject(object) => (&object.bounds, false),
        Type::ImplTrait(hidden) => (&hidden.bounds, true),
        _ => return None,
    };
    Some(Written { output: Some(output(bounds)?), boxing, is_hidden })
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
