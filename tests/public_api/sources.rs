//! The modules of a crate, parsed.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemMacro};

/// A module, with those inside of it.
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) items: Vec<Item>,
    pub(crate) inside: Vec<Module>,
}

impl Module {
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.inside.iter().find(|module| module.name == name)
    }

    /// This module and all in it, without what is hidden from the documents.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let inside = self.inside.iter().flat_map(Self::all);
        std::iter::once(self).chain(inside).collect()
    }
}

/// The crate with this root.
pub(crate) fn read(root: &Path) -> Module {
    let folder = root.parent().expect("a file is in a folder").to_owned();
    module("crate", parsed(root), &folder, &[])
}

/// The conditions of a module are those of what it implements.
fn module(name: &str, items: Vec<Item>, folder: &Path, conditions: &[Attribute]) -> Module {
    let mut module = Module { name: name.to_owned(), items: Vec::new(), inside: Vec::new() };
    for item in items {
        match item {
            Item::Mod(inner) if is_left_out(&inner.attrs) => {}
            Item::Mod(mut inner) => {
                let name = inner.ident.to_string();
                let folder = folder.join(&name);
                let items = match inner.content.take() {
                    Some((_, items)) => items,
                    None => parsed(&file_of(&folder)),
                };
                let own = inner.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
                let conditions: Vec<Attribute> = conditions.iter().chain(own).cloned().collect();
                module.inside.push(self::module(&name, items, &folder, &conditions));
                module.items.push(Item::Mod(inner));
            }
            Item::Macro(call) if call.ident.is_none() => module.items.extend(made_by(&call, folder)),
            Item::Impl(mut block) => {
                block.attrs.splice(0..0, conditions.iter().cloned());
                module.items.push(Item::Impl(block));
            }
            other => module.items.push(other),
        }
    }
    module
}

/// The items that a macro makes which is called among items.
///
/// None is passed over in silence: what an unknown macro makes might be public.
fn made_by(call: &ItemMacro, folder: &Path) -> Vec<Item> {
    let name = call.mac.path.segments.last().expect("a path has a name").ident.to_string();
    match name.as_str() {
        // It hands its struct on, and adds what nobody can name, and when the struct is `Unpin`.
        "pin_project" => {
            let items = syn::parse2::<syn::File>(call.mac.tokens.clone());
            items.unwrap_or_else(|error| panic!("{}: pin_project!: {error}", folder.display())).items
        }
        // Statics, enums and functions that stay private.
        "thread_local" | "shared" | "options" | "setters" => Vec::new(),
        _ => panic!("{}: is anything public that `{name}!` makes? Say so in `made_by`", folder.display()),
    }
}

fn file_of(folder: &Path) -> PathBuf {
    let beside = folder.with_extension("rs");
    if beside.exists() { beside } else { folder.join("mod.rs") }
}

fn parsed(path: &Path) -> Vec<Item> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).items
}

/// Tests, and what the documents hide.
pub(crate) fn is_left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_about = |name: &str, word: &str| match &attribute.meta {
            syn::Meta::List(list) => list.path.is_ident(name) && list.tokens.to_string() == word,
            _ => false,
        };
        is_about("doc", "hidden") || is_about("cfg", "test") || is_about("cfg", "doctest")
    })
}
