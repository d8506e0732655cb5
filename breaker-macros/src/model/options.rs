//! VALIDATE: which options are given; each at most once, known, and with what it needs beside it.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, Expr, Ident, Lit};

use super::constants::lower_case;
use super::keys::Key;
use crate::args::{Arg, Args, Name, Value};
use crate::mistakes::Mistakes;

/// The options of one attribute, each at most once.
pub(crate) struct Options {
    given: Vec<Given>,
    /// Keys that stand there in some wrong form; reporting them as absent would be a second error
    /// for one mistake.
    attempted: Vec<Key>,
    /// Values of options that are misspelt, and what was meant.
    meant: Vec<(Key, Expr)>,
    /// False where part of the arguments could not be read.
    complete: bool,
}

/// An option with its place in the source.
pub(crate) struct Given {
    pub(crate) key: Key,
    pub(crate) at: Ident,
    /// Absent for an option that stands alone.
    pub(crate) value: Option<Expr>,
}

impl Options {
    /// Sorts the arguments; what is wrong with one as such is noted.
    pub(crate) fn collect(args: Args, mistakes: &mut Mistakes) -> Self {
        mistakes.absorb(args.mistakes);
        let mut options = Self { given: Vec::new(), attempted: Vec::new(), meant: Vec::new(), complete: args.complete };
        for arg in args.list {
            let checked = match arg {
                Arg::Named { key, value } => options.name(key, value, mistakes),
                Arg::Positional(value) => Err(options.positional(&value)),
            };
            options.given.extend(mistakes.keep(checked).flatten());
        }
        options.refuse_two_policies(mistakes);
        options.demand_partners(mistakes);
        options
    }

    /// The option, if it is there.
    pub(crate) fn get(&self, key: Key) -> Option<&Given> {
        self.given.iter().find(|given| given.key == key)
    }

    /// The value of an option, if it is there.
    pub(crate) fn value(&self, key: Key) -> Option<&Expr> {
        self.get(key)?.value.as_ref()
    }

    /// The values of which the policy is made.
    pub(crate) fn policy(&self) -> impl Iterator<Item = (Key, &Expr)> {
        let given = self.inline_policy().chain(self.get(Key::Policy));
        given.filter_map(|given| Some((given.key, given.value.as_ref()?)))
    }

    /// The values that hold code, whether they are right or not: what they name is used, although
    /// nothing is made of them.
    pub(crate) fn code(&self) -> impl Iterator<Item = &Expr> {
        let given = self.given.iter().filter_map(|given| Some((given.key, given.value.as_ref()?)));
        let all = given.chain(self.meant.iter().map(|(key, value)| (*key, value)));
        let code = all.filter(|(key, value)| match value {
            // A word elsewhere may be a string without its quotes.
            Expr::Path(_) => match key {
                Key::Crate | Key::OnCancel | Key::CloseOnExpiry => false,
                Key::ErrorHandler | Key::Fallback | Key::Registry => true,
                _ => lower_case(value).is_none(),
            },
            Expr::Call(_) | Expr::Closure(_) | Expr::Macro(_) | Expr::MethodCall(_) | Expr::Reference(_) => true,
            _ => false,
        });
        code.map(|(_, value)| value)
    }

    /// Neither there nor tried.
    pub(crate) fn lacks(&self, key: Key) -> bool {
        self.complete && self.get(key).is_none() && !self.attempted.contains(&key)
    }

