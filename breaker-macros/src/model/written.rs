//! Types as the inside of a body may write them: `impl Trait` may not stand there, and is left to inference.

use proc_macro2::Span;
use syn::{GenericArgument, Path, PathArguments, Token, Type, TypeInfer, TypeParamBound};

/// The type with `_` for each `impl Trait` in it.
pub(crate) fn without_impl(written: &Type) -> Type {
    let mut inferred = written.clone();
    replace(&mut inferred);
    inferred
}

/// Is nothing of the type written?
pub(crate) fn is_inferred(written: &Type) -> bool {
    matches!(written, Type::Infer(_))
}

/// Leaves the type to inference; errors about it land at `span`.
pub(crate) fn inferred(span: Span) -> Type {
    Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token: Token![_](span) })
}

fn replace(written: &mut Type) {
    match written {
        Type::ImplTrait(hidden) => *written = inferred(hidden.impl_token.span),
        Type::Array(array) => replace(&mut array.elem),
        Type::Group(group) => replace(&mut group.elem),
        Type::Paren(parentheses) => replace(&mut parentheses.elem),
        Type::Ptr(pointer) => replace(&mut pointer.elem),
        Type::Reference(reference) => replace(&mut reference.elem),
        Type::Slice(slice) => replace(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(replace),
        Type::Path(path) => replace_in_path(&mut path.path),
        Type::TraitObject(object) => {
            for bound in &mut object.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    replace_in_path(&mut bound.path);
                }
            }
        }
        _ => {}
    }
}

fn replace_in_path(path: &mut Path) {
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            for argument in &mut arguments.args {
                match argument {
                    GenericArgument::Type(written) => replace(written),
                    GenericArgument::AssocType(associated) => replace(&mut associated.ty),
                    _ => {}
                }
            }
        }
    }
}
