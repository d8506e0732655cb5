//! VALIDATE: where the policy of a site comes from, and the rules among its inline options.

use core::time::Duration;

use proc_macro2::TokenStream;
use syn::{Error, Expr, Ident, Lit};

use super::constants::refuse_arguments;
use super::keys::Key;
use super::nearest::nearest;
use super::options::{Options, literal};
use super::values::{self, Number, Period};
use crate::mistakes::Mistakes;

/// The policy of a site.
pub(crate) enum Policy {
    /// None given: the registry's default serves.
    OfRegistry,
    /// `policy = …`.
    Given(Expr),
    /// The inline options.
    Inline(Inline),
}

/// A chain of calls: the conditions, of which the first is the constructor, then the setters.
pub(crate) struct Inline {
    pub(crate) conditions: Vec<Call>,
    pub(crate) setters: Vec<Call>,
}

/// One call of the chain; conditions are named without their `or_`.
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) arguments: Vec<Argument>,
}

/// An argument of such a call.
#[derive(Clone)]
pub(crate) enum Argument {
    /// A checked literal.
    Literal(TokenStream),
    /// An expression that the policy's constant check has to judge.
    Computed(TokenStream),
    Duration(Duration),
    LastCalls(TokenStream),
    LastPeriod(Duration),
    /// A constant: a number of calls, a duration or a `Window`, which its type decides.
    LastOf(TokenStream),
    Cancellation(&'static str),
}

impl Policy {
    /// Reads the options of the policy, which cannot name the arguments.
    pub(crate) fn validate(options: &Options, arguments: &[Ident], mistakes: &mut Mistakes) -> Self {
        for (key, value) in options.policy() {
            mistakes.keep(refuse_arguments(key, value, arguments));
        }
        if let Some(value) = options.value(Key::Policy) {
            return Self::Given(value.clone());
        }
        if options.inline_policy().next().is_none() {
            return Self::OfRegistry;
        }
        let mut reader = Reader { options, mistakes };
        let window = reader.window();
        let conditions = reader.conditions(window.as_ref());
        let setters = reader.setters(window.as_ref());
        Self::Inline(Inline { conditions, setters })
    }
}

/// What `window = …` says.
struct Window {
    argument: Argument,
    /// The number of calls, where it is a literal.
    calls: Option<f64>,
}

/// Reads values. A wrong one is noted and its call left out: the chain is only used where nothing
/// was noted.
struct Reader<'a> {
    options: &'a Options,
    mistakes: &'a mut Mistakes,
}

