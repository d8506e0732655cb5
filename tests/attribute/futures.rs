//! Functions that return a future: recognised by the written type. The circuit is asked when they
//! are called, or at the first poll where the whole body is one block.

use std::cell::Cell;
use std::future::{Future, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use breaker_box::{CircuitOpenError, Policy, Registry, State, circuit_breaker};

use crate::support::{finish, now, registry, registry_and_clock, registry_with_open, send, status, yield_once};

#[circuit_breaker(identifier = "touch", registry = registry)]
fn touch<'a>(registry: &'a Registry, touched: &'a Cell<u32>) -> impl Future<Output = Option<u32>> + 'a {
    touched.set(touched.get() + 1);
    async move { Some(touched.get()) }
}

#[test]
fn a_body_that_makes_a_future_runs_when_it_is_called() {
    let (registry, touched) = (registry(), Cell::new(0));
    let future = touch(&registry, &touched);
    assert_eq!((touched.get(), registry.len()), (1, 1));
    drop(future);
    let totals = status(&registry, "touch").totals;
    assert_eq!((totals.cancelled, totals.successes), (1, 0), "a future that was dropped is a call that was given up");
    assert_eq!(now(touch(&registry, &touched)), Some(2));
    assert_eq!(status(&registry, "touch").totals.successes, 1);
}

#[test]
fn a_block_that_is_the_whole_body_waits_for_the_first_poll() {
    #[circuit_breaker(identifier = "block", registry = registry)]
    fn bare(registry: &Registry, touched: &Cell<u32>) -> impl Future<Output = Option<u32>> {
        async move { touched.replace(touched.get() + 1).checked_add(1) }
    }
    #[circuit_breaker(identifier = "block", registry = registry)]
    fn boxed<'a>(registry: &Registry, touched: &'a Cell<u32>) -> Pin<Box<dyn Future<Output = Option<u32>> + 'a>> {
        Box::pin(async move { touched.replace(touched.get() + 1).checked_add(1) })
    }

    let (registry, touched) = (registry(), Cell::new(0));
    drop((bare(&registry, &touched), boxed(&registry, &touched)));
    assert_eq!((touched.get(), registry.len()), (0, 0), "a future that was never polled left a trace");
    assert_eq!((now(bare(&registry, &touched)), now(boxed(&registry, &touched))), (Some(1), Some(2)));
    assert_eq!(status(&registry, "block").totals.successes, 2);

    // It is the state at the first poll that counts.
    let (one, other) = (bare(&registry, &touched), boxed(&registry, &touched));
    registry.force_open("block").unwrap();
    assert_eq!((now(one), now(other)), (None, None));
    assert_eq!(touched.get(), 2);
}

#[test]
fn a_probe_that_is_made_holds_its_slot_until_it_is_dropped() {
    let (registry, clock) = registry_and_clock();
    let touched = Cell::new(0);
    registry.register("touch", Policy::new()).unwrap().open();
    clock.advance(Duration::from_secs(30));
    let probe = touch(&registry, &touched);
    assert_eq!(now(touch(&registry, &touched)), None, "the slot is held");
    drop(probe);
    assert_eq!(now(touch(&registry, &touched)), Some(2));
    assert_eq!(registry.state("touch"), State::Closed);
}

