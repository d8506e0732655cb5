//! Circles among imports.

use std::collections::BTreeSet;

use super::imports::Imports;

/// Every set of files of which each leads to each other one.
pub(crate) fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for file in imports.keys() {
        let there = reached(imports, file);
        if there.contains(file.as_str()) {
            let circle = there.into_iter().filter(|other| reached(imports, other).contains(file.as_str()));
            let circle: Vec<String> = circle.map(str::to_owned).collect();
            if !found.contains(&circle) {
                found.push(circle);
            }
        }
    }
    found
}

/// All files that the imports of a file lead to.
fn reached<'a>(imports: &'a Imports, file: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut ahead: Vec<&str> = imports[file].iter().map(String::as_str).collect();
    while let Some(next) = ahead.pop() {
        if found.insert(next) {
            ahead.extend(imports.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::imports::imports;
    use super::super::sources::made_up;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        circles(&imports(&made_up(files)))
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let files = [
            ("lib", "mod a; mod b;"),
            ("a", "use crate::b::B; pub struct A(B);"),
            ("b", "use crate::a::A; pub struct B(Box<A>);"),
        ];
        assert_eq!(found(&files), [["a", "b"]]);
    }

    #[test]
    fn a_circle_may_lead_through_a_third_file_and_through_paths_in_code() {
        let files = [
            ("lib", "mod a; mod b; mod c;"),
            ("a", "pub fn a() { crate::b::b() }"),
            ("b", "pub fn b() { super::c::c() }"),
            ("c", "use crate::a; pub fn c() { a::a() }"),
        ];
        assert_eq!(found(&files), [["a", "b", "c"]]);
    }

    #[test]
    fn a_parent_that_only_hands_on_what_its_child_defines_is_none() {
        let files = [
            ("lib", "mod a;"),
            ("a", "mod child; pub use child::Child; pub struct A;"),
            ("a/child", "use super::A; pub struct Child(A);"),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn a_parent_that_uses_what_it_hands_on_is_one() {
        let files = [
            ("lib", "mod a;"),
            ("a", "mod child; pub use child::Child; pub struct A(Option<Box<Child>>);"),
            ("a/child", "use super::A; pub struct Child(A);"),
        ];
        assert_eq!(found(&files), [["a", "a/child"]]);
    }

    #[test]
    fn unit_tests_may_import_what_they_test() {
        let files = [
            ("lib", "mod a; mod b;"),
            ("a", "use crate::b::B; pub struct A(B);"),
            ("b", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; #[test] fn t() { let _: A; } }"),
        ];
        assert!(found(&files).is_empty());
    }
}
