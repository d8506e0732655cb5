//! What the caller gets while a circuit is open: a `fallback` answers in the function's place.
//!
//! It is asked only when the circuit is open. An ordinary failure still reaches the caller, so that
//! nobody takes an old price for a new one without need.
//!
//! Run it with `cargo run --example fallback`.

use std::cell::Cell;

use breaker_box::{CircuitOpenError, circuit_breaker};

/// A catalogue that can be made to fail and counts its lookups.
#[derive(Default)]
struct Catalogue {
    down: Cell<bool>,
    asked: Cell<u32>,
}

impl Catalogue {
    fn price(&self, article: &str) -> Result<u32, String> {
        self.asked.set(self.asked.get() + 1);
        if self.down.get() { Err(format!("no answer about {article}")) } else { Ok(4_990) }
    }
}

/// The fallback may use the arguments: here it answers with the price that the caller saw last.
#[circuit_breaker(identifier = "catalogue", failure_threshold = 2, fallback = |_open| Ok(last_seen))]
fn price(catalogue: &Catalogue, article: &str, last_seen: u32) -> Result<u32, String> {
    catalogue.price(article)
}

/// A fallback may be a path too. With one, any return type will do: this one could not say "the
/// circuit is open" itself.
#[circuit_breaker(identifier = "catalogue", fallback = unknown_stock)]
fn stock(catalogue: &Catalogue, article: &str) -> String {
    match catalogue.price(article) {
        Ok(_) => "in stock".to_owned(),
        Err(error) => error,
    }
}

fn unknown_stock(open: CircuitOpenError) -> String {
    format!("ask again later: {}", String::from(open))
}

/// Where nobody needs more than "not now", `Option` needs no fallback: an open circuit is `None`.
#[circuit_breaker(identifier = "catalogue")]
fn rating(catalogue: &Catalogue, article: &str) -> Option<u32> {
    catalogue.price(article).ok().map(|_| 5)
}

fn main() {
    let catalogue = Catalogue::default();
    assert_eq!(price(&catalogue, "kettle", 5_000), Ok(4_990));
    println!("the catalogue answers:            {:?}", price(&catalogue, "kettle", 5_000));

    catalogue.down.set(true);
    for _ in 0..2 {
        let failure = price(&catalogue, "kettle", 5_000);
        assert_eq!(failure, Err("no answer about kettle".to_owned()), "a failure is not the fallback's business");
        println!("it fails, and the caller hears it: {failure:?}");
    }

    let asked = catalogue.asked.get();
    println!("the circuit is open, price:        {:?}", price(&catalogue, "kettle", 5_000));
    println!("                     stock:        {:?}", stock(&catalogue, "kettle"));
    println!("                     rating:       {:?}", rating(&catalogue, "kettle"));
    assert_eq!(price(&catalogue, "kettle", 5_000), Ok(5_000));
    assert!(stock(&catalogue, "kettle").starts_with("ask again later: circuit `catalogue` is open"));
    assert_eq!(rating(&catalogue, "kettle"), None);
    assert_eq!(catalogue.asked.get(), asked, "the catalogue is left alone");
}