#[test]
fn an_open_circuit_does_not_make_the_future() {
    let touched = Cell::new(0);
    assert_eq!(now(touch(&registry_with_open("touch"), &touched)), None);
    assert_eq!(touched.get(), 0);
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, CircuitOpenError>> + 'a>>;

struct Client {
    registry: Registry,
    host: String,
}

impl Client {
    #[circuit_breaker(identifier = "hidden", registry = &self.registry)]
    fn hidden(&self, path: &str) -> impl Future<Output = Result<&str, CircuitOpenError>> + Send {
        let known = path.is_empty();
        async move {
            yield_once().await;
            if known {
                return Ok(&*self.host);
            }
            Ok(&self.host)
        }
    }

    #[circuit_breaker(identifier = "pinned", registry = &self.registry)]
    fn pinned<'a>(&'a self, path: &'a str) -> Pin<Box<dyn Future<Output = Option<&'a str>> + Send + 'a>> {
        if path.is_empty() {
            return Box::pin(ready(None));
        }
        Box::pin(async move { Some(path) })
    }

    #[circuit_breaker(identifier = "aliased", registry = &self.registry)]
    fn aliased<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Option<&'a str>> {
        if path.is_empty() {
            return Box::pin(ready(None));
        }
        Box::pin(async move { Some(path) })
    }

    #[circuit_breaker(identifier = "local", registry = &self.registry)]
    fn local(&self, counter: Rc<u32>) -> LocalBoxFuture<'_, u32> {
        Box::pin(async move { Ok(*counter) })
    }

    #[circuit_breaker(identifier = "unpin", registry = &self.registry, fallback = |_| 0)]
    fn unpin(&self) -> Box<dyn Future<Output = u32> + Unpin + '_> {
        Box::new(ready(5))
    }

    #[circuit_breaker(identifier = "hidden", registry = &self.registry, fallback = async |_| {
        yield_once().await;
        path
    })]
    fn owned(&self, path: String) -> impl Future<Output = String> {
        ready(path + "!")
    }
}

fn client(registry: Registry) -> Client {
    Client { registry, host: "host".to_owned() }
}

#[test]
fn every_written_future_is_guarded() {
    let client = client(registry());
    assert_eq!(finish(send(client.hidden("path"))).unwrap(), "host");
    assert_eq!(now(send(client.pinned("path"))), Some("path"));
    assert_eq!(now(send(client.aliased("path"))), Some("path"));
    assert_eq!(now(client.local(Rc::new(5))).unwrap(), 5);
    assert_eq!(now(client.unpin()), 5);
    for identifier in ["hidden", "pinned", "aliased", "local", "unpin"] {
        assert_eq!(status(&client.registry, identifier).totals.successes, 1, "{identifier}");
    }
}

#[test]
fn every_written_future_is_rejected() {
    assert_eq!(finish(client(registry_with_open("hidden")).hidden("")).unwrap_err().identifier(), "hidden");
    assert_eq!(now(client(registry_with_open("pinned")).pinned("path")), None);
    assert_eq!(now(client(registry_with_open("aliased")).aliased("path")), None);
    assert_eq!(now(client(registry_with_open("local")).local(Rc::new(5))).unwrap_err().identifier(), "local");
    assert_eq!(now(client(registry_with_open("unpin")).unpin()), 0);
    assert_eq!(finish(client(registry_with_open("hidden")).owned("path".to_owned())), "path");
}

impl Client {
    #[circuit_breaker(identifier = "static", registry = &self.registry)]
    fn detached(&self, made: &Cell<u32>) -> Pin<Box<dyn Future<Output = Result<String, CircuitOpenError>> + Send>> {
        made.set(made.get() + 1);
        let host = self.host.clone();
        Box::pin(async move {
            yield_once().await;
            Ok(host)
        })
    }

    #[circuit_breaker(identifier = "static:{path}", registry = &self.registry, fallback = |open| open.identifier().len())]
    fn detached_and_placed(&self, path: &str) -> impl Future<Output = usize> + Send + use<> {
        ready(path.len() + self.host.len())
    }

