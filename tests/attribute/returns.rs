//! Bodies that return early, by `?`, what they borrow, or what has to be coerced.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Display;

use breaker_box::{Registry, State, circuit_breaker};

use crate::support::{now, registry, status};

struct Shop {
    registry: Registry,
    name: String,
    prices: HashMap<String, u32>,
}

fn shop() -> Shop {
    Shop { registry: registry(), name: "shop".to_owned(), prices: HashMap::from([("pen".to_owned(), 5)]) }
}

impl Shop {
    #[circuit_breaker(identifier = "name", registry = &self.registry)]
    fn name(&self, early: bool) -> Result<&str, Box<dyn Error + Send + Sync>> {
        if early {
            return Ok(&self.name);
        }
        let _: u32 = "five".parse()?;
        Ok(&self.name)
    }

    #[circuit_breaker(identifier = "name", registry = &self.registry)]
    async fn name_later(&self, early: bool) -> Result<&str, Box<dyn Error + Send + Sync>> {
        if early {
            return Ok(&self.name);
        }
        let _: u32 = "five".parse()?;
        Ok(&self.name)
    }

    #[circuit_breaker(identifier = "price", registry = &self.registry)]
    fn price(&mut self, item: &str) -> Option<&mut u32> {
        if !self.prices.contains_key(item) {
            return None;
        }
        self.prices.get_mut(item)
    }

    #[circuit_breaker(identifier = "longer", registry = &self.registry)]
    fn longer<'a>(&self, left: &'a str, right: &'a str) -> Option<&'a str> {
        Some(if left.len() > right.len() { left } else { right })
    }

    #[circuit_breaker(identifier = "shown", registry = &self.registry)]
    fn shown(&self, number: bool) -> Option<Box<dyn Display + '_>> {
        if number {
            return Some(Box::new(5));
        }
        Some(Box::new(&self.name))
    }
}

#[test]
fn early_returns_and_question_marks_are_counted() {
    let shop = shop();
    assert_eq!(shop.name(true).unwrap(), "shop");
    assert_eq!(now(shop.name_later(true)).unwrap(), "shop");
    assert_eq!(status(&shop.registry, "name").totals.successes, 2);
    shop.name(false).unwrap_err();
    assert_eq!(shop.registry.state("name"), State::Open);
    shop.registry.reset("name").unwrap();
    now(shop.name_later(false)).unwrap_err();
    assert_eq!(status(&shop.registry, "name").totals.failures, 2);
}

#[test]
fn what_is_borrowed_may_be_returned() {
    let mut shop = shop();
    *shop.price("pen").unwrap() = 6;
    assert_eq!(shop.price("pen"), Some(&mut 6));
    assert_eq!(shop.price("cup"), None);
    let outlives = "left".to_owned();
    let longer = shop.longer(&outlives, "r");
    assert_eq!(longer, Some("left"));
}

#[test]
fn what_is_returned_may_be_coerced() {
    let shop = shop();
    assert_eq!(shop.shown(true).unwrap().to_string(), "5");
    assert_eq!(shop.shown(false).unwrap().to_string(), "shop");
}

#[test]
fn what_is_returned_may_be_hidden() {
    #[circuit_breaker(identifier = "hidden", registry = registry, fallback = |_| 0..0)]
    fn hidden(registry: &Registry) -> impl Iterator<Item = u32> + use<> {
        0..3
    }
    #[circuit_breaker(identifier = "hidden", registry = registry)]
    async fn shown(registry: &Registry) -> Result<(impl Display, Vec<impl Display>), String> {
        Ok((5, vec!["five"]))
    }

    let registry = registry();
    assert_eq!(hidden(&registry).count(), 3);
    let (number, texts) = now(shown(&registry)).unwrap();
    assert_eq!(format!("{number}{}", texts[0]), "5five");
}

#[test]
fn a_loop_may_return() {
    #[circuit_breaker(identifier = "loop", registry = registry)]
    fn search(registry: &Registry, mut from: u32) -> Option<u32> {
        loop {
            from += 1;
            if from % 7 == 0 {
                return Some(from);
            }
        }
    }
    #[circuit_breaker(identifier = "loop", registry = registry)]
    async fn search_later(registry: &Registry, mut from: u32) -> Option<u32> {
        loop {
            from += 1;
            if from % 7 == 0 {
                return Some(from);
            }
        }
    }

    let registry = registry();
    assert_eq!((search(&registry, 8), now(search_later(&registry, 1))), (Some(14), Some(7)));
}
