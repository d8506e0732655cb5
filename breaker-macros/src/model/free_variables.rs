//! The free variables of an expression.

use syn::visit::{self, Visit};
use syn::{Expr, ExprPath, Ident, PatIdent};

/// The paths of a single word, except those that the expression binds itself, anywhere in it.
pub(crate) fn of(value: &Expr) -> Vec<Ident> {
    let mut names = Names::default();
    names.visit_expr(value);
    let Names { mut used, bound } = names;
    used.retain(|name| !bound.contains(name));
    used
}

#[derive(Default)]
struct Names {
    used: Vec<Ident>,
    bound: Vec<Ident>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        self.used.extend(path.path.get_ident().cloned());
        visit::visit_expr_path(self, path);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.bound.push(pattern.ident.clone());
        visit::visit_pat_ident(self, pattern);
    }
}