    #[circuit_breaker(identifier = self.host.as_str(), registry = &self.registry)]
    fn detached_and_named(&mut self, path: &'static str) -> futures_alias::BoxFuture<'static, Option<usize>> {
        self.host.push_str(path);
        let length = self.host.len();
        Box::pin(async move { Some(length) })
    }
}

mod futures_alias {
    pub(super) type BoxFuture<'a, T> = super::BoxFuture<'a, T>;
}

#[test]
fn a_future_that_may_not_borrow_outlives_what_it_was_made_of() {
    let (client, made) = (client(registry()), Cell::new(0));
    let future = send(client.detached(&made));
    assert_eq!((made.get(), client.registry.len()), (1, 1));
    let registry = client.registry.clone();
    drop(client);
    assert_eq!(finish(future).unwrap(), "host");
    assert_eq!(status(&registry, "static").totals.successes, 1);

    let client = self::client(registry_with_open("static"));
    let future = client.detached(&made);
    drop(client);
    assert_eq!(finish(future).unwrap_err().identifier(), "static");
    assert_eq!(made.get(), 1, "an open circuit ran the body");
}

#[test]
fn a_future_that_may_not_borrow_keeps_its_name() {
    let mut client = client(registry());
    assert_eq!(now(client.detached_and_placed("path")), 8);
    assert_eq!(now(client.detached_and_named("name")), Some(8));
    assert_eq!(status(&client.registry, "static:path").totals.successes, 1);
    assert_eq!(status(&client.registry, "host").totals.successes, 1);
    client.registry.force_open("static:path").unwrap();
    assert_eq!(now(client.detached_and_placed("path")), 11);
}

/// Shapes that compile without the attribute, too.
mod shapes {
    use super::*;

    type Answer<T> = Result<T, CircuitOpenError>;

    #[circuit_breaker(identifier = "shapes/rc")]
    fn of_what_is_not_send(number: Rc<u32>) -> impl Future<Output = Answer<u32>> + Send {
        let number = *number;
        async move { Ok(number) }
    }

    #[circuit_breaker(identifier = "shapes/generic")]
    fn of_what_is_not_static(text: impl Into<String>) -> Pin<Box<dyn Future<Output = Answer<String>> + Send>> {
        let text = text.into();
        Box::pin(async move { Ok(text) })
    }

    #[circuit_breaker(identifier = "shapes/unpin")]
    fn unpin(number: u32) -> impl Future<Output = Answer<u32>> + Unpin + Send {
        ready(Ok(number))
    }

    #[circuit_breaker(identifier = "shapes/boxed_unpin")]
    fn boxed_unpin(number: u32) -> Box<impl Future<Output = Answer<u32>> + Unpin> {
        Box::new(ready(Ok(number)))
    }

    #[circuit_breaker(identifier = "shapes/pinned_hidden")]
    fn pinned_hidden(number: u32) -> Pin<Box<impl Future<Output = Answer<u32>>>> {
        Box::pin(ready(Ok(number)))
    }

    /// The result is not `Send`, the future is.
    #[circuit_breaker(identifier = "shapes/local_result")]
    fn local_result(number: u32) -> impl Future<Output = Option<Rc<u32>>> + Send {
        let doubled = number * 2;
        async move { Some(Rc::new(doubled)) }
    }

    #[circuit_breaker(identifier = "shapes/awaited")]
    fn of_a_future<F: Future<Output = u32> + Send>(
        make: impl FnOnce() -> F,
    ) -> impl Future<Output = Answer<u32>> + Send {
        let made = make();
        async move { Ok(made.await) }
    }

    #[circuit_breaker(identifier = "shapes/recursive")]
    fn recursive(depth: u32) -> Pin<Box<dyn Future<Output = Answer<u32>> + Send>> {
        if depth == 0 {
            return Box::pin(async { Ok(0) });
        }
        Box::pin(async move { Ok(recursive(depth - 1).await? + 1) })
    }

    struct Cached(u32);

    impl Cached {
        #[circuit_breaker(identifier = "shapes/moved", fallback = |_| Ok(text))]
        fn moved(&self, text: String) -> Pin<Box<dyn Future<Output = Answer<String>> + Send>> {
            Box::pin(async move { Ok(text + "!") })
        }

        #[circuit_breaker(identifier = "shapes/borrowed", fallback = |_| Ok(key.len()))]
        fn borrowed(&self, key: &str) -> BoxFuture<'_, Answer<usize>> {
            let length = key.len();
            Box::pin(async move { Ok(length + self.0 as usize) })
        }

