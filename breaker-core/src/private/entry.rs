//! Entering a call: through a call site that remembers its circuit, or by a name that is computed
//! for each call.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::name::Name;
use crate::call::admission::Admission;
use crate::call::error::CircuitOpenError;
use crate::call::reference::Reference;
use crate::circuit::{Circuit, NotAdmitted, Origin, ThisThread, Ticket};
use crate::key::{AsKey as _, KeyRef};
use crate::policy::Policy;
use crate::primitive::OnceLock;
use crate::registry::{Creation, Registry};
use crate::state::Mode;

/// The static of an annotated function with a literal identifier, which looks its circuit up once.
#[derive(Debug)]
pub struct Site {
    identifier: &'static str,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    /// The first circuit that was found here. It stays even when the circuit leaves its registry: a
    /// retired circuit fails the fast path, so the site looks its name up again for each call.
    circuit: OnceLock<Arc<Circuit>>,
}

impl Site {
    /// The site with this key.
    #[must_use]
    pub const fn new(identifier: &'static str, scope: Option<&'static str>, kind: Option<&'static str>) -> Self {
        Self { identifier, scope, kind, circuit: OnceLock::new() }
    }

    const fn key(&self) -> KeyRef<'static> {
        KeyRef::of(self.kind, self.scope, self.identifier)
    }

    #[inline]
    pub(super) fn circuit(&'static self) -> Option<&'static Circuit> {
        self.circuit.get().map(Arc::as_ref)
    }

    /// Remembers the first circuit found here, which the site [holds](Circuit::pin_for_site).
    fn remember(&self, circuit: &Arc<Circuit>) {
        // Another thread may have been first, with the same circuit or one of another registry.
        // Either is fine.
        let _ = self.circuit.set(Arc::clone(circuit));
    }
}

/// What a call site gives to a circuit that it creates.
#[derive(Clone, Copy, Debug)]
pub struct SiteOptions {
    /// `None` for the default policy of the registry.
    policy: Option<&'static Policy>,
    mode: Option<Mode>,
}

impl SiteOptions {
    /// The circuit begins closed, with this policy or with the default policy of the registry.
    #[must_use]
    #[inline]
    pub const fn new(policy: Option<&'static Policy>) -> Self {
        Self { policy, mode: None }
    }

    /// Compares what the site says with what a circuit has that it did not create.
    fn compare_with(self, circuit: &Circuit, registry: &Registry) {
        match (self.policy, self.mode) {
            (Some(policy), mode) => circuit.compare_site_policy(policy, mode),
            (None, Some(mode)) => registry.note_mode_of_site(circuit, mode),
            (None, None) => {}
        }
    }

    /// The circuit begins in metrics-only.
    #[must_use]
    #[inline]
    pub const fn metrics_only(self) -> Self {
        Self { mode: Some(Mode::MetricsOnly), ..self }
    }
}

/// Where a call keeps the circuit that it found by name. Sites keep theirs themselves.
#[derive(Debug)]
pub struct CircuitSlot<C>(pub(super) Option<C>);

/// The circuit of a call by a fixed identifier, which is rarely found by name. A single word, as
/// the slot is a part of each guarded future.
#[derive(Debug)]
pub struct OfSite(Arc<Circuit>);

/// The circuit of a call by a computed name. Calls on other threads count elsewhere.
#[derive(Debug)]
pub struct OfName(Reference);

/// What a [`CircuitSlot`] holds.
pub(super) trait Slotted: From<Reference> + Into<Reference> {
    /// The circuit.
    fn circuit(&self) -> &Arc<Circuit>;
}

impl From<Reference> for OfSite {
    fn from(reference: Reference) -> Self {
        Self(reference.into_circuit())
    }
}

impl From<OfSite> for Reference {
    fn from(OfSite(circuit): OfSite) -> Self {
        Self::AtCircuit(circuit)
    }
}

impl Slotted for OfSite {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.0
    }
}

impl From<Reference> for OfName {
    #[inline]
    fn from(reference: Reference) -> Self {
        Self(reference)
    }
}

impl From<OfName> for Reference {
    #[inline]
    fn from(OfName(reference): OfName) -> Self {
        reference
    }
}

impl Slotted for OfName {
    #[inline]
    fn circuit(&self) -> &Arc<Circuit> {
        self.0.circuit()
    }
}

impl<C> CircuitSlot<C> {
    /// Creates an empty slot.
    #[must_use]
    #[inline]
    #[allow(clippy::new_without_default)] // Only the expansion makes one.
    pub const fn new() -> Self {
        Self(None)
    }
}

/// Enters through a site of the global registry.
///
/// # Errors
///
/// Returns an error if the circuit rejects the call.
#[inline]
pub fn enter_global<'a>(
    site: &'static Site,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfSite>,
) -> Result<Admission<'a>, CircuitOpenError> {
    match site.circuit().and_then(admit_fast) {
        Some(admission) => Ok(admission),
        None => enter_slow(site, None, options, slot).into_result(),
    }
}

/// Enters through a site of a given registry.
///
/// # Errors
///
/// Returns an error if the circuit rejects the call.
#[inline]
pub fn enter<'a>(
    site: &'static Site,
    registry: &Registry,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfSite>,
) -> Result<Admission<'a>, CircuitOpenError> {
    match site.circuit().filter(|circuit| registry.is(circuit.environment())).and_then(admit_fast) {
        Some(admission) => Ok(admission),
        None => enter_slow(site, Some(registry), options, slot).into_result(),
    }
}

