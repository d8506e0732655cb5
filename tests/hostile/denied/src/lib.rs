//! Every lint of the compiler is an error here, and some cannot even be switched off again.

#![forbid(unsafe_code, unused, unused_imports, unreachable_code, missing_docs, unused_must_use, dead_code, warnings)]
#![deny(
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_compatibility,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility
)]
#![deny(
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    if_let_rescope,
    impl_trait_overcaptures,
    impl_trait_redundant_captures,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_abi,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_unsafe_on_extern,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    tail_expr_drop_order,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_attr_outside_unsafe,
    unsafe_op_in_unsafe_fn,
    unstable_features,
    unused_crate_dependencies,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use std::pin::Pin;

use breaker_box::{CircuitOpenError, Policy, circuit_breaker};

const SCOPE: &str = "denied";
const EXPIRY: std::time::Duration = std::time::Duration::from_secs(5);

/// A shop.
#[derive(Debug)]
pub struct Shop {
    /// Its name.
    pub name: String,
}

impl Shop {
    const KIND: &'static str = "http";
    const POLICY: Policy = Policy::consecutive_failures(3);

    /// Constants and fields.
    #[circuit_breaker(
        identifier = "denied/{self.name}/{number:?}",
        scope = SCOPE,
        kind = Self::KIND,
        expiry = EXPIRY,
        failure_rate = 0.5,
        window = EXPIRY,
        error_handler = |result| result.is_some() || number > 5,
    )]
    pub async fn constants(&self, number: usize) -> Option<usize> {
        self.name.len().checked_add(number)
    }

    /// Borrows from `self`.
    ///
    /// # Errors
    ///
    /// While its circuit is open.
    #[circuit_breaker(identifier = "denied/borrowed", policy = Self::POLICY)]
    pub fn borrowed(&self) -> Result<&str, CircuitOpenError> {
        Ok(&self.name)
    }

    /// Takes its name from `self`.
    #[circuit_breaker(identifier = &self.name, fallback = async |_| None)]
    pub async fn later(&self, number: usize) -> Option<usize> {
        if number == 0 {
            return None;
        }
        self.name.len().checked_add(number)
    }

    /// Hides its future.
    #[circuit_breaker(identifier = "denied/hidden/{number}", scope = "denied")]
    pub fn hidden(&self, number: usize) -> impl Future<Output = Option<usize>> + Send {
        let length = self.name.len();
        async move { length.checked_add(number) }
    }

    /// Boxes its future.
    #[circuit_breaker(identifier = "denied/pinned")]
    pub fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        Box::pin(async move { Some(self.name.len()) })
    }

    /// Makes its future at once.
    #[circuit_breaker(identifier = "denied/at_once/{number}")]
    pub fn at_once(&self, number: usize) -> Pin<Box<dyn Future<Output = Option<usize>> + Send>> {
        let length = self.name.len();
        Box::pin(async move { length.checked_add(number) })
    }
}

/// A block.
#[derive(Debug)]
pub struct Block<'a> {
    name: &'a str,
}

#[circuit_breaker(identifier = "denied/{fn}/{self.name}", scope = SCOPE, expiry = EXPIRY)]
impl<'a> Block<'a> {
    /// Not guarded.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Self { name }
    }

    /// Borrows from `self`.
    ///
    /// # Errors
    ///
    /// While its circuit is open.
    pub fn borrowed(&self) -> Result<&'a str, CircuitOpenError> {
        Ok(self.name)
    }

    /// Later.
    pub async fn later(&self, number: usize) -> Option<usize> {
        self.name.len().checked_add(number)
    }

    /// Boxes its future.
    pub fn pinned(&self) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + '_>> {
        Box::pin(async move { Some(self.name.len()) })
    }

    /// Not guarded either.
    #[circuit_breaker(skip)]
    #[must_use]
    pub const fn name(&self) -> &str {
        self.name
    }

    /// With its own options.
    #[circuit_breaker(identifier = "denied/{fn}", policy = Policy::new())]
    pub fn own(self) -> Option<usize> {
        Some(self.name.len())
    }
}

#[circuit_breaker(identifier = "denied/{fn}")]
impl Iterator for Block<'_> {
    type Item = char;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.name.chars().next()?;
        self.name = &self.name[first.len_utf8()..];
        Some(first)
    }
}

/// All options.
///
/// # Errors
///
/// For nothing.
#[circuit_breaker(
    identifier = "denied/plain",
    failure_threshold = 3,
    failure_rate = 0.5,
    window = 100,
    expiry = "10s",
    backoff_factor = 2,
    max_expiry = "5m",
    close_on_expiry,
    on_cancel = "failure",
    error_handler = Result::is_ok,
    fallback = |open| Ok(open.identifier().len()),
)]
pub fn plain(mut amount: usize, (left, right): (usize, usize)) -> Result<usize, String> {
    amount = amount.checked_add(left).ok_or("too much")?;
    if amount == 0 {
        return Err("nothing".to_owned());
    }
    Ok(amount.max(right))
}

/// Returns nothing.
#[circuit_breaker(identifier = "denied/nothing", fallback = |_| {})]
pub fn nothing(target: &mut usize) {
    *target = 5;
}

/// Returns nothing, later.
#[circuit_breaker(identifier = "denied/nothing_later", fallback = |_| ())]
pub async fn nothing_later() {
    std::future::ready(()).await;
}

/// Has parameters.
#[circuit_breaker(identifier = "denied/generic")]
pub fn generic<T: Clone, const N: usize>(all: &[T; N]) -> Option<impl Iterator<Item = T>> {
    Some(all.iter().cloned())
}
