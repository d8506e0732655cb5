//! Circuits that stay for the whole run, each with its ledger.

use std::sync::Arc;

use breaker_box::{CircuitBreaker, Clock, Key, ManualClock, Policy, Registry, Totals};

use crate::chance::Chance;
use crate::doors::{SITES, Site};
use crate::ledger::{End, Ledger, Manner, Slow};
use crate::policies::{self, Pace};
use crate::visit::{Intent, Visit};

/// A registry, its clock, and circuits that are never taken out.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) name: &'static str,
    pub(crate) registry: Registry,
    /// `None`: real time.
    pub(crate) clock: Option<ManualClock>,
    pub(crate) subjects: Vec<Arc<Subject>>,
    /// Whether policies are swapped; those of call sites stay, so that they are what is tried.
    pub(crate) is_reconfigured: bool,
}

/// A circuit and what is known about it.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) key: Key,
    pub(crate) number: usize,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) manner: Manner,
    pub(crate) ledger: Arc<Ledger>,
    /// The annotated functions whose circuit this is.
    pub(crate) site: Option<&'static Site>,
}

/// So many circuits are called half of the time, so that threads meet.
const POPULAR: usize = 16;

impl Fleet {
    /// Registers so many circuits. On real time a few are always slow.
    pub(crate) fn new(name: &'static str, clock: Option<ManualClock>, size: usize, chance: &mut Chance) -> Self {
        let source = clock.clone().map_or_else(Clock::default, Clock::from);
        let registry = Registry::builder().clock(source).build().expect("the default policy is valid");
        let pace = if clock.is_some() { Pace::ByHand } else { Pace::Real };
        let subjects = (0..size).map(|number| {
            let manner = manner(number, pace);
            let key = Key::new(format!("fleet:{number}")).with_scope("soak");
            let policy = policies::draw(chance, manner, pace);
            let breaker = registry.register(&key, policy).expect("each number is registered once");
            Arc::new(Subject { key, number, breaker, manner, ledger: Arc::default(), site: None })
        });
        Self { name, subjects: subjects.collect(), registry, clock, is_reconfigured: true }
    }

    /// The circuits of annotated functions, in the global registry, with the policies that are
    /// written there.
    pub(crate) fn of_call_sites() -> Self {
        let registry = Registry::global().clone();
        let subjects = SITES.iter().enumerate().map(|(number, site)| {
            let key = Key::new(site.identifier);
            let ledger = Arc::default();
            // The first call makes the circuit, with the policy of its site.
            let visit = Visit::new(&ledger);
            (site.call)(&visit, Intent::Succeed);
            visit.answered();
            drop(visit);
            let breaker = registry.get(&key).expect("the call has made it");
            Arc::new(Subject { key, number, breaker, manner: site.manner, ledger, site: Some(site) })
        });
        Self { name: "call sites", subjects: subjects.collect(), registry, clock: None, is_reconfigured: false }
    }

    pub(crate) const fn pace(&self) -> Pace {
        if self.clock.is_some() { Pace::ByHand } else { Pace::Real }
    }

    pub(crate) fn any(&self, chance: &mut Chance) -> &Arc<Subject> {
        let among = if chance.one_in(2) { POPULAR.min(self.subjects.len()) } else { self.subjects.len() };
        &self.subjects[chance.index(among)]
    }

    /// A policy that keeps to the circuit's manner.
    pub(crate) fn policy_for(&self, subject: &Subject, chance: &mut Chance) -> Policy {
        policies::draw(chance, subject.manner, self.pace())
    }

    /// What happened to its circuits, in a line.
    pub(crate) fn summary(&self) -> String {
        let mut sum = Totals::default();
        let mut forgotten = 0;
        for subject in &self.subjects {
            let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, .. } =
                subject.breaker.status().totals;
            sum.successes += successes;
            sum.failures += failures;
            sum.ignored += ignored;
            sum.rejected += rejected;
            sum.slow += slow;
            sum.cancelled += cancelled;
            sum.panicked += panicked;
            sum.late += late;
            forgotten += subject.ledger.of(End::Forgotten);
        }
        let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, .. } = sum;
        format!(
            "{} circuits; {successes} succeeded, {failures} failed, {ignored} ignored, {rejected} rejected, {slow} slow, \
             {cancelled} cancelled, {panicked} panicked, {late} late, {forgotten} permits forgotten",
            self.subjects.len()
        )
    }

    /// Each circuit whose totals are not what its ledger says.
    pub(crate) fn discrepancies(&self) -> Vec<String> {
        let slow = if self.clock.is_some() { Slow::Perhaps } else { Slow::Never };
        let compare = |subject: &Arc<Subject>| {
            let totals = subject.breaker.status().totals;
            let difference = subject.ledger.compare(&totals, subject.manner, slow).err()?;
            Some(format!("{}, {} ({:?}): {difference}", self.name, subject.key, subject.manner))
        };
        self.subjects.iter().filter_map(compare).collect()
    }
}

impl Subject {
    pub(crate) fn visit(&self) -> Visit {
        Visit::new(&self.ledger)
    }
}

fn manner(number: usize, pace: Pace) -> Manner {
    match number % 8 {
        1 => Manner::CancelFails,
        2 => Manner::MayBeDisabled,
        3 if pace == Pace::Real => Manner::AlwaysSlow,
        _ => Manner::Plain,
    }
}
