//! Questions about written types, and types as a body may write them: without `impl Trait`, which
//! is left to inference there.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{GenericArgument, Path, PathArguments, Token, Type, TypeInfer, TypeParamBound};

/// The type with `_` for each `impl Trait` in it.
pub(crate) fn without_impl(written: &Type) -> Type {
    let mut inferred = written.clone();
    replace(&mut inferred);
    inferred
}

/// Returns whether the whole type is inferred.
pub(crate) fn is_inferred(written: &Type) -> bool {
    matches!(written, Type::Infer(_))
}

/// Returns whether lints might find the type too complex. Most types are far from that.
pub(crate) fn may_be_too_complex(written: &Type) -> bool {
    fn words(tokens: TokenStream) -> usize {
        let words = tokens.into_iter().map(|token| match token {
            TokenTree::Group(group) => words(group.stream()),
            TokenTree::Ident(_) => 1,
            TokenTree::Punct(_) | TokenTree::Literal(_) => 0,
        });
        words.sum()
    }

    words(written.to_token_stream()) > 6
}

/// Returns whether the type may be a future, as far as it is written. Known types are not, nor are
/// types with an inferred part.
pub(crate) fn may_be_a_future(written: &Type) -> bool {
    let known = |name: &Ident| KNOWN.iter().any(|known| name == known);
    match written {
        Type::Group(group) => may_be_a_future(&group.elem),
        Type::Paren(parentheses) => may_be_a_future(&parentheses.elem),
        Type::Path(path) => {
            let is_known = path.path.segments.last().is_none_or(|last| known(&last.ident));
            !is_known && !is_number(written) && !has_inferred(written)
        }
        Type::Reference(_) | Type::Macro(_) => !has_inferred(written),
        _ => false,
    }
}

/// Types that are known not to be futures, beside numbers, so that no code is generated to find
/// out.
const KNOWN: [&str; 5] = ["Result", "Option", "String", "Vec", "HashMap"];

const NUMBERS: [&str; 16] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64",
];

/// Returns whether it is a primitive number type, `bool` or `char`.
pub(crate) fn is_number(written: &Type) -> bool {
    matches!(written, Type::Path(path) if path.path.get_ident().is_some_and(|name| NUMBERS.iter().any(|number| name == number)))
}

fn has_inferred(written: &Type) -> bool {
    struct Inferred(bool);

    impl Visit<'_> for Inferred {
        fn visit_type_infer(&mut self, _: &TypeInfer) {
            self.0 = true;
        }
    }

    let mut inferred = Inferred(false);
    inferred.visit_type(written);
    inferred.0
}

/// An inferred type; errors about it are reported at `span`.
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
