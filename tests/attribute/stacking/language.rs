//! The language's own attributes, and two of ours on one function.

#![deny(unfulfilled_lint_expectations)]

use std::panic::Location;
use std::sync::Mutex;

use breaker_box::{Outcome, Registry, circuit_breaker};
use tracing::instrument;

use super::instrument::lines_of;
use crate::support::{now, registry, registry_with_open, status};

/// | two `#[circuit_breaker]` | the lower one admits first, the upper one counts first |
#[test]
fn of_two_the_lower_is_asked_first() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    fn upper(_: &Result<u32, String>) -> Outcome {
        ORDER.lock().unwrap().push("upper");
        Outcome::Success
    }

    fn lower(_: &Result<u32, String>) -> Outcome {
        ORDER.lock().unwrap().push("lower");
        Outcome::Success
    }

    #[circuit_breaker(identifier = "upper", registry = registry, error_handler = upper)]
    #[circuit_breaker(identifier = "lower", registry = registry, error_handler = lower)]
    fn both(registry: &Registry) -> Result<u32, String> {
        Ok(5)
    }

    let registry = registry();
    assert_eq!(both(&registry), Ok(5));
    assert_eq!(*ORDER.lock().unwrap(), ["upper", "lower"], "the lower one surrounds the upper one");
    both(&registry_with_open("upper")).unwrap_err();
    let open = registry_with_open("lower");
    both(&open).unwrap_err();
    assert!(open.get("upper").is_none(), "the upper one was asked behind an open lower one");
}

/// | on an `impl` block | stands above the attributes of each function |
#[test]
fn a_block_stands_above_the_attributes_of_its_functions() {
    struct Client(Registry);

    #[circuit_breaker(identifier = "call", registry = &self.0)]
    impl Client {
        #[instrument(skip_all)]
        fn call(&self) -> Result<usize, super::RemoteError> {
            Ok(self.0.len())
        }
    }

    let client = Client(registry_with_open("call"));
    assert_eq!(lines_of(|| client.call()), ["call"], "rejected inside of the span, as below it");
}

/// | the same, the upper one open | its rejection is an `Err`, which the lower one counts as a failure unless its `error_handler` says otherwise |
#[test]
fn a_rejection_inside_is_a_failure_outside() {
    #[circuit_breaker(identifier = "upper", registry = registry)]
    #[circuit_breaker(identifier = "lower", registry = registry)]
    fn both(registry: &Registry) -> Result<u32, super::RemoteError> {
        Ok(5)
    }

    #[circuit_breaker(identifier = "upper", registry = registry)]
    #[circuit_breaker(identifier = "lower", registry = registry, error_handler = |result| match result {
        Err(super::RemoteError::CircuitOpen(_)) => Outcome::Ignore,
        result => Outcome::from(result.is_ok()),
    })]
    fn knowing(registry: &Registry) -> Result<u32, super::RemoteError> {
        Ok(5)
    }

    let registry = registry_with_open("upper");
    both(&registry).unwrap_err();
    assert_eq!(status(&registry, "lower").totals.failures, 1);

    let registry = registry_with_open("upper");
    knowing(&registry).unwrap_err();
    let totals = status(&registry, "lower").totals;
    assert_eq!((totals.failures, totals.ignored), (0, 1));
}

#[test]
fn two_of_ours_on_an_async_function_work() {
    #[circuit_breaker(identifier = "upper:{id}", registry = registry)]
    #[circuit_breaker(identifier = "lower:{id}", registry = registry)]
    async fn both(registry: &Registry, id: u32) -> Option<u32> {
        Some(id)
    }

    let registry = registry();
    assert_eq!(now(both(&registry, 5)), Some(5));
    assert_eq!(status(&registry, "upper:5").totals.successes, 1);
    assert_eq!(status(&registry, "lower:5").totals.successes, 1);
}

/// | `#[cfg(…)]` above or below | if the condition is false, there is neither a function nor a circuit |
#[test]
fn a_function_that_is_configured_away_is_gone() {
    #[cfg(any())]
    #[circuit_breaker(identifier = "attribute/stacking/removed")]
    fn above() -> NoSuchType {}

    #[circuit_breaker(identifier = "attribute/stacking/removed")]
    #[cfg(any())]
    fn below() -> NoSuchType {}

    // Were the two above still there, these would be second definitions.
    const fn above() -> u32 {
        1
    }

    const fn below() -> u32 {
        2
    }

    assert_eq!((above(), below()), (1, 2));
}