impl Reader<'_> {
    fn conditions(&mut self, window: Option<&Window>) -> Vec<Call> {
        let window = window.map(|window| window.argument.clone());
        let threshold = self.read(Key::FailureThreshold, values::count);
        let failures = self.read(Key::Failures, values::count);
        let within = self.read(Key::Within, values::period);
        let failure_rate = self.read(Key::FailureRate, values::rate);
        let slow_call_rate = self.read(Key::SlowCallRate, values::rate);
        let slow_call = self.read(Key::SlowCall, values::period);
        let candidates = [
            call("consecutive_failures", [threshold.map(Argument::from)]),
            call("failures_within", [failures.map(Argument::from), within.map(Argument::from)]),
            call("failure_rate", [failure_rate.map(Argument::from), window.clone()]),
            call("slow_call_rate", [slow_call_rate.map(Argument::from), slow_call.map(Argument::from), window]),
        ];
        candidates.into_iter().flatten().collect()
    }

    fn setters(&mut self, window: Option<&Window>) -> Vec<Call> {
        let minimum_calls = self.minimum_calls(window);
        let expiry = self.read(Key::Expiry, values::period);
        // It begins with the expiry, so that nothing else has to say it.
        let progressive = self.progressive(expiry.as_ref());
        let expiry = expiry.filter(|_| progressive.is_none());
        let close_on_expiry = self.options.get(Key::CloseOnExpiry).and_then(|_| call("close_on_expiry", []));
        let candidates = [
            call("minimum_calls", [minimum_calls]),
            self.period(Key::Debounce, values::duration),
            call("expiry", [expiry.map(Argument::from)]),
            progressive,
            self.number(Key::Jitter, values::jitter),
            self.number(Key::HalfOpenMaxCalls, values::count),
            self.number(Key::SuccessThreshold, values::count),
            self.number(Key::HalfOpenFailureThreshold, values::count),
            self.period(Key::HalfOpenTimeout, values::period),
            close_on_expiry,
            self.period(Key::FailSlowerThan, values::period),
            self.period(Key::MaxTrip, values::period),
            call("on_cancel", [self.read(Key::OnCancel, cancellation).map(Argument::Cancellation)]),
        ];
        candidates.into_iter().flatten().collect()
    }

    fn window(&mut self) -> Option<Window> {
        let value = self.options.value(Key::Window)?;
        let is_period = match literal(value) {
            Some(Lit::Str(text)) => text.value().parse::<f64>().is_err(),
            Some(Lit::Int(number)) => {
                !matches!(number.suffix(), "" | "u32") && !number.suffix().starts_with(['u', 'i'])
            }
            _ => false,
        };
        if is_period {
            let period = match self.read(Key::Window, values::period)? {
                Period::Known(period) => Argument::LastPeriod(period),
                Period::Computed(tokens) => Argument::LastOf(tokens),
            };
            return Some(Window { argument: period, calls: None });
        }
        let count = self.read(Key::Window, values::count)?;
        let argument = match count.known {
            Some(_) => Argument::LastCalls(count.tokens),
            None => Argument::LastOf(count.tokens),
        };
        Some(Window { argument, calls: count.known })
    }

    fn minimum_calls(&mut self, window: Option<&Window>) -> Option<Argument> {
        let minimum = self.read(Key::MinimumCalls, values::count)?;
        let calls = window.and_then(|window| window.calls);
        if let (Some(known), Some(calls)) = (minimum.known, calls) {
            if known > calls {
                let message =
                    format!("`minimum_calls` is more than the window of {calls} calls holds: write at most {calls}");
                self.note(Key::MinimumCalls, message);
            }
        }
        Some(minimum.into())
    }

    fn progressive(&mut self, expiry: Option<&Period>) -> Option<Call> {
        let factor = self.read(Key::BackoffFactor, values::factor);
        let longest = self.read(Key::MaxExpiry, values::period)?;
        // A wrong expiry has its own error.
        let initial = if self.options.lacks(Key::Expiry) { Period::Known(DEFAULT_EXPIRY) } else { expiry?.clone() };
        if let (Period::Known(initial), Period::Known(longest)) = (&initial, &longest) {
            if longest < initial {
                let message = format!("`max_expiry` is shorter than the expiry of {initial:?}: write at least that");
                self.note(Key::MaxExpiry, message);
            }
        }
        call("progressive_expiry", [Some(initial.into()), factor.map(Argument::from), Some(longest.into())])
    }

    /// The setter that is named like its option.
    fn number(&mut self, key: Key, read: fn(Key, &Expr) -> syn::Result<Number>) -> Option<Call> {
        call(key.name(), [self.read(key, read).map(Argument::from)])
    }

    /// The same for a duration.
    fn period(&mut self, key: Key, read: fn(Key, &Expr) -> syn::Result<Period>) -> Option<Call> {
        call(key.name(), [self.read(key, read).map(Argument::from)])
    }

    fn read<T>(&mut self, key: Key, read: fn(Key, &Expr) -> syn::Result<T>) -> Option<T> {
        let value = self.options.value(key)?;
        self.mistakes.keep(read(key, value))
    }

    fn note(&mut self, key: Key, message: String) {
        if let Some(value) = self.options.value(key) {
            self.mistakes.push(Error::new_spanned(value, message));
        }
    }
}

impl From<Number> for Argument {
    fn from(number: Number) -> Self {
        match number.known {
            Some(_) => Self::Literal(number.tokens),
            None => Self::Computed(number.tokens),
        }
    }
}

impl From<Period> for Argument {
    fn from(period: Period) -> Self {
        match period {
            Period::Known(period) => Self::Duration(period),
            Period::Computed(tokens) => Self::Computed(tokens),
        }
    }
}

/// The call, where all of its arguments are there.
fn call<const N: usize>(method: &'static str, arguments: [Option<Argument>; N]) -> Option<Call> {
    let arguments = arguments.into_iter().collect::<Option<_>>()?;
    Some(Call { method, arguments })
}

/// The variant of `Cancellation` of that name.
fn cancellation(key: Key, value: &Expr) -> syn::Result<&'static str> {
    let text = match literal(value) {
        Some(Lit::Str(text)) => text.value(),
        _ => return Err(values::wrong_kind(key, value, "`\"failure\"` or `\"ignore\"`")),
    };
    match text.as_str() {
        "failure" => Ok("Failure"),
        "ignore" => Ok("Ignore"),
        other => {
            let names = ["failure", "ignore"];
            let instead = match nearest(other, names.into_iter()) {
                Some(name) => format!("did you mean `\"{name}\"`?"),
                None => "write `\"failure\"` or `\"ignore\"`".to_owned(),
            };
            Err(Error::new_spanned(value, format!("a cancelled call cannot count as `{other}`; {instead}")))
        }
    }
}

/// The runtime's expiry where none is given.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(30);
