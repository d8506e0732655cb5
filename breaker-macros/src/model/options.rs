//! VALIDATE: which options are given. Each must be known, given once, and have the options that it
//! requires.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, Expr, Ident, Lit};

use super::expressions::{literal, lower_case, ungroup};
use super::option_name::OptionName;
use super::suggestion::closest;
use crate::args::{Arg, Args, Name, Value};
use crate::errors::ErrorCollector;

/// The options of one attribute, each at most once.
pub(crate) struct Options {
    given: Vec<Given>,
    /// Options that were given in an invalid form. Reporting them as missing would be a second
    /// error for one mistake.
    attempted: Vec<OptionName>,
    /// Misspelled options: what was meant, and the value.
    meant: Vec<(OptionName, Expr)>,
    /// False if some arguments could not be read.
    complete: bool,
}

/// An option as it was given.
pub(crate) struct Given {
    pub(crate) option: OptionName,
    pub(crate) at: Ident,
    /// `None` for an option without a value.
    pub(crate) value: Option<Expr>,
}

impl Options {
    /// Collects the options from the arguments, and adds an error for each invalid one.
    pub(crate) fn collect(args: Args, errors: &mut ErrorCollector) -> Self {
        errors.absorb(args.errors);
        let mut options = Self { given: Vec::new(), attempted: Vec::new(), meant: Vec::new(), complete: args.complete };
        for arg in args.list {
            let checked = match arg {
                Arg::Named { name, value } => options.named(name, value, errors),
                Arg::Positional(value) => Err(options.positional(&value)),
            };
            options.given.extend(errors.ok(checked).flatten());
        }
        options.reject_two_policies(errors);
        options.require_partners(errors);
        options
    }

    /// The option, if it is given.
    pub(crate) fn get(&self, option: OptionName) -> Option<&Given> {
        self.given.iter().find(|given| given.option == option)
    }

    /// The value of an option, if it is given.
    pub(crate) fn value(&self, option: OptionName) -> Option<&Expr> {
        self.get(option)?.value.as_ref()
    }

    /// The values that make up the policy.
    pub(crate) fn policy(&self) -> impl Iterator<Item = (OptionName, &Expr)> {
        let given = self.inline_policy().chain(self.get(OptionName::Policy));
        given.filter_map(|given| Some((given.option, given.value.as_ref()?)))
    }

    /// The values that hold code, valid or not. What they name counts as used, although nothing is
    /// generated from them.
    pub(crate) fn code(&self) -> impl Iterator<Item = &Expr> {
        let given = self.given.iter().filter_map(|given| Some((given.option, given.value.as_ref()?)));
        let all = given.chain(self.meant.iter().map(|(option, value)| (*option, value)));
        let code = all.filter(|(option, value)| match value {
            // For other options, a word may be a string without its quotes.
            Expr::Path(_) => match option {
                OptionName::Crate | OptionName::OnCancel => false,
                option if option.is_bare() => false,
                OptionName::ErrorHandler | OptionName::Fallback | OptionName::Registry => true,
                _ => lower_case(value).is_none(),
            },
            Expr::Call(_) | Expr::Closure(_) | Expr::Macro(_) | Expr::MethodCall(_) | Expr::Reference(_) => true,
            _ => false,
        });
        code.map(|(_, value)| value)
    }

    /// Returns whether the option is missing: neither given nor attempted.
    pub(crate) fn lacks(&self, option: OptionName) -> bool {
        self.complete && self.get(option).is_none() && !self.attempted.contains(&option)
    }

