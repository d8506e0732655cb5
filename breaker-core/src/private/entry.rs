//! The ways into a call: from a site that knows its circuit, or by a name that is made per call.

use std::fmt::{self, Write as _};

use super::site::Site;
use crate::admission::{Admission as InnerAdmission, Hold};
use crate::breaker::CircuitBreaker;
use crate::circuit::Origin;
use crate::error::CircuitOpenError;
use crate::key::KeyRef;
use crate::policy::Policy;
use crate::registry::Registry;

/// How an annotated call holds its breaker: its site's for ever, one of its own, or none.
#[derive(Debug)]
pub(crate) enum Held {
    Site(&'static CircuitBreaker),
    Own(CircuitBreaker),
    Unguarded,
}

impl Hold for Held {
    #[inline]
    fn breaker(&self) -> Option<&CircuitBreaker> {
        match self {
            Self::Site(breaker) => Some(breaker),
            Self::Own(breaker) => Some(breaker),
            Self::Unguarded => None,
        }
    }
}

/// An admitted call of an annotated function.
#[derive(Debug)]
pub struct Admission(pub(super) InnerAdmission<Held>);

/// Enters by a site of the global registry.
///
/// # Errors
///
/// If the circuit is open.
#[inline]
pub fn enter_global(site: &'static Site, policy: Option<&'static Policy>) -> Result<Admission, CircuitOpenError> {
    match site.known().and_then(admit_plainly) {
        Some(admission) => Ok(admission),
        None => enter_by_state(site, Registry::global(), policy),
    }
}

/// Enters by a site of a given registry.
///
/// # Errors
///
/// If the circuit is open.
#[inline]
pub fn enter(
    site: &'static Site,
    registry: &Registry,
    policy: Option<&'static Policy>,
) -> Result<Admission, CircuitOpenError> {
    match site.known().filter(|breaker| registry.is(breaker.circuit().hub())).and_then(admit_plainly) {
        Some(admission) => Ok(admission),
        None => enter_by_state(site, registry, policy),
    }
}

/// The plain case: closed, and still in its registry.
#[inline]
fn admit_plainly(breaker: &'static CircuitBreaker) -> Option<Admission> {
    let ticket = breaker.circuit().admit_plainly()?;
    Some(Admission(InnerAdmission::with_ticket(Held::Site(breaker), ticket)))
}

#[inline(never)]
fn enter_by_state(
    site: &'static Site,
    registry: &Registry,
    policy: Option<&'static Policy>,
) -> Result<Admission, CircuitOpenError> {
    match site.known() {
        Some(breaker) if registry.is(breaker.circuit().hub()) && !breaker.circuit().is_retired() => {
            let admission = InnerAdmission::ask(Held::Site(breaker))?;
            if admission.missed_its_circuit() {
                admission.settle(crate::circuit::Finding::Unknown);
                enter_key(registry, site.key(), policy)
            } else {
                Ok(Admission(admission))
            }
        }
        Some(_) => enter_key(registry, site.key(), policy),
        None => {
            let admission = enter_key(registry, site.key(), policy)?;
            if let Some(breaker) = admission.0.hold().breaker() {
                site.remember(breaker);
            }
            Ok(admission)
        }
    }
}

/// Enters by a name.
///
/// # Errors
///
/// If the circuit is open.
pub fn enter_named(
    registry: &Registry,
    identifier: &str,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    policy: Option<&'static Policy>,
) -> Result<Admission, CircuitOpenError> {
    enter_key(registry, KeyRef { kind, scope, identifier }, policy)
}

/// Enters by a name that is formatted from arguments, without allocation up to 64 bytes.
///
/// # Errors
///
/// If the circuit is open.
pub fn enter_formatted(
    registry: &Registry,
    identifier: fmt::Arguments<'_>,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    policy: Option<&'static Policy>,
) -> Result<Admission, CircuitOpenError> {
    let mut name = Name { short: [0; Name::SHORT], len: 0, long: String::new() };
    // Only a foreign `Display` that gives up fails here: what it wrote until then is the name.
    let _ = name.write_fmt(identifier);
    enter_named(registry, name.as_str(), scope, kind, policy)
}

fn enter_key(
    registry: &Registry,
    key: KeyRef<'_>,
    policy: Option<&'static Policy>,
) -> Result<Admission, CircuitOpenError> {
    let admission = registry.admit(key, policy, Origin::Site)?.map_hold(|breaker| match breaker {
        Some(breaker) => Held::Own(breaker),
        None => Held::Unguarded,
    });
    if let (Some(policy), Some(breaker)) = (policy, admission.hold().breaker()) {
        breaker.circuit().compare_site_policy(policy);
    }
    Ok(Admission(admission))
}

/// The name that an expression yields.
#[inline]
pub fn identifier_of<T: Identifier + ?Sized>(value: &T) -> &str {
    value.identifier()
}

/// What an identifier expression may yield.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no identifier of a circuit",
    label = "expected a text: something that is `AsRef<str>`",
    note = "write `identifier = \"name-{{argument}}\"`, or an expression such as `format!(\"…\")` or `host.as_str()`"
)]
pub trait Identifier {
    /// The text.
    fn identifier(&self) -> &str;
}

impl<T: AsRef<str> + ?Sized> Identifier for T {
    #[inline]
    fn identifier(&self) -> &str {
        self.as_ref()
    }
}

/// A text that lives on the stack while it is short.
struct Name {
    short: [u8; Self::SHORT],
    len: usize,
    long: String,
}

impl Name {
    const SHORT: usize = 64;

    fn as_str(&self) -> &str {
        if self.long.is_empty() {
            // Whole texts were copied in, so this is always valid.
            std::str::from_utf8(&self.short[..self.len]).unwrap_or_default()
        } else {
            &self.long
        }
    }
}

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        if self.long.is_empty() && end <= Self::SHORT {
            self.short[self.len..end].copy_from_slice(text.as_bytes());
            self.len = end;
            return Ok(());
        }
        if self.long.is_empty() {
            let short = self.as_str().to_owned();
            self.long = short;
        }
        self.long.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_whole_whether_short_or_long() {
        for length in [0, 1, 63, 64, 65, 200] {
            let text = "x".repeat(length);
            let mut name = Name { short: [0; Name::SHORT], len: 0, long: String::new() };
            write!(name, "{}{}", &text[..length / 2], &text[length / 2..]).unwrap();
            assert_eq!(name.as_str(), text);
        }
    }
}
