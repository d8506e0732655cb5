//! Generic functions: parameters, constants, hidden types; what the declared bounds say of an
//! error.

use std::fmt::{Debug, Display};

use breaker_box::{Policy, Registry, circuit_breaker};

use crate::support::{last_reason, now, registry, status};

#[circuit_breaker(identifier = "sum", registry = registry, failure_threshold = N)]
fn sum<'a, T, const N: u32>(registry: &Registry, all: &'a [T], add: impl Fn(u32, u32) -> u32) -> Option<(u32, &'a T)>
where
    T: Copy + Into<u32>,
{
    let total = all.iter().map(|part| (*part).into()).reduce(add)?;
    Some((total, all.last()?))
}

#[test]
fn types_constants_lifetimes_and_hidden_arguments_work() {
    let registry = registry();
    assert_eq!(sum::<u8, 4>(&registry, &[1, 2, 3], |left, right| left + right), Some((6, &3)));
    assert_eq!(status(&registry, "sum").policy, Policy::consecutive_failures(4));
}

#[test]
fn all_types_share_the_circuit_of_one_function() {
    let registry = registry();
    sum::<u8, 4>(&registry, &[1], u32::max).unwrap();
    sum::<u16, 4>(&registry, &[1], u32::max).unwrap();
    assert_eq!(status(&registry, "sum").totals.successes, 2);
}

#[test]
fn a_hidden_return_type_works() {
    #[circuit_breaker(identifier = "evens", registry = registry)]
    fn evens(registry: &Registry, below: u32) -> Result<impl Iterator<Item = u32> + use<>, String> {
        if below > 100 {
            return Err("too many".to_owned());
        }
        Ok((0..below).step_by(2))
    }

    let registry = registry();
    assert_eq!(evens(&registry, 5).unwrap().collect::<Vec<_>>(), [0, 2, 4]);
    assert!(evens(&registry, 101).is_err());
    assert_eq!(last_reason(&registry, "evens").as_deref(), Some("too many"));
}

#[test]
fn a_hidden_return_type_of_an_async_function_works() {
    #[circuit_breaker(identifier = "evens", registry = registry)]
    async fn evens(registry: &Registry, below: u32) -> Option<impl Iterator<Item = u32>> {
        Some((0..below).step_by(2))
    }

    let registry = registry();
    assert_eq!(now(evens(&registry, 5)).unwrap().count(), 3);
}

/// Its `Display` and `Debug` outputs differ.
struct Broken;

impl Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("displayed")
    }
}

impl Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("debugged")
    }
}

#[test]
fn the_reason_is_what_the_declared_bounds_offer() {
    #[circuit_breaker(identifier = "displayed", registry = registry, fallback = |_| Ok(()))]
    fn displayed<E: Display + Debug>(registry: &Registry, error: E) -> Result<(), E> {
        Err(error)
    }
    #[circuit_breaker(identifier = "debugged", registry = registry, fallback = |_| Ok(()))]
    fn debugged<E: Debug>(registry: &Registry, error: E) -> Result<(), E> {
        Err(error)
    }
    #[circuit_breaker(identifier = "silent", registry = registry, fallback = |_| Ok(()))]
    async fn silent<E>(registry: &Registry, error: E) -> Result<(), E> {
        Err(error)
    }

    let registry = registry();
    assert!(displayed(&registry, Broken).is_err());
    assert!(debugged(&registry, Broken).is_err());
    assert!(now(silent(&registry, Broken)).is_err());
    let reasons = ["displayed", "debugged", "silent"].map(|identifier| last_reason(&registry, identifier));
    assert_eq!(reasons, [Some("displayed".to_owned()), Some("debugged".to_owned()), None]);
    assert_eq!(status(&registry, "silent").totals.failures, 1);
}
