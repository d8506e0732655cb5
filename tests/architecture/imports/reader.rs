//! Reads the imports of one file from its tokens.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path from the root of the crate.
pub(crate) type Path = Vec<String>;

/// What one file says.
#[derive(Default)]
pub(super) struct File {
    /// The modules that it declares.
    children: BTreeSet<String>,
    /// The paths that it uses.
    pub(super) uses: Vec<Path>,
    /// What it hands on with `pub use`: the name, and where that comes from.
    pub(super) handed_on: Vec<(String, Path)>,
    /// The names in its code, apart from `use`.
    pub(super) words: BTreeSet<String>,
}

impl File {
    pub(super) fn read(tokens: TokenStream, path: Path) -> Self {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut file = Self::default();
        for window in tokens.windows(3) {
            if let [TokenTree::Ident(word), TokenTree::Ident(child), TokenTree::Punct(end)] = window {
                if word == "mod" && end.as_char() == ';' {
                    file.children.insert(child.to_string());
                }
            }
        }
        let mut reader = Reader { path, file };
        reader.items(&tokens);
        reader.file
    }
}

struct Reader {
    path: Path,
    file: File,
}

impl Reader {
    /// Items and code: statements that begin with `use`, and paths anywhere.
    fn items(&mut self, tokens: &[TokenTree]) {
        let mut place = 0;
        let mut is_public = false;
        let mut is_test = false;
        while place < tokens.len() {
            match &tokens[place] {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let attribute = tokens.get(place + 1).map(ToString::to_string).unwrap_or_default();
                    is_test |= attribute.replace(' ', "") == "[cfg(test)]";
                }
                TokenTree::Ident(word) if word == "pub" => is_public = true,
                TokenTree::Ident(word) if word == "use" => {
                    let end = tokens[place..].iter().position(|token| is_punct(token, ';'));
                    let end = end.map_or(tokens.len(), |end| place + end);
                    if !is_test {
                        self.statement(&tokens[place + 1..end], is_public);
                    }
                    (place, is_public, is_test) = (end, false, false);
                }
                TokenTree::Ident(word) => {
                    let (path, after) = self.path(&tokens[place..]);
                    if !is_test {
                        self.file.words.insert(word.to_string());
                        self.file.uses.extend(path);
                    }
                    place += after.saturating_sub(1);
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => (is_public, is_test) = (false, false),
                TokenTree::Group(group) => {
                    if !is_test {
                        self.items(&group.stream().into_iter().collect::<Vec<_>>());
                    }
                    // `pub(crate)` is not over yet, a body is.
                    if group.delimiter() == Delimiter::Brace {
                        (is_public, is_test) = (false, false);
                    }
                }
                _ => {}
            }
            place += 1;
        }
    }

    /// A `use`, without that word and the semicolon.
    fn statement(&mut self, tokens: &[TokenTree], is_public: bool) {
        let mut leaves = Vec::new();
        tree(&[], tokens, &mut leaves);
        for (name, path) in leaves {
            let Some(path) = self.absolute(&path) else { continue };
            if is_public {
                self.file.handed_on.push((name, path));
            } else {
                self.file.uses.push(path);
            }
        }
    }

    /// A path in code, if it leads into this crate, and how many tokens it has.
    fn path(&self, tokens: &[TokenTree]) -> (Option<Path>, usize) {
        let mut path = Vec::new();
        let mut place = 0;
        while let Some(TokenTree::Ident(part)) = tokens.get(place) {
            path.push(part.to_string());
            place += 1;
            if !matches!(&tokens[place..], [a, b, ..] if is_punct(a, ':') && is_punct(b, ':')) {
                break;
            }
            place += 2;
        }
        let path = if path.len() > 1 { self.absolute(&path) } else { None };
        (path, place.max(1))
    }

    /// The same path from the root of the crate, if it leads into this crate.
    fn absolute(&self, path: &[String]) -> Option<Path> {
        let mut base = self.path.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child if self.file.children.contains(child) => {}
            _ => return None,
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }
}

/// The leaves of a tree of imports: under which name, and which path.
fn tree(before: &[String], tokens: &[TokenTree], leaves: &mut Vec<(String, Path)>) {
    let mut path = before.to_vec();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                let name = tokens.get(place + 1).map(ToString::to_string).unwrap_or_default();
                leaves.push((name, path));
                return;
            }
            TokenTree::Ident(part) => path.push(part.to_string()),
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                inner.split(|token| is_punct(token, ',')).for_each(|branch| tree(&path, branch, leaves));
                return;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    if path.len() > before.len() {
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        leaves.push((path.last().cloned().unwrap_or_default(), path));
    }
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}
