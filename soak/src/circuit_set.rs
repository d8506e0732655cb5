//! Circuits that exist for the whole run, each with its expected totals.

use std::sync::Arc;

use breaker_box::{CircuitBreaker, Clock, Key, ManualClock, Policy, Registry, Totals};

use crate::calls::{CALL_SITES, CallSite};
use crate::expected_totals::{Completion, ExpectedTotals, Profile, Slow};
use crate::policies::{self, ClockKind};
use crate::random::Random;
use crate::tracked_call::{Intent, TrackedCall};

/// A registry, its clock, and circuits that are never removed from it.
#[derive(Debug)]
pub(crate) struct CircuitSet {
    pub(crate) name: &'static str,
    pub(crate) registry: Registry,
    /// `None`: real time.
    pub(crate) clock: Option<ManualClock>,
    pub(crate) circuits: Vec<Arc<Circuit>>,
    /// Whether policies are replaced during the run. Those of call sites are not, so that they are
    /// tested.
    pub(crate) is_reconfigured: bool,
}

/// A circuit and what is known about it.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) key: Key,
    pub(crate) number: usize,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) profile: Profile,
    pub(crate) expected: Arc<ExpectedTotals>,
    /// The annotated functions whose circuit this is.
    pub(crate) site: Option<&'static CallSite>,
}

/// Half of the calls go to this many circuits, so that threads contend.
const POPULAR: usize = 16;

impl CircuitSet {
    /// Registers `size` circuits. On real time, every call of some of them is slow.
    pub(crate) fn new(name: &'static str, clock: Option<ManualClock>, size: usize, random: &mut Random) -> Self {
        let source = clock.clone().map_or_else(Clock::default, Clock::from);
        let registry = Registry::builder().clock(source).build().expect("the default policy is valid");
        let clock_kind = if clock.is_some() { ClockKind::Manual } else { ClockKind::Real };
        let circuits = (0..size).map(|number| {
            let profile = profile(number, clock_kind);
            let key = Key::new(format!("circuit:{number}")).with_scope("soak");
            let policy = policies::draw(random, profile, clock_kind);
            let breaker = registry.register(&key, policy).expect("each number is registered once");
            Arc::new(Circuit { key, number, breaker, profile, expected: Arc::default(), site: None })
        });
        Self { name, circuits: circuits.collect(), registry, clock, is_reconfigured: true }
    }

    /// The circuits of annotated functions, in the global registry, with their inline policies.
    pub(crate) fn of_call_sites() -> Self {
        let registry = Registry::global().clone();
        let circuits = CALL_SITES.iter().enumerate().map(|(number, site)| {
            let key = Key::new(site.identifier);
            let expected = Arc::default();
            // The first call creates the circuit, with the policy of its call site.
            let tracked = TrackedCall::new(&expected);
            (site.call)(&tracked, Intent::Succeed);
            tracked.answered();
            drop(tracked);
            let breaker = registry.get(&key).expect("the call has made it");
            Arc::new(Circuit { key, number, breaker, profile: site.profile, expected, site: Some(site) })
        });
        Self { name: "call sites", circuits: circuits.collect(), registry, clock: None, is_reconfigured: false }
    }

    pub(crate) const fn clock_kind(&self) -> ClockKind {
        if self.clock.is_some() { ClockKind::Manual } else { ClockKind::Real }
    }

    pub(crate) fn any(&self, random: &mut Random) -> &Arc<Circuit> {
        let among = if random.one_in(2) { POPULAR.min(self.circuits.len()) } else { self.circuits.len() };
        &self.circuits[random.index(among)]
    }

    /// A random policy that fits the circuit's profile.
    pub(crate) fn policy_for(&self, circuit: &Circuit, random: &mut Random) -> Policy {
        policies::draw(random, circuit.profile, self.clock_kind())
    }

    /// The sum of the circuits' totals, in a line.
    pub(crate) fn summary(&self) -> String {
        let mut sum = Totals::default();
        let mut forgotten = 0;
        for circuit in &self.circuits {
            let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, .. } =
                circuit.breaker.status().totals;
            sum.successes += successes;
            sum.failures += failures;
            sum.ignored += ignored;
            sum.rejected += rejected;
            sum.slow += slow;
            sum.cancelled += cancelled;
            sum.panicked += panicked;
            sum.late += late;
            forgotten += circuit.expected.of(Completion::Forgotten);
        }
        let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, .. } = sum;
        format!(
            "{} circuits; {successes} succeeded, {failures} failed, {ignored} ignored, {rejected} rejected, {slow} slow, \
             {cancelled} cancelled, {panicked} panicked, {late} late, {forgotten} permits forgotten",
            self.circuits.len()
        )
    }

    /// The circuits whose totals differ from the expected ones.
    pub(crate) fn discrepancies(&self) -> Vec<String> {
        let slow = if self.clock.is_some() { Slow::Perhaps } else { Slow::Never };
        let compare = |circuit: &Arc<Circuit>| {
            let totals = circuit.breaker.status().totals;
            let difference = circuit.expected.compare(&totals, circuit.profile, slow).err()?;
            Some(format!("{}, {} ({:?}): {difference}", self.name, circuit.key, circuit.profile))
        };
        self.circuits.iter().filter_map(compare).collect()
    }
}

impl Circuit {
    pub(crate) fn track(&self) -> TrackedCall {
        TrackedCall::new(&self.expected)
    }
}

fn profile(number: usize, clock_kind: ClockKind) -> Profile {
    match number % 8 {
        1 => Profile::CancelFails,
        2 => Profile::MayBeDisabled,
        3 if clock_kind == ClockKind::Real => Profile::AlwaysSlow,
        _ => Profile::Plain,
    }
}
