//! Twelve parameters and more, with everything that may stand between them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;

use breaker_box::{CircuitOpenError, Policy, circuit_breaker};

type Parts<'a, A, B> = (Cow<'a, str>, A, B);

#[circuit_breaker(identifier = "generics/sync", failure_threshold = N, window = M, failure_rate = 0.5)]
#[allow(clippy::too_many_arguments)]
pub fn sync<'a, 'b: 'a, A, B, C, D, E, F, G, S, const N: u32, const M: u32, const FLAG: bool>(
    a: A,
    b: B,
    c: &'a [C; 2],
    d: impl for<'x> Fn(&'x str) -> &'x str,
    e: E,
    f: F,
    g: Option<&'b G>,
    map: &HashMap<D, u32, S>,
) -> Result<Parts<'a, A, B>, E>
where
    A: Clone + Debug,
    B: Iterator<Item = <A as IntoIterator>::Item>,
    A: IntoIterator,
    C: Into<u32> + Copy + 'a,
    D: Hash + Eq + for<'x> From<&'x str>,
    E: From<CircuitOpenError> + Display,
    F: for<'x, 'y> FnOnce(&'x str, &'y C) -> Result<(), E>,
    G: AsRef<str> + ?Sized + 'b,
    S: BuildHasher,
    [C; 2]: Sized,
{
    f(d("x"), &c[0])?;
    let number = map.get(&D::from("key")).copied().unwrap_or_default();
    if FLAG && number == M {
        return Err(e);
    }
    let name = g.map_or(Cow::Borrowed("none"), |g| Cow::Borrowed(g.as_ref()));
    Ok((name, a, b))
}

#[circuit_breaker(identifier = "generics/later/{name}", policy = Limits::<T1, N>::POLICY, fallback = async |_| None)]
pub async fn later<'a, 'b, T1, T2, T3, T4, T5, T6, T7, T8, T9, const N: u32>(
    name: &'a str,
    first: T1,
    others: (T2, T3, T4, T5, T6, T7, T8),
    make: T9,
    spare: &'b mut T1,
) -> Option<(T1, &'b mut T1)>
where
    T1: Send,
    T2: Send + 'a,
    T9: AsyncFn(T1) -> T1,
    'a: 'b,
{
    drop(others);
    Some((make(first).await, spare))
}

struct Limits<T, const N: u32>(std::marker::PhantomData<T>);

impl<T, const N: u32> Limits<T, N> {
    const POLICY: Policy = Policy::consecutive_failures(N);
}

pub trait Store<'s, K: ?Sized, const N: usize> {
    type Value<'v>
    where
        Self: 'v,
        K: 's;
    type Error: From<CircuitOpenError> + Debug;

    fn load<'v, Q>(&'v mut self, keys: [&Q; N]) -> Result<Self::Value<'v>, Self::Error>
    where
        Q: AsRef<K> + ?Sized,
        K: 's;

    fn load_later<'v>(
        &'v self,
        key: &'v K,
    ) -> impl Future<Output = Result<u32, Self::Error>> + Send + use<'v, 's, K, N, Self>
    where
        K: Sync + 's;

    fn boxed<'v>(&'v self, key: &'v K) -> Pin<Box<dyn Future<Output = Result<u32, Self::Error>> + 'v>>;
}

pub struct Shop<T>(pub T, pub u32);

impl<'s, T, const N: usize> Store<'s, str, N> for Shop<T>
where
    T: AsRef<str> + Sync,
{
    type Value<'v>
        = &'v mut T
    where
        Self: 'v,
        str: 's;
    type Error = CircuitOpenError;

    #[circuit_breaker(identifier = "generics/load", failure_threshold = Self::LIMIT + N as u32)]
    fn load<'v, Q>(&'v mut self, keys: [&Q; N]) -> Result<Self::Value<'v>, Self::Error>
    where
        Q: AsRef<str> + ?Sized,
        str: 's,
    {
        self.1 += keys.iter().map(|key| key.as_ref().len() as u32).sum::<u32>();
        Ok(&mut self.0)
    }

    #[circuit_breaker(identifier = "generics/load_later/{key}")]
    fn load_later<'v>(
        &'v self,
        key: &'v str,
    ) -> impl Future<Output = Result<u32, Self::Error>> + Send + use<'v, 's, T, N>
    where
        str: Sync + 's,
    {
        async move { Ok(self.1 + key.len() as u32) }
    }

    #[circuit_breaker(identifier = self.0.as_ref(), scope = "generics")]
    fn boxed<'v>(&'v self, key: &'v str) -> Pin<Box<dyn Future<Output = Result<u32, Self::Error>> + 'v>> {
        Box::pin(async move { Ok(self.1 + key.len() as u32) })
    }
}

impl<T> Shop<T> {
    const LIMIT: u32 = 2;
}

/// Every way to take `self`.
pub trait Takes {
    fn by_value(self, by: u32) -> Option<u32>;
    fn by_box(self: Box<Self>, by: u32) -> Option<u32>;
    fn by_pin(self: Pin<&mut Self>, by: u32) -> impl Future<Output = Option<u32>>;
}

impl<T> Takes for Shop<T> {
    #[circuit_breaker(identifier = "generics/by_value")]
    fn by_value(mut self, by: u32) -> Option<u32> {
        self.1 += by;
        Some(self.1)
    }

    #[circuit_breaker(identifier = "generics/by_box/{by}")]
    fn by_box(self: Box<Self>, by: u32) -> Option<u32> {
        Some(self.1 + by)
    }

    #[circuit_breaker(identifier = "generics/by_pin/{by}")]
    async fn by_pin(self: Pin<&mut Self>, by: u32) -> Option<u32> {
        Some(self.1 + by)
    }
}

/// Nothing is sized, nothing is owned, and the result borrows from all.
#[circuit_breaker(identifier = "generics/unsized", fallback = |_| (left, right))]
pub fn borrowed<'a, T: ?Sized, U: ?Sized>(left: &'a mut T, right: &'a U) -> (&'a mut T, &'a U) {
    (left, right)
}

/// A type that only its body can name.
#[circuit_breaker(identifier = "generics/hidden")]
pub fn hidden<T: Clone, const N: usize>(
    parts: [T; N],
) -> Option<impl Iterator<Item = impl Fn() -> T + use<T, N>> + use<T, N>> {
    Some(parts.into_iter().map(|part| move || part.clone()))
}
