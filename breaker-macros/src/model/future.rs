//! Which return types are futures. The last segment of a written path decides, so renamed modules
//! do not matter.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{GenericArgument, Ident, Path, PathArguments, PathSegment, Token, Type, TypeParamBound};

use super::types::{inferred, without_impl};

/// A future that a plain function returns.
pub(crate) struct ReturnedFuture {
    /// The output of the future; `None` where an alias hides it, so that the compiler has to find
    /// it.
    pub(crate) output: Option<Type>,
    /// The return type, as it may be written on a closure.
    pub(crate) return_type: Type,
    pub(crate) boxing: Boxing,
    /// The future is written as `impl Future`, so everything that is returned must have one type.
    pub(crate) is_impl_trait: bool,
}

/// How a returned future is boxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boxing {
    /// Not at all: `impl Future`.
    Unboxed,
    /// `Pin<Box<…>>`.
    PinnedBox,
    /// `Box<dyn Future + Unpin>`.
    Box,
}

impl ReturnedFuture {
    /// Returns the future that the type is; `None` if it is not a future.
    pub(crate) fn of(written: &Type) -> Option<Self> {
        let Parts { output, boxing, is_impl_trait } = parts(written)?;
        let output = output.as_ref().map(without_impl);
        Some(Self { output, return_type: without_impl(written), boxing, is_impl_trait })
    }
}

/// What the type of a future says.
struct Parts {
    output: Option<Type>,
    boxing: Boxing,
    is_impl_trait: bool,
}

fn parts(written: &Type) -> Option<Parts> {
    match written {
        Type::Group(group) => parts(&group.elem),
        Type::Paren(parentheses) => parts(&parentheses.elem),
        Type::ImplTrait(hidden) => {
            Some(Parts { output: Some(output(&hidden.bounds)?), boxing: Boxing::Unboxed, is_impl_trait: true })
        }
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if matches!(last.ident.to_string().as_str(), "BoxFuture" | "LocalBoxFuture") {
                return Some(Parts { output: None, boxing: Boxing::PinnedBox, is_impl_trait: false });
            }
            if let Some(content) = only_argument(last, "Box") {
                return in_box(content, Boxing::Box);
            }
            let pinned = path_of(only_argument(last, "Pin")?)?;
            in_box(only_argument(pinned.segments.last()?, "Box")?, Boxing::PinnedBox)
        }
        _ => None,
    }
}

/// The trait that hides the output of a future, as `TryFuture` does: nothing can be generated for
/// it.
pub(crate) fn hidden_by(written: &Type) -> Option<&Ident> {
    let Type::ImplTrait(hidden) = written else { return None };
    if parts(written).is_some() {
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

/// The content of a box: a trait object or an `impl Trait`.
fn in_box(written: &Type, boxing: Boxing) -> Option<Parts> {
    let (bounds, is_impl_trait) = match written {
        Type::Group(group) => return in_box(&group.elem, boxing),
        Type::Paren(parentheses) => return in_box(&parentheses.elem, boxing),
        Type::TraitObject(object) => (&object.bounds, false),
        Type::ImplTrait(hidden) => (&hidden.bounds, true),
        _ => return None,
    };
    Some(Parts { output: Some(output(bounds)?), boxing, is_impl_trait })
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

/// The `T` of `Future<Output = T>` among the bounds; inferred for a bare `Future`.
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
