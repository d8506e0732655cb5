//! The ways into a call: from a site that knows its circuit, or by a name that is made per call.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::site::Site;
use crate::breaker::CircuitBreaker;
use crate::call::error::CircuitOpenError;
use crate::call::pass::Pass;
use crate::circuit::{Circuit, Completion, NotAdmitted, Origin, ThisThread};
use crate::key::{AsKey as _, KeyRef};
use crate::limits::TextLimits;
use crate::policy::Policy;
use crate::registry::Registry;

/// An admitted call of an annotated function.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a>(pub(super) Pass<'a>);

/// Where a call keeps the circuit that it found by name. The circuits of sites are kept by their
/// sites.
#[derive(Debug)]
pub struct Found(pub(super) Option<Arc<Circuit>>);

impl Found {
    /// Nothing yet.
    #[must_use]
    #[inline]
    #[allow(clippy::new_without_default)] // Only the expansion makes one.
    pub const fn new() -> Self {
        Self(None)
    }
}

/// Enters by a site of the global registry.
///
/// # Errors
///
/// If the circuit is open.
#[inline]
pub fn enter_global<'a>(
    site: &'static Site,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<Admission<'a>, CircuitOpenError> {
    match site.known().and_then(admit_fast) {
        Some(admission) => Ok(admission),
        None => enter_slow(site, None, policy, found),
    }
}

/// Enters by a site of a given registry.
///
/// # Errors
///
/// If the circuit is open.
#[inline]
pub fn enter<'a>(
    site: &'static Site,
    registry: &Registry,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<Admission<'a>, CircuitOpenError> {
    match site.known().filter(|breaker| registry.is(breaker.circuit().environment())).and_then(admit_fast) {
        Some(admission) => Ok(admission),
        None => enter_slow(site, Some(registry), policy, found),
    }
}

/// The plain case: closed, and still in its registry.
#[inline]
fn admit_fast(breaker: &'static CircuitBreaker) -> Option<Admission<'static>> {
    let circuit = breaker.circuit();
    Some(Admission(Pass::new(Some(circuit), circuit.admit_fast()?)))
}

/// Without a registry it is the global one.
#[inline(never)]
fn enter_slow<'a>(
    site: &'static Site,
    registry: Option<&Registry>,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<Admission<'a>, CircuitOpenError> {
    // First what a site with an open circuit sees all day.
    let open =
        site.known().filter(|breaker| registry.is_none_or(|registry| registry.is(breaker.circuit().environment())));
    match open.and_then(|breaker| Some((breaker, breaker.circuit().reject_fast()?))) {
        Some((breaker, rejection)) => Err(CircuitOpenError::at_site(breaker, rejection)),
        None => enter_cold(site, registry, policy, found),
    }
}

#[inline(never)]
fn enter_cold<'a>(
    site: &'static Site,
    registry: Option<&Registry>,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<Admission<'a>, CircuitOpenError> {
    let Some(breaker) = site.known() else {
        let (admission, circuit) = enter_key(or_global(registry), site.key(), policy, found)?;
        if let Some(circuit) = circuit.filter(|circuit| circuit.key().as_key() == site.key()) {
            circuit.pin_for_site();
            site.remember(circuit);
        }
        return Ok(admission);
    };
    let circuit = breaker.circuit();
    if registry.is_none_or(|registry| registry.is(circuit.environment())) && !circuit.is_retired() {
        let ticket = match circuit.admit::<ThisThread>() {
            Ok(ticket) => ticket,
            Err(NotAdmitted::Nested) => return Ok(Admission(Pass::UNGUARDED)),
            Err(NotAdmitted::Rejected(rejection)) => return Err(CircuitOpenError::at_site(breaker, rejection)),
        };
        if !circuit.was_evicted(ticket) {
            return Ok(Admission(Pass::new(Some(circuit), ticket)));
        }
        circuit.settle(ticket, Completion::Unknown);
    }
    let (admission, circuit) = enter_key(or_global(registry), site.key(), policy, found)?;
    if let Some(circuit) = circuit.filter(|circuit| circuit.key().as_key() == site.key()) {
        circuit.pin_for_site();
    }
    Ok(admission)
}

fn or_global(registry: Option<&Registry>) -> &Registry {
    match registry {
        Some(registry) => registry,
        None => Registry::global(),
    }
}

/// Enters by a name.
///
/// # Errors
///
/// If the circuit is open.
pub fn enter_named<'a>(
    registry: &Registry,
    identifier: &str,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<Admission<'a>, CircuitOpenError> {
    enter_key(registry, KeyRef::of(kind, scope, identifier), policy, found).map(|(admission, _)| admission)
}

/// Enters by a name that is formatted from arguments, without allocation up to 64 bytes.
///
/// # Errors
///
/// If the circuit is open.
pub fn enter_formatted<'a>(
    registry: &Registry,
    identifier: fmt::Arguments<'_>,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<Admission<'a>, CircuitOpenError> {
    let mut name = Name { short: [0; Name::SHORT], len: 0, long: String::new() };
    // A foreign `Display` that gives up fails here, and a name that is too long already: what was
    // written until then is the name.
    let _ = name.write_fmt(identifier);
    enter_named(registry, name.as_str(), scope, kind, policy, found)
}

/// Also the circuit that was found: one of that name, or the one that calls share in a full
/// registry.
fn enter_key<'a>(
    registry: &Registry,
    key: KeyRef<'_>,
    policy: Option<&'static Policy>,
    found: &'a mut Found,
) -> Result<(Admission<'a>, Option<&'a Arc<Circuit>>), CircuitOpenError> {
    let (circuit, ticket) = registry.admit::<ThisThread>(key, policy, Origin::Site)?;
    found.0 = circuit;
    let circuit = found.0.as_ref();
    let pass = Pass::new(circuit.map(|circuit| &**circuit), ticket);
    if let (Some(policy), Some(circuit)) = (policy, circuit) {
        // A disagreement goes to the log, whose subscribers are code of the user.
        pass.meanwhile(|| circuit.compare_site_policy(policy));
    }
    Ok((Admission(pass), circuit))
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
        // What is longer no registry takes, however much longer it is.
        let end = (TextLimits::LONGEST_NAME.saturating_sub(self.long.len()) + 1..text.len())
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(text.len());
        self.long.push_str(&text[..end]);
        if self.long.len() > TextLimits::LONGEST_NAME { Err(fmt::Error) } else { Ok(()) }
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

    #[test]
    fn a_name_that_no_registry_takes_is_not_written_to_its_end() {
        for text in ["x", "é", "𝄞"] {
            let mut name = Name { short: [0; Name::SHORT], len: 0, long: String::new() };
            assert!(write!(name, "{}{}", text.repeat(40_000), text.repeat(1_000_000)).is_err());
            let length = name.as_str().len();
            assert!(length > TextLimits::LONGEST_NAME && length <= TextLimits::LONGEST_NAME + 4, "{length} bytes");
        }
        let mut name = Name { short: [0; Name::SHORT], len: 0, long: String::new() };
        assert!(write!(name, "{}{}", "x".repeat(40_000), "x".repeat(25_536)).is_ok());
        assert_eq!(name.as_str().len(), TextLimits::LONGEST_NAME);
    }
}
