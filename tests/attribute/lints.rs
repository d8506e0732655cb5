//! Generated code is quiet where every lint is on. `./test` runs clippy over this file, with its
//! four groups as errors.

#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery, clippy::cargo, clippy::restriction)]
#![deny(
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    let_underscore_drop,
    macro_use_extern_crate,
    missing_docs,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![allow(
    clippy::absolute_paths,
    clippy::arbitrary_source_item_ordering,
    clippy::blanket_clippy_restriction_lints,
    clippy::expect_used,
    clippy::implicit_return,
    clippy::min_ident_chars,
    clippy::missing_docs_in_private_items,
    clippy::multiple_crate_versions,
    clippy::needless_pass_by_value,
    clippy::pub_with_shorthand,
    clippy::question_mark_used,
    clippy::redundant_pub_crate,
    clippy::ref_patterns,
    clippy::separated_literal_suffix,
    clippy::single_call_fn,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::tests_outside_test_module,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "what the code below does by itself, or any code, for some of these contradict others"
)]

use std::future::Future;
use std::pin::Pin;

use breaker_box::{CircuitOpenError, Outcome, Policy, Registry, circuit_breaker};

use crate::support::{now, registry, status};

struct Shop {
    name: String,
    registry: Registry,
}

impl Shop {
    const POLICY: Policy = Policy::consecutive_failures(3);

    #[circuit_breaker(identifier = "name", registry = &self.registry, policy = Self::POLICY)]
    fn name(&self) -> Result<&str, CircuitOpenError> {
        Ok(&self.name)
    }

    #[circuit_breaker(identifier = &self.name, registry = &self.registry, fallback = async |_| Ok(&self.name))]
    async fn name_later(&self, path: &str) -> Result<&str, CircuitOpenError> {
        now(std::future::ready(()));
        std::future::ready(()).await;
        if path.is_empty() {
            return Ok("");
        }
        Ok(&self.name)
    }

    #[circuit_breaker(identifier = "hidden:{path}", registry = &self.registry, scope = "lints")]
    fn hidden(&self, path: u32) -> impl Future<Output = Option<u32>> + Send {
        let known = self.name.len();
        async move { u32::try_from(known).ok()?.checked_add(path) }
    }

    #[circuit_breaker(identifier = "pinned", registry = &self.registry)]
    fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        Box::pin(async move { Some(self.name.len()) })
    }
}

#[circuit_breaker(
    identifier = "plain",
    registry = registry,
    failure_threshold = 3,
    failure_rate = 0.5,
    window = 100,
    expiry = "10s",
    backoff_factor = 2,
    max_expiry = "5m",
    close_on_expiry,
    on_cancel = "failure",
    metrics_only,
    error_handler = |result| match *result {
        Ok(_) => Outcome::Success,
        Err(ref error) if error.is_empty() => Outcome::Ignore,
        Err(_) => Outcome::failure(),
    },
    fallback = |open| Ok(open.identifier().len()),
)]
fn plain(registry: &Registry, mut amount: usize, (left, right): (usize, usize)) -> Result<usize, String> {
    amount = amount.checked_add(left).ok_or("too much")?;
    if amount == 0 {
        return Err("nothing".to_owned());
    }
    Ok(amount.max(right))
}

#[circuit_breaker(identifier = "nothing", registry = registry, fallback = |_| ())]
async fn nothing(registry: &Registry) {
    std::future::ready(()).await;
}

#[circuit_breaker(identifier = "nothing_awaited", registry = registry, fallback = async |_| ())]
async fn nothing_awaited(registry: &Registry) {
    nothing(registry).await;
}

#[circuit_breaker(identifier = "unit", registry = registry, fallback = |_| {})]
fn unit(registry: &Registry, target: &mut u32) {
    *target = 5;
}

#[circuit_breaker(identifier = "generic", registry = registry)]
fn generic<T: Clone, const N: usize>(registry: &Registry, all: &[T; N]) -> Option<impl Iterator<Item = T>> {
    Some(all.iter().cloned())
}

#[test]
fn generated_code_is_quiet_where_every_lint_is_on() {
    let shop = Shop { name: "shop".to_owned(), registry: registry() };
    assert_eq!(shop.name().ok(), Some("shop"));
    assert_eq!(now(shop.name_later("path")).ok(), Some("shop"));
    assert_eq!(now(shop.hidden(1)), Some(5));
    assert_eq!(now(shop.pinned()), Some(4));
    assert_eq!(plain(&shop.registry, 1, (2, 3)), Ok(3));
    now(nothing_awaited(&shop.registry));
    let mut target = 0;
    unit(&shop.registry, &mut target);
    assert_eq!(target, 5);
    assert_eq!(generic(&shop.registry, &[1_u8]).map(Iterator::count), Some(1));
    assert_eq!(status(&shop.registry, "plain").totals.successes, 1);
}
