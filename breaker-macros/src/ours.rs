//! Which attributes are ours: those called `circuit_breaker`, whatever they were imported from, and
//! those with the name that this one was called by, in case it was imported under another.

use proc_macro2::Span;
use syn::Path;

/// Returns whether it is the path of our attribute.
pub(crate) fn is_circuit_breaker(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|segment| segment.ident == "circuit_breaker" || is_name_here(&segment.ident.to_string()))
}

/// Returns whether this attribute was called by that name. Tokens do not say how a macro was called;
/// the source does, where there is one: not in the code of another macro. There, only
/// `circuit_breaker` is recognised.
fn is_name_here(name: &str) -> bool {
    Span::call_site().source_text().is_some_and(|source| name_in(&source) == name)
}

/// The last name of the path in `#[path(…)]` or, in a `cfg_attr`, `path(…)`.
fn name_in(source: &str) -> &str {
    let path = source.trim_start_matches(|sign: char| matches!(sign, '#' | '[') || sign.is_whitespace());
    let path = path.split(['(', '[', '{', ']', '=']).next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn the_name_is_the_last_word_of_the_path() {
        for source in
            ["#[guarded]", "# [ guarded (a::b) ]", "a::b::guarded(c)", "::a :: guarded {d}", "#[a::guarded[]]"]
        {
            assert_eq!(name_in(source), "guarded", "{source}");
        }
        for source in ["", "#[$m]", "#[$name(x)]", "guarded!(x)", "#"] {
            assert_ne!(name_in(source), "guarded", "{source}");
        }
    }
}
