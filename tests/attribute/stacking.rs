//! Other attributes, above and below, and two of ours.

use std::sync::Mutex;

use breaker_box::{Outcome, Registry, circuit_breaker};

use crate::support::{registry, registry_with_open, status};

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

#[test]
fn two_of_ours_on_an_async_function_work() {
    #[circuit_breaker(identifier = "upper:{id}", registry = registry)]
    #[circuit_breaker(identifier = "lower:{id}", registry = registry)]
    async fn both(registry: &Registry, id: u32) -> Option<u32> {
        Some(id)
    }

    let registry = registry();
    assert_eq!(crate::support::now(both(&registry, 5)), Some(5));
    assert_eq!(status(&registry, "upper:5").totals.successes, 1);
    assert_eq!(status(&registry, "lower:5").totals.successes, 1);
}

/// Documented, above and below.
#[must_use]
#[circuit_breaker(identifier = "attribute/stacking/kept")]
/// Documented further.
#[inline]
#[cold]
#[expect(unused_variables, reason = "the expectation reaches the body and its arguments")]
#[cfg_attr(all(), doc = "Documented conditionally.")]
pub(crate) fn kept(unused: u32) -> Option<u32> {
    #![allow(clippy::let_and_return)]
    //! Documented inside.
    let unused_as_well = 6;
    let kept = Some(5);
    kept
}

#[circuit_breaker(identifier = "attribute/stacking/removed")]
#[cfg(any())]
fn removed() -> NoSuchType {}

#[test]
fn other_attributes_stay() {
    assert_eq!(kept(1), Some(5));
}

#[test]
fn attributes_of_arguments_stay() {
    #[circuit_breaker(identifier = "attribute/stacking/arguments")]
    fn arguments(#[allow(unused_variables)] unused: u32, #[cfg(any())] removed: NoSuchType) -> Option<u32> {
        Some(5)
    }

    assert_eq!(arguments(1), Some(5));
}

mod deprecated {
    use super::circuit_breaker;

    #[circuit_breaker(identifier = "attribute/stacking/deprecated")]
    #[deprecated(note = "stays deprecated")]
    pub(super) fn old() -> Option<u32> {
        Some(5)
    }
}

#[test]
#[expect(deprecated, reason = "the attribute has to stay")]
fn a_deprecated_function_stays_so() {
    assert_eq!(deprecated::old(), Some(5));
}
