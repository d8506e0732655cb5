//! VALIDATE: where the policy of a site comes from, and the rules among its inline options.

use core::time::Duration;

use proc_macro2::TokenStream;
use syn::{Error, Expr, Lit};

use super::keys::Key;
use super::nearest::nearest;
use super::options::{Options, literal};
use super::values::{self, Number};
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
    Cancellation(&'static str),
}

impl Policy {
    /// Reads the options of the policy.
    pub(crate) fn validate(options: &Options, mistakes: &mut Mistakes) -> Self {
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

/// Reads values. A wrong one is noted and its call left out: the chain is only used where nothing was noted.
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
            call("failures_within", [failures.map(Argument::from), within.map(Argument::Duration)]),
            call("failure_rate", [failure_rate.map(Argument::from), window.clone()]),
            call("slow_call_rate", [slow_call_rate.map(Argument::from), slow_call.map(Argument::Duration), window]),
        ];
        candidates.into_iter().flatten().collect()
    }

    fn setters(&mut self, window: Option<&Window>) -> Vec<Call> {
        let minimum_calls = self.minimum_calls(window);
        let expiry = self.read(Key::Expiry, values::period);
        let progressive = self.progressive(expiry);
        let alone = self.options.get(Key::CloseOnExpiry).map(|_| call("close_on_expiry", []));
        let candidates = [
            call("minimum_calls", [minimum_calls]),
            call("debounce", [self.read(Key::Debounce, values::duration).map(Argument::Duration)]),
            call("expiry", [expiry.map(Argument::Duration)]),
            progressive,
            self.number(Key::Jitter, values::jitter),
            self.number(Key::HalfOpenMaxCalls, values::count),
            self.number(Key::SuccessThreshold, values::count),
            self.number(Key::HalfOpenFailureThreshold, values::count),
            call("half_open_timeout", [self.read(Key::HalfOpenTimeout, values::period).map(Argument::Duration)]),
            alone.flatten(),
            call("on_cancel", [self.read(Key::OnCancel, cancellation).map(Argument::Cancellation)]),
        ];
        candidates.into_iter().flatten().collect()
    }

    fn window(&mut self) -> Option<Window> {
        let value = self.options.value(Key::Window)?;
        if let Some(Lit::Str(text)) = literal(value) {
            if text.value().parse::<f64>().is_err() {
                let period = self.read(Key::Window, values::period)?;
                return Some(Window { argument: Argument::LastPeriod(period), calls: None });
            }
        }
        let count = self.read(Key::Window, values::count)?;
        Some(Window { calls: count.known, argument: Argument::LastCalls(count.tokens) })
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

    fn progressive(&mut self, expiry: Option<Duration>) -> Option<Call> {
        let factor = self.read(Key::BackoffFactor, values::factor);
        let longest = self.read(Key::MaxExpiry, values::period)?;
        // A wrong expiry has its own error.
        let expiry = if self.options.get(Key::Expiry).is_some() { expiry? } else { DEFAULT_EXPIRY };
        if longest < expiry {
            let message = format!("`max_expiry` is shorter than the expiry of {expiry:?}: write at least that");
            self.note(Key::MaxExpiry, message);
        }
        let initial = Some(Argument::Duration(expiry));
        call("progressive_expiry", [initial, factor.map(Argument::from), Some(Argument::Duration(longest))])
    }

    /// The setter that is named like its option.
    fn number(&mut self, key: Key, read: fn(Key, &Expr) -> syn::Result<Number>) -> Option<Call> {
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
