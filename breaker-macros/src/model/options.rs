//! VALIDATE: which options are given; each at most once, known, and with what it needs beside it.

use syn::{Error, Expr, Ident, Lit};

use super::keys::Key;
use crate::args::{Arg, Args, Value};
use crate::mistakes::Mistakes;

/// The options of one attribute, each at most once.
pub(crate) struct Options {
    given: Vec<Given>,
    /// Keys that stand there in some wrong form; reporting them as absent would be a second error for one mistake.
    attempted: Vec<Key>,
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
        let mut options = Self { given: Vec::new(), attempted: Vec::new(), complete: args.complete };
        for arg in args.list {
            let checked = match arg {
                Arg::Named { key, value } => options.name(key, value),
                Arg::Positional(value) => Err(options.positional(&value)),
            };
            mistakes.keep(checked.map(|given| options.given.push(given)));
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

    /// Neither there nor tried.
    pub(crate) fn lacks(&self, key: Key) -> bool {
        self.complete && self.get(key).is_none() && !self.attempted.contains(&key)
    }

    /// The options of an inline policy, in the order of the source.
    pub(crate) fn inline_policy(&self) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(|given| given.key.is_inline_policy())
    }

    fn name(&mut self, at: Ident, value: Value) -> syn::Result<Given> {
        let Some(key) = Key::named(&at.to_string()) else {
            return Err(self.unknown(&at, &value));
        };
        if self.given.iter().any(|given| given.key == key) {
            return Err(Error::new(at.span(), format!("`{at}` is given twice; remove one of the two")));
        }
        self.attempted.push(key);
        let value = match value {
            Value::Bare => None,
            Value::Is(value) => Some(peel(value)),
            Value::List(list) => {
                let message = format!("a value follows `=`, without parentheses: write `{at} = {}`", list.stream());
                return Err(Error::new(list.span(), message));
            }
        };
        match (key, &value) {
            (Key::CloseOnExpiry, Some(value)) => Err(Error::new_spanned(value, stands_alone(value))),
            (Key::CloseOnExpiry, None) | (_, Some(_)) => Ok(Given { key, at, value }),
            (_, None) => Err(Error::new(at.span(), format!("`{at}` needs a value: write `{}`", key.example()))),
        }
    }

    fn unknown(&mut self, at: &Ident, value: &Value) -> Error {
        if let Some(meant) = Key::meant_by(&at.to_string()) {
            self.attempted.push(meant);
            return Error::new(at.span(), format!("unknown option `{at}`; did you mean `{}`?", meant.name()));
        }
        if matches!(value, Value::Bare) && self.get(Key::Identifier).is_none() {
            self.attempted.push(Key::Identifier);
            return Error::new(
                at.span(),
                format!("unknown option `{at}`; to name the circuit, write `identifier = \"{at}\"`"),
            );
        }
        Error::new(at.span(), format!("unknown option `{at}`; the options are {}", Key::all_names()))
    }

    fn positional(&mut self, value: &Expr) -> Error {
        let message = match literal(value) {
            Some(Lit::Str(text)) if self.lacks(Key::Identifier) => {
                format!("the identifier needs its key: write `identifier = {:?}`", text.value())
            }
            _ => "a value needs its option: write `option = value`".to_owned(),
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

/// The expression without parentheses, and without the invisible ones that `macro_rules` puts around a fragment.
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

fn stands_alone(value: &Expr) -> &'static str {
    match literal(value) {
        Some(Lit::Bool(flag)) if !flag.value => "`close_on_expiry` stands alone; to leave it off, remove the option",
        _ => "`close_on_expiry` stands alone; write it without a value",
    }
}
