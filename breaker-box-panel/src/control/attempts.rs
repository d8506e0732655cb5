//! Invalid tokens: a few are mistakes; after that each doubles the time its client has to wait, so
//! that tokens cannot be guessed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Client;

/// Invalid tokens before the first wait.
const FREE: u32 = 10;

/// The longest wait of one client.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The longest wait where the service does not provide addresses. It is short because everybody
/// waits together.
const MAX_WAIT_OF_ALL: Duration = Duration::from_secs(1);

/// A client is forgotten when its last invalid token is this old.
const FORGET_AFTER: Duration = Duration::from_secs(600);

/// The most clients that are remembered.
const MAX_CLIENTS: usize = 1_024;

/// Which clients sent invalid tokens lately.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Option<Client>, Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Attempts {
    /// How long a client has to wait before its next token is looked at. `None`: it need not.
    pub(crate) fn wait(&self, client: Option<Client>, now: Instant) -> Option<Duration> {
        let Failures { count, last } = *self.clients().get(&client)?;
        let doublings = count.checked_sub(FREE)?;
        let longest = if client.is_some() { MAX_WAIT } else { MAX_WAIT_OF_ALL };
        let wait = Duration::from_secs(1_u64 << doublings.min(16)).min(longest);
        let left = wait.saturating_sub(now.saturating_duration_since(last));
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn failed(&self, client: Option<Client>, now: Instant) {
        let mut clients = self.clients();
        clients.retain(|_, failures| now.saturating_duration_since(failures.last) < FORGET_AFTER);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            let oldest = clients.iter().min_by_key(|(_, failures)| failures.last).map(|(client, _)| *client);
            oldest.map(|oldest| clients.remove(&oldest));
        }
        let failures = clients.entry(client).or_insert(Failures { count: 0, last: now });
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
    }

    pub(crate) fn succeeded(&self, client: Option<Client>) {
        self.clients().remove(&client);
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<Option<Client>, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(last: u8) -> Client {
        IpAddr::from([192, 0, 2, last]).into()
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_few_mistakes_are_free_and_then_waits_double_up_to_a_minute() {
        let (attempts, mut now) = (Attempts::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(attempts.wait(Some(client(1)), now), None);
            attempts.failed(Some(client(1)), now);
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(attempts.wait(Some(client(1)), now), Some(seconds(wait)));
            assert_eq!(attempts.wait(Some(client(2)), now), None, "another client");
            now += seconds(wait);
            assert_eq!(attempts.wait(Some(client(1)), now), None);
            attempts.failed(Some(client(1)), now);
        }
        attempts.succeeded(Some(client(1)));
        assert_eq!(attempts.wait(Some(client(1)), now), None);
    }

    #[test]
    fn clients_without_addresses_wait_together_for_at_most_a_second() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        (0..100).for_each(|_| attempts.failed(None, now));
        assert_eq!(attempts.wait(None, now), Some(seconds(1)));
    }

    #[test]
    fn clients_are_forgotten_in_time_and_their_number_is_bounded() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        (0..50).for_each(|_| attempts.failed(Some(client(1)), now));
        for number in 0..5_000_u32 {
            attempts.failed(Some(IpAddr::from(number.to_be_bytes()).into()), now + seconds(1));
        }
        assert!(attempts.clients().len() <= MAX_CLIENTS);
        attempts.failed(Some(client(1)), now + seconds(2) + FORGET_AFTER);
        assert_eq!(attempts.clients().len(), 1);
        assert_eq!(attempts.wait(Some(client(1)), now + seconds(2) + FORGET_AFTER), None);
    }
}
