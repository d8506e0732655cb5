//! Wrong tokens: a few are mistakes, then each makes its client wait twice as long, so that nobody
//! guesses one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Client;

/// Wrong tokens before the first wait.
const FREE: u32 = 10;

/// The longest wait. Where the service does not tell clients apart, all of them wait together, so
/// that it has to be short.
const LONGEST: Duration = Duration::from_secs(60);
const LONGEST_OF_ALL: Duration = Duration::from_secs(1);

/// After so long without a wrong token all is forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// Clients that are remembered at the most.
const CLIENTS: usize = 1_024;

/// Who showed wrong tokens lately.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Option<Client>, Wrong>>);

#[derive(Clone, Copy, Debug)]
struct Wrong {
    times: u32,
    last: Instant,
}

impl Attempts {
    /// How long a client has to wait before its next token is looked at, if at all.
    pub(crate) fn wait(&self, client: Option<Client>, now: Instant) -> Option<Duration> {
        let Wrong { times, last } = *self.clients().get(&client)?;
        let doublings = times.checked_sub(FREE)?;
        let longest = if client.is_some() { LONGEST } else { LONGEST_OF_ALL };
        let wait = Duration::from_secs(1_u64 << doublings.min(16)).min(longest);
        let left = wait.saturating_sub(now.saturating_duration_since(last));
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn was_wrong(&self, client: Option<Client>, now: Instant) {
        let mut clients = self.clients();
        clients.retain(|_, wrong| now.saturating_duration_since(wrong.last) < FORGET);
        if clients.len() >= CLIENTS && !clients.contains_key(&client) {
            let oldest = clients.iter().min_by_key(|(_, wrong)| wrong.last).map(|(client, _)| *client);
            oldest.map(|oldest| clients.remove(&oldest));
        }
        let wrong = clients.entry(client).or_insert(Wrong { times: 0, last: now });
        *wrong = Wrong { times: wrong.times.saturating_add(1), last: now };
    }

    pub(crate) fn was_right(&self, client: Option<Client>) {
        self.clients().remove(&client);
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<Option<Client>, Wrong>> {
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
    fn mistakes_are_free_and_then_waits_double_up_to_a_minute() {
        let (attempts, mut now) = (Attempts::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(attempts.wait(Some(client(1)), now), None);
            attempts.was_wrong(Some(client(1)), now);
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(attempts.wait(Some(client(1)), now), Some(seconds(wait)));
            assert_eq!(attempts.wait(Some(client(2)), now), None, "another client");
            now += seconds(wait);
            assert_eq!(attempts.wait(Some(client(1)), now), None);
            attempts.was_wrong(Some(client(1)), now);
        }
        attempts.was_right(Some(client(1)));
        assert_eq!(attempts.wait(Some(client(1)), now), None);
    }

    #[test]
    fn clients_that_are_not_told_apart_wait_for_a_second_at_the_most() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        (0..100).for_each(|_| attempts.was_wrong(None, now));
        assert_eq!(attempts.wait(None, now), Some(seconds(1)));
    }

    #[test]
    fn all_is_forgotten_in_time_and_clients_without_end_take_no_memory() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        (0..50).for_each(|_| attempts.was_wrong(Some(client(1)), now));
        for number in 0..5_000_u32 {
            attempts.was_wrong(Some(IpAddr::from(number.to_be_bytes()).into()), now + seconds(1));
        }
        assert!(attempts.clients().len() <= CLIENTS);
        attempts.was_wrong(Some(client(1)), now + seconds(2) + FORGET);
        assert_eq!(attempts.clients().len(), 1);
        assert_eq!(attempts.wait(Some(client(1)), now + seconds(2) + FORGET), None);
    }
}
