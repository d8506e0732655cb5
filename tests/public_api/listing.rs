//! What of a crate can be named from outside, as text: items without their private parts, then what
//! is implemented for them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Block, Field, Fields, File, ImplItem, Item, ItemImpl, ItemUse, TraitItem, UseTree, Visibility};

use super::sources::{Module, is_left_out};

/// The listing of a crate.
pub(crate) fn of(root: &Module) -> String {
    let mut public = Public::default();
    public.module(root, root);
    // Whatever module they are in, users find them in the root.
    for item in root.all().into_iter().flat_map(|module| &module.items).filter(|item| is_exported_macro(item)) {
        public.add(root, &name_of(item).expect("it has a name"), item.clone());
    }
    let names = public.names;
    let declared = root.all().into_iter().flat_map(|module| &module.items).filter_map(declared);
    let private: BTreeSet<String> = declared.filter(|name| !names.contains(name)).collect();
    let mut texts: Vec<String> = public.items.into_values().flatten().collect();
    let impls = root.all().into_iter().flat_map(|module| &module.items).filter_map(|item| match item {
        Item::Impl(block) => visible(block.clone(), &names, &private),
        _ => None,
    });
    let impls: BTreeSet<String> = impls.map(|block| printed(Item::Impl(block))).collect();
    texts.extend(impls);
    texts.join("\n")
}

/// Items by their module and name, which several share that are compiled under different
/// conditions.
#[derive(Default)]
struct Public {
    items: BTreeMap<(String, String), BTreeSet<String>>,
    /// As they are declared, whatever they are renamed to, and what else can be named.
    names: BTreeSet<String>,
}

impl Public {
    fn module(&mut self, module: &Module, root: &Module) {
        for item in &module.items {
            match item {
                Item::Use(import) if is_public(&import.vis) && !is_left_out(&import.attrs) => {
                    for path in paths(&import.tree) {
                        self.import(import, &path, module, root);
                    }
                }
                Item::Mod(inner) if is_public(&inner.vis) => {
                    self.add(module, &inner.ident.to_string(), Item::Mod(inner.clone()));
                    if let Some(inner) = module.child(&inner.ident.to_string()) {
                        self.module(inner, root);
                    }
                }
                other => {
                    if let Some(name) = name_of(other) {
                        self.add(module, &name, other.clone());
                    }
                }
            }
        }
    }

    /// What is handed on from a module of this crate; of another crate only its name. The import
    /// itself is listed where it renames, or depends on a feature.
    fn import(&mut self, import: &ItemUse, path: &[String], module: &Module, root: &Module) {
        let (last, way) = path.split_last().expect("a path has a name");
        assert_ne!(last, "*", "name what `pub use {}` hands on", path.join("::"));
        let (name, alias) = last.split_once(" as ").unwrap_or((last, last));
        let item = resolve(way, name, module, root);
        if let Some(item) = item {
            self.add(module, alias, item.clone());
        }
        let mut attributes = import.attrs.clone();
        keep_telling(&mut attributes);
        if item.is_none() || alias != name || !attributes.is_empty() {
            let tree: UseTree = syn::parse_str(&path.join("::")).expect("it was an import");
            let import = syn::parse_quote!(#(#attributes)* pub use #tree;);
            self.insert(module, alias, import);
        }
    }

    fn add(&mut self, module: &Module, name: &str, item: Item) {
        let declared = name_of(&item);
        if let Some(item) = public_part(item) {
            self.names.extend(declared);
            self.insert(module, name, item);
        }
    }

    fn insert(&mut self, module: &Module, name: &str, item: Item) {
        self.names.insert(name.to_owned());
        self.items.entry((module.name.clone(), name.to_owned())).or_default().insert(printed(item));
    }
}

/// The item of that name; it may be handed on several times.
fn resolve<'a>(way: &[String], name: &str, from: &'a Module, root: &'a Module) -> Option<&'a Item> {
    let module = way.iter().try_fold(from, |module, step| match step.as_str() {
        "self" => Some(module),
        "crate" => Some(root),
        step => module.child(step),
    })?;
    let defined = module.items.iter().find(|item| name_of(item).as_deref() == Some(name));
    defined.or_else(|| {
        let imports = module.items.iter().filter_map(|item| match item {
            Item::Use(import) => Some(paths(&import.tree)),
            _ => None,
        });
        imports.flatten().filter(|path| path.len() > 1).find_map(|path| {
            let (last, way) = path.split_last()?;
            let (original, alias) = last.split_once(" as ").unwrap_or((last, last));
            if alias == name { resolve(way, original, module, root) } else { None }
        })
    })
}

/// The paths of an import; the last step of a renamed one is `name as alias`.
fn paths(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Path(path) => {
            let mut paths = paths(&path.tree);
            for inner in &mut paths {
                inner.insert(0, path.ident.to_string());
            }
            paths
        }
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(renamed) => vec![vec![format!("{} as {}", renamed.ident, renamed.rename)]],
        UseTree::Glob(_) => vec![vec!["*".to_owned()]],
        UseTree::Group(group) => group.items.iter().flat_map(paths).collect(),
    }
}