    /// The options of an inline policy, in the order of the source.
    pub(crate) fn inline_policy(&self) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(|given| given.option.is_inline_policy())
    }

    /// Checks a named argument; `None` if its value has been reported already.
    fn named(&mut self, name: Name, value: Value, errors: &mut ErrorCollector) -> syn::Result<Option<Given>> {
        let Name { ident: at, hyphenated } = name;
        if at == "skip" {
            // Whoever skips a function names no circuit.
            self.attempted.push(OptionName::Identifier);
            let message = "`skip` leaves a function of an annotated `impl` block unguarded, and belongs on that function \
                alone; remove it";
            return Err(Error::new(at.span(), message));
        }
        let Some(option) = OptionName::named(&at.to_string()) else {
            return Err(self.unknown(&at, hyphenated, value));
        };
        if let Some(written) = hyphenated {
            errors.push(Error::new_spanned(written, format!("option names are written with `_`: `{at}`")));
        }
        if self.given.iter().any(|given| given.option == option) {
            return Err(Error::new(at.span(), format!("`{at}` is given twice; remove one")));
        }
        self.attempted.push(option);
        let value = match value {
            Value::None => None,
            Value::Is(value) => Some(ungroup(value)),
            Value::List(list) => return Err(in_parentheses(&at, &list)),
            Value::Invalid => return Ok(None),
        };
        match &value {
            Some(value) if option.is_bare() => Err(Error::new_spanned(value, takes_no_value(option, value))),
            None if !option.is_bare() => {
                Err(Error::new(at.span(), format!("`{at}` needs a value: write `{}`", option.example())))
            }
            _ => Ok(Some(Given { option, at, value })),
        }
    }

    fn unknown(&mut self, at: &Ident, hyphenated: Option<TokenStream>, value: Value) -> Error {
        let name = at.to_string();
        let (shown, written) = match hyphenated {
            Some(written) => (name.replace('_', "-"), written),
            None => (name.clone(), at.to_token_stream()),
        };
        let unknown = |instead: &str| Error::new_spanned(&written, format!("unknown option `{shown}`; {instead}"));
        if let Some(instead) = OptionName::unsupported(&name) {
            return unknown(instead);
        }
        if let Some(meant) = OptionName::meant_by(&name) {
            self.attempted.push(meant);
            if let Value::Is(value) = value {
                self.meant.push((meant, value));
            }
            return unknown(&format!("did you mean `{}`?", meant.name()));
        }
        if matches!(value, Value::None) && self.get(OptionName::Identifier).is_none() {
            if closest(&name, ["skip"].into_iter()).is_some() {
                self.attempted.push(OptionName::Identifier);
                return unknown("did you mean `skip`?");
            }
            self.attempted.push(OptionName::Identifier);
            return unknown(&format!("to name the circuit, write `identifier = \"{shown}\"`"));
        }
        unknown(&format!("the options are {}", OptionName::all_names()))
    }

    fn positional(&mut self, value: &Expr) -> Error {
        let message = match literal(value) {
            Some(Lit::Str(text)) if self.lacks(OptionName::Identifier) => {
                format!("the identifier needs its option name: write `identifier = {:?}`", text.value())
            }
            _ => match assigned(value).filter(|option| OptionName::named(option).is_some()) {
                Some(option) => format!("write the name of the option alone: `{option} = …`"),
                None => "a value needs the name of its option: write `option = value`".to_owned(),
            },
        };
        self.attempted.push(OptionName::Identifier);
        Error::new_spanned(value, message)
    }

    fn reject_two_policies(&self, errors: &mut ErrorCollector) {
        let names: Vec<String> = self.inline_policy().map(|given| format!("`{}`", given.at)).collect();
        if let (Some(_), Some(first)) = (self.get(OptionName::Policy), self.inline_policy().next()) {
            let message = format!(
                "{} cannot be combined with `policy`; put the whole policy there, or remove `policy`",
                names.join(", "),
            );
            errors.push(Error::new(first.at.span(), message));
        }
    }

    fn require_partners(&self, errors: &mut ErrorCollector) {
        let mut required = Vec::new();
        for given in &self.given {
            let groups = given.option.partners().iter();
            let absent: Vec<_> = groups.filter(|group| group.iter().all(|option| self.lacks(*option))).collect();
            if absent.is_empty() || absent.iter().all(|group| required.contains(group)) {
                continue;
            }
            required.extend(&absent);
            let join = |spell: fn(&OptionName) -> String| {
                let spell = |group: &&&[OptionName]| group.iter().map(spell).collect::<Vec<_>>().join(" or ");
                absent.iter().map(spell).collect::<Vec<_>>().join(" and ")
            };
            let message = format!(
                "`{}` requires {}: add {}",
                given.at,
                join(|option| format!("`{}`", option.name())),
                join(|option| format!("`{}`", option.example())),
            );
            errors.push(Error::new(given.at.span(), message));
        }
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
        format!("options are not nested: write `{inside}`, without `{at}(…)`")
    } else {
        format!("a value follows `=`: write `{at} = {inside}`")
    };
    Error::new(list.span(), message)
}

fn takes_no_value(option: OptionName, value: &Expr) -> String {
    let instead = match literal(value) {
        Some(Lit::Bool(flag)) if !flag.value => "to turn it off, remove the option",
        _ => "write the name alone",
    };
    format!("`{}` takes no value; {instead}", option.name())
}