    /// The options of an inline policy, in the order of the source.
    pub(crate) fn inline_policy(&self) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(|given| given.key.is_inline_policy())
    }

    /// The option, unless its value was reported already.
    fn name(&mut self, name: Name, value: Value, mistakes: &mut Mistakes) -> syn::Result<Option<Given>> {
        let Name { ident: at, hyphenated } = name;
        let Some(key) = Key::named(&at.to_string()) else {
            return Err(self.unknown(&at, hyphenated, value));
        };
        if let Some(written) = hyphenated {
            mistakes
                .push(Error::new_spanned(written, format!("the words of an option are joined by `_`: write `{at}`")));
        }
        if self.given.iter().any(|given| given.key == key) {
            return Err(Error::new(at.span(), format!("`{at}` is given twice; remove one of the two")));
        }
        self.attempted.push(key);
        let value = match value {
            Value::Bare => None,
            Value::Is(value) => Some(peel(value)),
            Value::List(list) => return Err(in_parentheses(&at, &list)),
            Value::Wrong => return Ok(None),
        };
        match (key, &value) {
            (Key::CloseOnExpiry, Some(value)) => Err(Error::new_spanned(value, stands_alone(value))),
            (Key::CloseOnExpiry, None) | (_, Some(_)) => Ok(Some(Given { key, at, value })),
            (_, None) => Err(Error::new(at.span(), format!("`{at}` needs a value: write `{}`", key.example()))),
        }
    }

    fn unknown(&mut self, at: &Ident, hyphenated: Option<TokenStream>, value: Value) -> Error {
        let name = at.to_string();
        let (shown, written) = match hyphenated {
            Some(written) => (name.replace('_', "-"), written),
            None => (name.clone(), at.to_token_stream()),
        };
        let unknown = |instead: &str| Error::new_spanned(&written, format!("unknown option `{shown}`; {instead}"));
        if let Some(instead) = Key::not_done_here(&name) {
            return unknown(instead);
        }
        if let Some(meant) = Key::meant_by(&name) {
            self.attempted.push(meant);
            if let Value::Is(value) = value {
                self.meant.push((meant, value));
            }
            return unknown(&format!("did you mean `{}`?", meant.name()));
        }
        if matches!(value, Value::Bare) && self.get(Key::Identifier).is_none() {
            self.attempted.push(Key::Identifier);
            return unknown(&format!("to name the circuit, write `identifier = \"{shown}\"`"));
        }
        unknown(&format!("the options are {}", Key::all_names()))
    }

    fn positional(&mut self, value: &Expr) -> Error {
        let message = match literal(value) {
            Some(Lit::Str(text)) if self.lacks(Key::Identifier) => {
                format!("the identifier needs its key: write `identifier = {:?}`", text.value())
            }
            _ => match assigned(value).filter(|option| Key::named(option).is_some()) {
                Some(option) => format!("an option stands by itself: write `{option} = …`"),
                None => "a value needs its option: write `option = value`".to_owned(),
            },
        };
        self.attempted.push(Key::Identifier);
        Error::new_spanned(value, message)
    }

    fn refuse_two_policies(&self, mistakes: &mut Mistakes) {
        let names: Vec<String> = self.inline_policy().map(|given| format!("`{}`", given.at)).collect();
        if let (Some(_), Some(first)) = (self.get(Key::Policy), self.inline_policy().next()) {
            let message = format!(
                "{} cannot stand beside `policy`; write all of the policy there, or remove `policy`",
                names.join(", "),
            );
            mistakes.push(Error::new(first.at.span(), message));
        }
    }

    fn demand_partners(&self, mistakes: &mut Mistakes) {
        let mut demanded = Vec::new();
        for given in &self.given {
            let groups = given.key.partners().iter();
            let absent: Vec<_> = groups.filter(|group| group.iter().all(|key| self.lacks(*key))).collect();
            if absent.is_empty() || absent.iter().all(|group| demanded.contains(group)) {
                continue;
            }
            demanded.extend(&absent);
            let join = |spell: fn(&Key) -> String| {
                let spell = |group: &&&[Key]| group.iter().map(spell).collect::<Vec<_>>().join(" or ");
                absent.iter().map(spell).collect::<Vec<_>>().join(" and ")
            };
            let message = format!(
                "`{}` needs {} beside it: add {}",
                given.at,
                join(|key| format!("`{}`", key.name())),
                join(|key| format!("`{}`", key.example())),
            );
            mistakes.push(Error::new(given.at.span(), message));
        }
    }
}

/// The expression without parentheses, and without the invisible ones that `macro_rules` puts
/// around a fragment.
pub(crate) fn peel(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => peel(*group.expr),
        Expr::Paren(parentheses) => peel(*parentheses.expr),
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

/// The last word before the `=` of an assignment: `policy.expiry = "3s"`, `policy::expiry = "3s"`,
/// `expiry += "3s"`.
fn assigned(value: &Expr) -> Option<String> {
    let to = match value {
        Expr::Assign(assignment) => &*assignment.left,
        Expr::Binary(operation) => &*operation.left,
        _ => return None,
    };
    match to {
        Expr::Field(field) => Some(field.member.to_token_stream().to_string()),
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

fn in_parentheses(at: &Ident, list: &Group) -> Error {
    let inside = list.stream();
    let nests = |token: TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == '=');
    let message = if inside.clone().into_iter().any(nests) {
        format!("options are not nested: write `{inside}` without `{at}(…)`")
    } else {
        format!("a value follows `=`, without parentheses: write `{at} = {inside}`")
    };
    Error::new(list.span(), message)
}

fn stands_alone(value: &Expr) -> &'static str {
    match literal(value) {
        Some(Lit::Bool(flag)) if !flag.value => "`close_on_expiry` stands alone; to leave it off, remove the option",
        _ => "`close_on_expiry` stands alone; write it without a value",
    }
}