/// The name of a type or trait, whoever may see it.
fn declared(item: &Item) -> Option<String> {
    let name = match item {
        Item::Enum(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The name of a public item.
fn name_of(item: &Item) -> Option<String> {
    let (name, visibility) = match item {
        Item::Const(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::ExternCrate(item) => (&item.ident, &item.vis),
        Item::Fn(item) => (&item.sig.ident, &item.vis),
        Item::Static(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        Item::Macro(call) if is_exported_macro(item) => return call.ident.as_ref().map(ToString::to_string),
        _ => return None,
    };
    is_public(visibility).then(|| name.to_string())
}

/// Whether it is a `macro_rules!` of users.
fn is_exported_macro(item: &Item) -> bool {
    let Item::Macro(item) = item else { return false };
    item.ident.is_some() && item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The item without bodies, private fields and what documents hide.
fn public_part(mut item: Item) -> Option<Item> {
    let attributes = match &mut item {
        Item::Const(item) => &mut item.attrs,
        Item::Enum(item) => {
            item.variants.iter_mut().for_each(|variant| {
                keep_telling(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| keep_telling(&mut field.attrs));
            });
            &mut item.attrs
        }
        Item::Fn(item) => {
            *item.block = empty();
            &mut item.attrs
        }
        Item::ExternCrate(item) => &mut item.attrs,
        Item::Macro(item) => {
            item.mac.tokens = TokenStream::new();
            &mut item.attrs
        }
        Item::Mod(item) => &mut item.attrs,
        Item::Struct(item) => {
            keep_public(&mut item.fields);
            &mut item.attrs
        }
        Item::Trait(item) => {
            item.items.retain_mut(|part| match part {
                TraitItem::Fn(method) => {
                    let is_hidden = is_left_out(&method.attrs);
                    keep_telling(&mut method.attrs);
                    method.default = method.default.take().map(|_| empty());
                    !is_hidden
                }
                TraitItem::Type(associated) => {
                    keep_telling(&mut associated.attrs);
                    true
                }
                _ => true,
            });
            &mut item.attrs
        }
        Item::Type(item) => &mut item.attrs,
        Item::Union(item) => &mut item.attrs,
        _ => return None,
    };
    let is_hidden = is_left_out(attributes);
    keep_telling(attributes);
    (!is_hidden).then_some(item)
}

/// An inherent block without what is private; of the implementation of a trait, that it is there.
fn visible(mut block: ItemImpl, public: &BTreeSet<String>, private: &BTreeSet<String>) -> Option<ItemImpl> {
    let mentions = |tokens: &dyn ToTokens, names: &BTreeSet<String>| {
        idents(tokens.to_token_stream()).iter().any(|name| names.contains(name))
    };
    let is_ours = mentions(&block.self_ty, public);
    if mentions(&block.self_ty, private) {
        return None;
    }
    keep_telling(&mut block.attrs);
    if let Some((path, _)) = &block.trait_ {
        let is_told = (is_ours || mentions(path, public)) && !mentions(path, private);
        block.items.retain(|part| matches!(part, ImplItem::Type(_)));
        return is_told.then_some(block);
    }
    block.items.retain_mut(|part| match part {
        ImplItem::Fn(method) => {
            let is_seen = is_public(&method.vis) && !is_left_out(&method.attrs);
            keep_telling(&mut method.attrs);
            method.block = empty();
            is_seen
        }
        ImplItem::Const(constant) => {
            keep_telling(&mut constant.attrs);
            is_public(&constant.vis)
        }
        _ => false,
    });
    (is_ours && !block.items.is_empty()).then_some(block)
}

fn idents(tokens: TokenStream) -> Vec<String> {
    let of = |token| match token {
        TokenTree::Group(group) => idents(group.stream()),
        TokenTree::Ident(name) => vec![name.to_string()],
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(of).collect()
}

fn keep_public(fields: &mut Fields) {
    let keep = |field: &mut Field| {
        keep_telling(&mut field.attrs);
        is_public(&field.vis)
    };
    match fields {
        Fields::Named(fields) => {
            let fields = &mut fields.named;
            *fields = std::mem::take(fields).into_iter().filter_map(|mut one| keep(&mut one).then_some(one)).collect();
        }
        Fields::Unnamed(fields) => {
            let fields = &mut fields.unnamed;
            *fields = std::mem::take(fields).into_iter().filter_map(|mut one| keep(&mut one).then_some(one)).collect();
        }
        Fields::Unit => {}
    }
}

/// The attributes that users build on.
fn keep_telling(attributes: &mut Vec<Attribute>) {
    let telling = ["cfg", "derive", "macro_export", "must_use", "non_exhaustive", "proc_macro_attribute"];
    attributes.retain(|one| telling.iter().any(|name| one.path().is_ident(name)));
}

fn empty() -> Block {
    Block { brace_token: syn::token::Brace::default(), stmts: Vec::new() }
}

fn printed(item: Item) -> String {
    prettyplease::unparse(&File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] })
}
