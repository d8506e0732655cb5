//! VALIDATE: the policy of a call site, and the rules between its inline options.

use core::time::Duration;

use proc_macro2::TokenStream;
use syn::{Error, Expr, Ident, Lit};

use super::constants::reject_arguments;
use super::expressions::literal;
use super::option_name::OptionName;
use super::options::Options;
use super::suggestion::closest;
use super::values::{self, Number, Period};
use crate::errors::ErrorCollector;

/// The policy of a call site.
pub(crate) enum Policy {
    /// None is given: the registry's default applies.
    OfRegistry,
    /// `policy = …`.
    Given(Expr),
    /// The inline options.
    Inline(Inline),
}

/// A chain of calls: first the conditions, the first of them as the constructor, then the setters.
pub(crate) struct Inline {
    pub(crate) conditions: Vec<Call>,
    pub(crate) setters: Vec<Call>,
}

/// One call of the chain. The method of a condition is named without its `or_`.
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) arguments: Vec<Argument>,
}

/// An argument of such a call.
#[derive(Clone)]
pub(crate) enum Argument {
    /// A checked literal.
    Literal(TokenStream),
    /// An expression that the policy's constant check validates.
    Computed(TokenStream),
    Duration(Duration),
    LastCalls(TokenStream),
    LastPeriod(Duration),
    /// A constant; its type decides whether it is a number of calls, a duration or a `Window`.
    LastOf(TokenStream),
    Cancellation(&'static str),
}

impl Policy {
    /// Reads the options of the policy, which cannot name the arguments.
    pub(crate) fn validate(options: &Options, arguments: &[Ident], errors: &mut ErrorCollector) -> Self {
        for (option, value) in options.policy() {
            errors.ok(reject_arguments(option, value, arguments));
        }
        if let Some(value) = options.value(OptionName::Policy) {
            return Self::Given(value.clone());
        }
        if options.inline_policy().next().is_none() {
            return Self::OfRegistry;
        }
        let mut reader = Reader { options, errors };
        let window = reader.window();
        let conditions = reader.conditions(window.as_ref());
        let setters = reader.setters(window.as_ref());
        Self::Inline(Inline { conditions, setters })
    }
}

/// The value of `window`.
struct Window {
    argument: Argument,
    /// The number of calls, if it is a literal.
    calls: Option<f64>,
}

/// Reads values. For an invalid one an error is added and the call left out: the chain is only used
/// if there are no errors.
struct Reader<'a> {
    options: &'a Options,
    errors: &'a mut ErrorCollector,
}

