//! Questions about expressions.

use syn::{Expr, Ident, Lit, Macro};

/// The expression without parentheses, and without the invisible groups that `macro_rules` puts
/// around a fragment.
pub(crate) fn ungroup(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungroup(*group.expr),
        Expr::Paren(parentheses) => ungroup(*parentheses.expr),
        other => other,
    }
}

/// The literal, if the expression is one.
pub(crate) fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(literal) => Some(&literal.lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// The name, if the expression is a single word without a capital letter. Arguments are written
/// like that, and strings whose quotes were forgotten, but no constants and no types.
pub(crate) fn lower_case(value: &Expr) -> Option<&Ident> {
    let Expr::Path(path) = value else { return None };
    path.path.get_ident().filter(|name| path.qself.is_none() && !name.to_string().contains(char::is_uppercase))
}

/// Returns whether it is a call of the macro of that name, by whatever path.
pub(crate) fn is_call_of(call: &Macro, name: &str) -> bool {
    call.path.segments.last().is_some_and(|last| last.ident == name)
}
