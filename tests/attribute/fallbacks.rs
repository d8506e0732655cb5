//! What an open circuit answers.

use std::time::Duration;

use breaker_box::{CircuitOpenError, FromCircuitOpen, ManualClock, Registry, State, circuit_breaker};

use crate::support::{now, poll, registry, registry_with_open, yield_once};

#[test]
fn a_fallback_may_take_the_arguments() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |_| Ok(card + " later"))]
    fn pay(registry: &Registry, card: String) -> Result<String, std::fmt::Error> {
        Ok(card + " now")
    }

    assert_eq!(pay(&registry(), "card".to_owned()).unwrap(), "card now");
    assert_eq!(pay(&registry_with_open("pay"), "card".to_owned()).unwrap(), "card later");
}

#[test]
fn a_fallback_learns_which_circuit_is_open() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |open| {
        (open.identifier().to_owned(), open.state(), open.retry_after().is_some())
    })]
    fn pay(registry: &Registry) -> (String, State, bool) {
        (String::new(), State::Closed, false)
    }

    assert_eq!(pay(&registry_with_open("pay")), ("pay".to_owned(), State::ForcedOpen, false));
}

fn answer(open: CircuitOpenError) -> String {
    open.into()
}

#[test]
fn a_fallback_may_be_the_path_of_a_function() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = answer)]
    fn pay(registry: &Registry) -> String {
        "paid".to_owned()
    }

    assert_eq!(pay(&registry()), "paid");
    assert!(pay(&registry_with_open("pay")).contains("pay"));
}

#[test]
fn a_fallback_may_borrow_what_the_body_changes() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |_| { log.push("queued"); log })]
    fn pay<'log>(registry: &Registry, log: &'log mut Vec<&'static str>) -> &'log [&'static str] {
        log.push("paid");
        log
    }

    let mut log = Vec::new();
    pay(&registry(), &mut log);
    assert_eq!(pay(&registry_with_open("pay"), &mut log), ["paid", "queued"]);
}

#[test]
fn the_answer_may_be_coerced_and_may_fail_early() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |_| {
        let cached: u32 = cache.parse()?;
        if cached > 9 { return Err("too old".into()); }
        Ok(Box::new(std::iter::once(cached)))
    })]
    fn pay(registry: &Registry, cache: &str) -> Result<Box<dyn Iterator<Item = u32>>, Box<dyn std::error::Error>> {
        Ok(Box::new(Some(cache.parse()?).into_iter()))
    }

    let open = registry_with_open("pay");
    assert_eq!(pay(&open, "7").unwrap().collect::<Vec<_>>(), [7]);
    assert!(pay(&open, "seven").is_err());
    assert!(pay(&open, "77").is_err());
    assert_eq!(pay(&registry(), "7").unwrap().count(), 1);
}

#[test]
fn an_async_closure_is_awaited() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = async |open| {
        yield_once().await;
        Ok(format!("{card} {}", open.identifier()))
    })]
    async fn pay(registry: &Registry, card: String) -> Result<String, std::fmt::Error> {
        Ok(card)
    }

    let open = registry_with_open("pay");
    let mut future = std::pin::pin!(pay(&open, "card".to_owned()));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(poll(future), std::task::Poll::Ready(Ok("card pay".to_owned())));
}

#[test]
fn an_async_answer_is_coerced_like_the_body() {
    struct Shop(Registry, String);

    impl Shop {
        #[circuit_breaker(identifier = "pay", registry = &self.0, fallback = async |_| Ok(&self.1))]
        async fn name(&self) -> Result<&str, std::fmt::Error> {
            Ok(&self.1)
        }

        #[circuit_breaker(identifier = "pay", registry = &self.0, fallback = async |_| -> Result<&str, _> {
            let _: u32 = "5".parse().map_err(|_| std::fmt::Error)?;
            Ok(&self.1)
        })]
        async fn checked_name(&self) -> Result<&str, std::fmt::Error> {
            Err(std::fmt::Error)
        }
    }

    let shop = Shop(registry_with_open("pay"), "shop".to_owned());
    assert_eq!((now(shop.name()), now(shop.checked_name())), (Ok("shop"), Ok("shop")));
}

#[test]
fn a_plain_fallback_serves_an_async_function() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |_| card.len())]
    async fn pay(registry: &Registry, card: String) -> usize {
        card.len() + 100
    }

    assert_eq!(now(pay(&registry_with_open("pay"), "card".to_owned())), 4);
}

#[test]
fn a_function_that_returns_nothing_has_a_fallback() {
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |_| *paid += 10)]
    fn pay(registry: &Registry, paid: &mut u32) {
        *paid += 1;
    }
    #[circuit_breaker(identifier = "pay", registry = registry, fallback = |_| ())]
    async fn pay_later(registry: &Registry) {}

    let mut paid = 0;
    pay(&registry(), &mut paid);
    pay(&registry_with_open("pay"), &mut paid);
    assert_eq!(paid, 11);
    now(pay_later(&registry()));
}

#[test]
fn a_type_of_the_user_can_say_that_the_circuit_is_open() {
    #[derive(Debug, PartialEq)]
    enum Answer {
        Paid,
        TryAgain(String),
    }

    impl FromCircuitOpen for Answer {
        fn from_circuit_open(open: CircuitOpenError) -> Self {
            Self::TryAgain(open.identifier().to_owned())
        }
    }

    #[circuit_breaker(identifier = "pay", registry = registry)]
    fn pay(registry: &Registry) -> Answer {
        Answer::Paid
    }

    assert_eq!(pay(&registry()), Answer::Paid);
    assert_eq!(pay(&registry_with_open("pay")), Answer::TryAgain("pay".to_owned()));
}

#[test]
fn errors_of_the_standard_library_can_say_it() {
    #[circuit_breaker(identifier = "pay", registry = registry)]
    fn io(registry: &Registry) -> std::io::Result<()> {
        Ok(())
    }
    #[circuit_breaker(identifier = "pay", registry = registry)]
    fn boxed(registry: &Registry) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    let open = registry_with_open("pay");
    assert!(io(&open).unwrap_err().to_string().contains("pay"));
    assert!(boxed(&open).unwrap_err().downcast_ref::<CircuitOpenError>().is_some());
}

#[test]
fn a_fallback_answers_the_calls_that_a_ramp_up_rejects() {
    #[circuit_breaker(
        identifier = "pay",
        registry = registry,
        expiry = "30s",
        ramp_up = "1m",
        ramp_up_from = 0.5,
        fallback = |open| (open.state(), open.retry_after()),
    )]
    fn pay(registry: &Registry) -> (State, Option<Duration>) {
        (State::Closed, None)
    }

    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    pay(&registry);
    registry.open("pay").unwrap();
    clock.advance(Duration::from_secs(30));
    let ran = (State::Closed, None);
    let rejected = (State::RampingUp, None);
    assert_eq!([(); 5].map(|()| pay(&registry)), [ran, ran, rejected, ran, rejected]);
}