/// What the slow path says.
///
/// A type of its own, although it says the same as a result. What a function returns in memory
/// would otherwise share its place with the admission of the fast path, which every call would
/// write there and read back.
enum Reply<'a> {
    Admitted(Ticket, Option<&'a Circuit>),
    Rejected(CircuitOpenError),
}

impl<'a> Reply<'a> {
    #[inline]
    fn into_result(self) -> Result<Admission<'a>, CircuitOpenError> {
        match self {
            Self::Admitted(ticket, circuit) => Ok(Admission::new(circuit, ticket)),
            Self::Rejected(open) => Err(open),
        }
    }
}

/// The fast path: closed, and still in its registry.
#[inline]
fn admit_fast(circuit: &'static Circuit) -> Option<Admission<'static>> {
    Some(Admission::new(Some(circuit), circuit.admit_fast()?))
}

/// `None` means the global registry.
#[inline(never)]
fn enter_slow<'a>(
    site: &'static Site,
    registry: Option<&Registry>,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfSite>,
) -> Reply<'a> {
    // First the usual case of a site with an open circuit, or with one that has all its probes out.
    let known = site.circuit().filter(|circuit| registry.is_none_or(|registry| registry.is(circuit.environment())));
    let reject = |circuit: &Circuit| circuit.reject_fast().or_else(|| circuit.reject_probe_fast());
    if let Some((circuit, rejection)) = known.and_then(|circuit| Some((circuit, reject(circuit)?))) {
        return Reply::Rejected(CircuitOpenError::at_site(circuit, rejection));
    }
    match enter_cold(site, registry, options, slot) {
        Ok(admission) => {
            let (circuit, ticket) = admission.parts();
            Reply::Admitted(ticket, circuit)
        }
        Err(open) => Reply::Rejected(open),
    }
}

#[inline(never)]
fn enter_cold<'a>(
    site: &'static Site,
    registry: Option<&Registry>,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfSite>,
) -> Result<Admission<'a>, CircuitOpenError> {
    let Some(known) = site.circuit() else {
        let (admission, circuit) = enter_key(or_global(registry), site.key(), options, slot)?;
        if let Some(circuit) = circuit.filter(|circuit| circuit.key().as_key() == site.key()) {
            circuit.pin_for_site();
            site.remember(circuit);
        }
        return Ok(admission);
    };
    if registry.is_none_or(|registry| registry.is(known.environment())) && !known.is_retired() {
        return match known.admit::<ThisThread>() {
            Ok(ticket) => Ok(Admission::new(Some(known), ticket)),
            Err(NotAdmitted::Nested) => Ok(Admission::UNGUARDED),
            Err(NotAdmitted::Rejected(rejection)) => Err(CircuitOpenError::at_site(known, rejection)),
        };
    }
    let (admission, circuit) = enter_key(or_global(registry), site.key(), options, slot)?;
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

/// Enters by name.
///
/// # Errors
///
/// Returns an error if the circuit rejects the call.
pub fn enter_named<'a>(
    registry: &Registry,
    identifier: &str,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfName>,
) -> Result<Admission<'a>, CircuitOpenError> {
    enter_key(registry, KeyRef::of(kind, scope, identifier), options, slot).map(|(admission, _)| admission)
}

/// Enters by a name that is formatted from arguments, without allocation up to 64 bytes.
///
/// # Errors
///
/// Returns an error if the circuit rejects the call.
pub fn enter_formatted<'a>(
    registry: &Registry,
    identifier: fmt::Arguments<'_>,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfName>,
) -> Result<Admission<'a>, CircuitOpenError> {
    let mut name = Name::new();
    // It fails if a foreign `Display` does, or if the name is too long for any registry. What was
    // written until then is the name.
    let _ = name.write_fmt(identifier);
    enter_named(registry, name.as_str(), scope, kind, options, slot)
}

/// Enters by key. The circuit is the one with that key, or the overflow circuit of a full registry.
fn enter_key<'a, C: Slotted>(
    registry: &Registry,
    key: KeyRef<'_>,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<C>,
) -> Result<(Admission<'a>, Option<&'a Arc<Circuit>>), CircuitOpenError> {
    let creation = Creation { policy: options.policy, mode: options.mode, origin: Origin::Site };
    let (circuit, ticket) = match registry.admit::<ThisThread>(key, creation) {
        Ok(admitted) => admitted,
        Err(open) => {
            options.compare_with(open.circuit(), registry);
            return Err(open);
        }
    };
    slot.0 = circuit.map(C::from);
    let circuit = slot.0.as_ref().map(C::circuit);
    let admission = Admission::new(circuit.map(|circuit| &**circuit), ticket);
    if let Some(circuit) = circuit {
        // A disagreement is logged, and a log subscriber is user code.
        admission.release_on_panic(|| options.compare_with(circuit, registry));
    }
    Ok((admission, circuit))
}

/// The name that an expression yields.
#[inline]
pub fn identifier_of<T: Identifier + ?Sized>(value: &T) -> &str {
    value.identifier()
}

/// What an identifier expression may yield.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot identify a circuit",
    label = "expected a string: a type that implements `AsRef<str>`",
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