        #[circuit_breaker(identifier = "shapes/async", fallback = async |_| { yield_once().await; Ok(text.len()) })]
        fn answered_later(&self, text: String) -> Pin<Box<dyn Future<Output = Answer<usize>> + Send>> {
            let length = text.len() + 100;
            Box::pin(async move { Ok(length) })
        }

        #[circuit_breaker(identifier = "shapes/handler", error_handler = |result| result.is_ok() || lenient)]
        fn handled(&self, lenient: bool) -> impl Future<Output = Result<u32, String>> + Send + use<> {
            let number = self.0;
            async move { number.checked_sub(10).ok_or_else(String::new) }
        }
    }

    fn is_unpin<F: Unpin>(future: F) -> F {
        future
    }

    #[test]
    fn futures_are_what_they_would_be_without_the_attribute() {
        assert_eq!(now(send(of_what_is_not_send(Rc::new(5)))).unwrap(), 5);
        assert_eq!(now(send(of_what_is_not_static("text"))).unwrap(), "text");
        assert_eq!(now(is_unpin(send(unpin(5)))).unwrap(), 5);
        assert_eq!(now(boxed_unpin(5)).unwrap(), 5);
        assert_eq!(now(pinned_hidden(5)).unwrap(), 5);
        assert_eq!(now(send(local_result(5))).as_deref(), Some(&10));
        assert_eq!(now(send(of_a_future(|| ready(5)))).unwrap(), 5);
        assert_eq!(now(recursive(5)).unwrap(), 5);
        assert_eq!(Registry::global().status("shapes/recursive").unwrap().totals.successes, 6);
    }

    #[test]
    fn fallbacks_and_handlers_of_futures_use_the_arguments() {
        let cached = Cached(7);
        assert_eq!(now(cached.moved("text".to_owned())).unwrap(), "text!");
        assert_eq!(now(cached.borrowed("key")).unwrap(), 10);
        assert_eq!(now(cached.answered_later("text".to_owned())).unwrap(), 104);
        assert!(now(cached.handled(true)).is_err());
        assert!(now(cached.handled(false)).is_err());
        let totals = Registry::global().status("shapes/handler").unwrap().totals;
        assert_eq!((totals.successes, totals.failures), (1, 1));

        for identifier in ["shapes/moved", "shapes/borrowed", "shapes/async"] {
            Registry::global().force_open(identifier).unwrap();
        }
        assert_eq!(now(cached.moved("text".to_owned())).unwrap(), "text");
        assert_eq!(now(cached.borrowed("key")).unwrap(), 3);
        assert_eq!(finish(send(cached.answered_later("text".to_owned()))).unwrap(), 4);
    }
}

#[async_trait::async_trait]
trait Remote {
    async fn get(&self, path: &str, (tries, _): (u32, u32)) -> Result<String, CircuitOpenError>;

    async fn put(&mut self, path: String) -> Option<usize>;
}

#[async_trait::async_trait]
impl Remote for Client {
    #[circuit_breaker(identifier = "get:{path}", registry = &self.registry)]
    async fn get(&self, path: &str, (tries, _): (u32, u32)) -> Result<String, CircuitOpenError> {
        yield_once().await;
        Ok(format!("{}/{path}/{tries}", self.host))
    }

    #[circuit_breaker(identifier = "put", registry = &self.registry, fallback = async |_| Some(path.len()))]
    async fn put(&mut self, path: String) -> Option<usize> {
        self.host = path;
        None
    }
}

#[test]
fn methods_under_async_trait_work() {
    let mut client = client(registry());
    assert_eq!(finish(send(client.get("a", (1, 2)))).unwrap(), "host/a/1");
    assert_eq!(status(&client.registry, "get:a").totals.successes, 1);
    drop(client.get("b", (1, 2)));
    assert!(client.registry.get("get:b").is_none(), "a future that was never polled left a trace");
    assert_eq!(now(client.put("path".to_owned())), None);
    client.registry.force_open("put").unwrap();
    assert_eq!(now(client.put("longer".to_owned())), Some(6));
    assert_eq!(client.host, "path");
}