impl Reader<'_> {
    fn conditions(&mut self, window: Option<&Window>) -> Vec<Call> {
        let window = window.map(|window| window.argument.clone());
        let threshold = self.read(OptionName::FailureThreshold, values::count);
        let failures = self.read(OptionName::Failures, values::count);
        let within = self.read(OptionName::Within, values::period);
        let failure_rate = self.read(OptionName::FailureRate, values::rate);
        let slow_call_rate = self.read(OptionName::SlowCallRate, values::rate);
        let slow_call = self.read(OptionName::SlowCall, values::period);
        let hung_calls = self.read(OptionName::HungCalls, values::count);
        let hung_after = self.read(OptionName::HungAfter, values::period);
        let candidates = [
            call("consecutive_failures", [threshold.map(Argument::from)]),
            call("failures_within", [failures.map(Argument::from), within.map(Argument::from)]),
            call("failure_rate", [failure_rate.map(Argument::from), window.clone()]),
            call("slow_call_rate", [slow_call_rate.map(Argument::from), slow_call.map(Argument::from), window]),
            call("hung_calls", [hung_calls.map(Argument::from), hung_after.map(Argument::from)]),
        ];
        candidates.into_iter().flatten().collect()
    }

    fn setters(&mut self, window: Option<&Window>) -> Vec<Call> {
        let minimum_calls = self.minimum_calls(window);
        let expiry = self.read(OptionName::Expiry, values::period);
        // It begins with the expiry, so `expiry` needs no call of its own.
        let progressive = self.progressive(expiry.as_ref());
        let expiry = expiry.filter(|_| progressive.is_none());
        let close_on_expiry = self.options.get(OptionName::CloseOnExpiry).and_then(|_| call("close_on_expiry", []));
        let candidates = [
            call("minimum_calls", [minimum_calls]),
            self.period(OptionName::Debounce, values::duration),
            call("expiry", [expiry.map(Argument::from)]),
            progressive,
            self.number(OptionName::Jitter, values::jitter),
            self.number(OptionName::HalfOpenMaxCalls, values::count),
            self.number(OptionName::SuccessThreshold, values::count),
            self.number(OptionName::HalfOpenFailureThreshold, values::count),
            self.period(OptionName::HalfOpenTimeout, values::period),
            close_on_expiry,
            self.period(OptionName::RampUp, values::period),
            self.number(OptionName::RampUpFrom, values::rate),
            self.period(OptionName::FailSlowerThan, values::period),
            self.period(OptionName::MaxTrip, values::period),
            call("on_cancel", [self.on_cancel().map(Argument::Cancellation)]),
        ];
        candidates.into_iter().flatten().collect()
    }

    fn window(&mut self) -> Option<Window> {
        let value = self.options.value(OptionName::Window)?;
        let is_period = match literal(value) {
            Some(Lit::Str(text)) => text.value().parse::<f64>().is_err(),
            Some(Lit::Int(number)) => {
                !matches!(number.suffix(), "" | "u32") && !number.suffix().starts_with(['u', 'i'])
            }
            _ => false,
        };
        if is_period {
            let period = match self.read(OptionName::Window, values::period)? {
                Period::Known(period) => Argument::LastPeriod(period),
                Period::Computed(tokens) => Argument::LastOf(tokens),
            };
            return Some(Window { argument: period, calls: None });
        }
        let count = self.read(OptionName::Window, values::count)?;
        let argument = match count.known {
            Some(_) => Argument::LastCalls(count.tokens),
            None => Argument::LastOf(count.tokens),
        };
        Some(Window { argument, calls: count.known })
    }

    fn minimum_calls(&mut self, window: Option<&Window>) -> Option<Argument> {
        let minimum = self.read(OptionName::MinimumCalls, values::count)?;
        let calls = window.and_then(|window| window.calls);
        if let (Some(known), Some(calls)) = (minimum.known, calls) {
            if known > calls {
                let message = format!("`minimum_calls` exceeds the window of {calls} calls: write at most {calls}");
                self.error(OptionName::MinimumCalls, message);
            }
        }
        Some(minimum.into())
    }

    fn progressive(&mut self, expiry: Option<&Period>) -> Option<Call> {
        let factor = self.read(OptionName::BackoffFactor, values::factor);
        let longest = self.read(OptionName::MaxExpiry, values::period)?;
        // An invalid expiry has its own error.
        let initial =
            if self.options.lacks(OptionName::Expiry) { Period::Known(DEFAULT_EXPIRY) } else { expiry?.clone() };
        if let (Period::Known(initial), Period::Known(longest)) = (&initial, &longest) {
            if longest < initial {
                let message = format!("`max_expiry` is shorter than the expiry of {initial:?}: write at least that");
                self.error(OptionName::MaxExpiry, message);
            }
        }
        call("progressive_expiry", [Some(initial.into()), factor.map(Argument::from), Some(longest.into())])
    }

    fn on_cancel(&mut self) -> Option<&'static str> {
        let variant = self.read(OptionName::OnCancel, cancellation)?;
        // The options that set the limit; a condition without its partner has its own error.
        let limits = [OptionName::SlowCall, OptionName::SlowCallRate, OptionName::FailSlowerThan];
        if variant == SLOW && limits.into_iter().all(|option| self.options.lacks(option)) {
            let example = OptionName::FailSlowerThan.example();
            let message = format!(
                "`\"slow\"` requires `slow_call` or `fail_slower_than`, the time after which a call is slow: add `{example}`"
            );
            self.error(OptionName::OnCancel, message);
        }
        Some(variant)
    }

    /// The call of the setter that has the name of its option.
    fn number(&mut self, option: OptionName, read: fn(OptionName, &Expr) -> syn::Result<Number>) -> Option<Call> {
        call(option.name(), [self.read(option, read).map(Argument::from)])
    }

    /// The same for a duration.
    fn period(&mut self, option: OptionName, read: fn(OptionName, &Expr) -> syn::Result<Period>) -> Option<Call> {
        call(option.name(), [self.read(option, read).map(Argument::from)])
    }

    fn read<T>(&mut self, option: OptionName, read: fn(OptionName, &Expr) -> syn::Result<T>) -> Option<T> {
        let value = self.options.value(option)?;
        self.errors.ok(read(option, value))
    }

    fn error(&mut self, option: OptionName, message: String) {
        if let Some(value) = self.options.value(option) {
            self.errors.push(Error::new_spanned(value, message));
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

/// The call, if all of its arguments are there.
fn call<const N: usize>(method: &'static str, arguments: [Option<Argument>; N]) -> Option<Call> {
    let arguments = arguments.into_iter().collect::<Option<_>>()?;
    Some(Call { method, arguments })
}

/// The variant of `Cancellation` with that name.
fn cancellation(option: OptionName, value: &Expr) -> syn::Result<&'static str> {
    let choices = "`\"failure\"`, `\"slow\"` or `\"ignore\"`";
    let text = match literal(value) {
        Some(Lit::Str(text)) => text.value(),
        _ => return Err(values::wrong_kind(option, value, choices)),
    };
    match text.as_str() {
        "failure" => Ok("Failure"),
        "slow" => Ok(SLOW),
        "ignore" => Ok("Ignore"),
        other => {
            let names = ["failure", "slow", "ignore"];
            let instead = match closest(other, names.into_iter()) {
                Some(name) => format!("did you mean `\"{name}\"`?"),
                None => format!("write {choices}"),
            };
            Err(Error::new_spanned(value, format!("a cancelled call cannot count as `{other}`; {instead}")))
        }
    }
}

/// The variant of `Cancellation` that requires a limit for slow calls.
const SLOW: &str = "Slow";

/// The default expiry of the runtime.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(30);