/// | `#[cfg_attr(…, circuit_breaker(…))]` | guarded if the condition is true |
#[test]
fn a_breaker_can_be_conditional() {
    #[cfg_attr(all(), circuit_breaker(identifier = "guarded", registry = registry))]
    fn guarded(registry: &Registry) -> Option<usize> {
        Some(registry.len())
    }

    #[cfg_attr(any(), circuit_breaker(identifier = "bare", registry = registry))]
    fn bare(registry: &Registry) -> usize {
        registry.len()
    }

    assert_eq!(guarded(&registry()), Some(1));
    assert_eq!(bare(&registry()), 0);
}

mod kept {
    use super::circuit_breaker;

    #[must_use]
    #[circuit_breaker(identifier = "attribute/stacking/must_use", fallback = |_| 0)]
    pub(super) fn must_use_above() -> u32 {
        5
    }

    #[circuit_breaker(identifier = "attribute/stacking/must_use", fallback = |_| 0)]
    #[must_use]
    pub(super) fn must_use_below() -> u32 {
        5
    }

    #[deprecated(note = "stays deprecated")]
    #[circuit_breaker(identifier = "attribute/stacking/deprecated")]
    pub(super) fn deprecated_above() -> Option<u32> {
        Some(5)
    }

    #[circuit_breaker(identifier = "attribute/stacking/deprecated")]
    #[deprecated(note = "stays deprecated")]
    pub(super) fn deprecated_below() -> Option<u32> {
        Some(5)
    }

    /// Documented above,
    #[inline]
    #[circuit_breaker(identifier = "attribute/stacking/documented")]
    /// below,
    #[cold]
    #[cfg_attr(all(), doc = "under a condition")]
    pub(super) fn documented() -> Option<u32> {
        //! and inside.
        Some(5)
    }
}

/// | `#[must_use]`, `#[deprecated]`, `#[inline]`, `#[cold]`, docs | stay on the function, above or below |
#[test]
fn attributes_of_the_function_stay() {
    // Each expectation fails the build where its lint is silent.
    #[expect(unused_must_use, reason = "the attribute has to stay")]
    {
        kept::must_use_above();
    }
    #[expect(unused_must_use, reason = "the attribute has to stay")]
    {
        kept::must_use_below();
    }
    #[expect(deprecated, reason = "the attribute has to stay")]
    let above = kept::deprecated_above();
    #[expect(deprecated, reason = "the attribute has to stay")]
    let below = kept::deprecated_below();
    assert_eq!([above, below, kept::documented()], [Some(5); 3]);
}

#[expect(unused_variables, reason = "the expectation reaches the arguments and the body")]
#[circuit_breaker(identifier = "attribute/stacking/lints")]
fn lints_above(unused: u32) -> Option<u32> {
    let unused_as_well = 6;
    Some(5)
}

#[circuit_breaker(identifier = "attribute/stacking/lints")]
#[expect(unused_variables, reason = "the expectation reaches the arguments and the body")]
fn lints_below(unused: u32) -> Option<u32> {
    #![allow(clippy::let_and_return)]
    let unused_as_well = 6;
    let kept = Some(5);
    kept
}

/// | `#[allow(…)]`, `#[expect(…)]` | apply to arguments and body, above or below |
#[test]
fn attributes_of_lints_reach_the_body() {
    assert_eq!([lints_above(1), lints_below(1)], [Some(5); 2]);
}

/// | attributes of arguments | stay |
#[test]
fn attributes_of_arguments_stay() {
    #[circuit_breaker(identifier = "attribute/stacking/arguments")]
    fn arguments(#[allow(unused_variables)] unused: u32, #[cfg(any())] removed: NoSuchType) -> Option<u32> {
        Some(5)
    }

    assert_eq!(arguments(1), Some(5));
}

/// | `#[track_caller]` | **without effect**: the body runs inside another function, so `Location::caller()` and panics name the body |
#[test]
fn the_body_does_not_know_its_caller() {
    #[track_caller]
    #[circuit_breaker(identifier = "attribute/stacking/track_caller")]
    fn guarded() -> Option<(&'static Location<'static>, u32)> {
        Some((Location::caller(), line!()))
    }

    #[track_caller]
    fn bare() -> &'static Location<'static> {
        Location::caller()
    }

    let (caller, body) = guarded().unwrap();
    assert_eq!(caller.line(), body);
    assert_eq!(bare().line(), line!(), "which is what it does elsewhere");
}
