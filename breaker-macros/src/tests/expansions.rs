//! One golden per shape; `UPDATE_EXPECT=1 cargo test -p breaker-macros` writes them anew, to be
//! read before they are kept.

use expect_test::{ExpectFile, expect_file};

use super::expanded;

fn check(args: &str, item: &str, golden: &ExpectFile) {
    let expansion = expanded(args, item);
    golden.assert_eq(&prettyplease::unparse(&syn::parse2(expansion).unwrap()));
}

#[test]
fn a_plain_function() {
    check(
        r#"identifier = "payment_api""#,
        "#[inline] pub fn pay(card: &str) -> Result<u32, PaymentError> { charge(card)? }",
        &expect_file!["expansions/sync_fn.expanded.rs"],
    );
}

#[test]
fn an_async_function_with_policy_and_handlers() {
    check(
        r#"
            identifier = "payment:{card}", scope = "shop", registry = &REGISTRY,
            failure_threshold = 3, failure_rate = 0.5, window = "60s", expiry = "10s", close_on_expiry,
            hung_calls = 10, hung_after = "30s", ramp_up = RAMP, ramp_up_from = 0.2,
            fail_slower_than = "2s", on_cancel = "slow",
            error_handler = |result| result.is_ok(), fallback = async |open| later(open).await,
        "#,
        "async fn pay(card: String) -> Result<u32, PaymentError> { charge(card).await }",
        &expect_file!["expansions/async_fn.expanded.rs"],
    );
}

#[test]
fn a_method_with_a_policy_of_its_type() {
    check(
        "identifier = &self.name, policy = Self::POLICY, metrics_only, fallback = |_| &mut self.spare",
        "fn next(&mut self) -> &mut u32 { &mut self.first }",
        &expect_file!["expansions/method.expanded.rs"],
    );
}

#[test]
fn a_generic_function_that_returns_impl_trait() {
    check(
        r#"identifier = "rates", crate = shop::breaker, minimum_calls = N, slow_call_rate = 1, slow_call = "2s", window = N"#,
        "fn rates<T: Into<u32>, const N: u32>(all: Vec<T>) -> Result<impl Iterator<Item = u32>, String> { Ok(all.into_iter().map(Into::into)) }",
        &expect_file!["expansions/generic.expanded.rs"],
    );
}

#[test]
fn a_function_that_returns_an_async_block() {
    check(
        r#"identifier = "payment_api""#,
        "fn pay(&self) -> impl Future<Output = Result<u32, PaymentError>> + Send { async move { Ok(5) } }",
        &expect_file!["expansions/impl_future.expanded.rs"],
    );
}

#[test]
fn an_eager_function_that_returns_a_future() {
    check(
        r#"identifier = "payment:{card}", registry = &self.registry, error_handler = judge"#,
        "fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Option<u32>>>> { let card = card.to_owned(); Box::pin(charge(card)) }",
        &expect_file!["expansions/eager.expanded.rs"],
    );
}

#[test]
fn an_async_block_that_does_not_capture_what_its_identifier_uses() {
    check(
        r#"identifier = "payment:{card}", registry = &self.registry, error_handler = judge"#,
        "fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Option<u32>>>> { Box::pin(async move { None }) }",
        &expect_file!["expansions/early_identifier.expanded.rs"],
    );
}

#[test]
fn a_function_that_returns_an_alias_of_a_boxed_future() {
    check(
        r#"identifier = "payment_api""#,
        "fn pay(&self) -> BoxFuture<'_, Receipt> { Box::pin(async { Ok(5) }) }",
        &expect_file!["expansions/boxed_future.expanded.rs"],
    );
}

#[test]
fn an_impl_block() {
    check(
        r#"identifier = "shop.{fn}", registry = &self.registry, expiry = "10s""#,
        r#"
            impl<T: Send> Store for Shop<T> {
                type Item = T;
                fn pay(&self, card: &str) -> Result<u32, PaymentError> { charge(card) }
                #[circuit_breaker(identifier = "own")]
                async fn refund(self) -> Option<T> { None }
                #[inline] #[circuit_breaker(skip)]
                fn name(&self) -> &str { &self.name }
                fn new() -> Self { Self }
            }
        "#,
        &expect_file!["expansions/impl_block.expanded.rs"],
    );
}
