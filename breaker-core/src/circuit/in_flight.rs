//! The calls in flight of one generation, and when the n-th of them becomes hung.
//!
//! The n-th oldest call decides. An admission changes it only while fewer than n calls are in
//! flight, and a settlement only if the call was one of the n oldest. The next one is then found
//! after it, so it moves forward only, and past each call once.

use std::time::Duration;

use super::admissions::Admissions;
use crate::clock::tick::{Tick, nanos};

/// Calls that were admitted in this generation and have not returned.
#[derive(Debug)]
pub(super) struct CallsInFlight {
    calls: Admissions,
    count: u64,
    /// So many hung calls open the circuit.
    n: u64,
    /// When the n-th oldest call was admitted, or the last one if there are fewer.
    nth: Tick,
    /// The number of calls that were admitted up to that instant. If several were admitted at it,
    /// there can be more than n.
    until_nth: u64,
    /// The policy does not judge what was before it.
    configured: Tick,
}

impl CallsInFlight {
    /// No call yet.
    pub(super) fn new(n: u32) -> Self {
        let start = Tick::from_nanos(0);
        Self { calls: Admissions::default(), count: 0, n: n.into(), nth: start, until_nth: 0, configured: start }
    }

    /// A call is admitted. Instants never decrease.
    #[inline]
    pub(super) fn admit(&mut self, now: Tick) {
        self.calls.add(now);
        self.count += 1;
        if self.until_nth < self.n || self.nth == now {
            self.nth = now;
            self.until_nth += 1;
        }
    }

    /// A call that was admitted at this instant is settled.
    #[inline]
    pub(super) fn settle(&mut self, admitted: Tick) {
        if !self.calls.remove(admitted) {
            return;
        }
        self.count -= 1;
        if admitted <= self.nth {
            self.until_nth -= 1;
            self.find_nth();
        }
    }

    /// A new policy is in force, by which so many hung calls open the circuit.
    pub(super) fn configure(&mut self, n: u32, now: Tick) {
        self.n = n.into();
        self.configured = now;
        // From the beginning, because there may be fewer to find than before.
        self.until_nth = 0;
        if let Some(first) = self.calls.oldest() {
            self.nth = first;
            self.until_nth = self.calls.count_until(first);
            self.find_nth();
        }
    }

    /// Moves forward to the n-th oldest call.
    fn find_nth(&mut self) {
        while self.until_nth < self.n {
            let Some(next) = self.calls.first_after(self.nth) else { return };
            self.nth = next.admitted;
            self.until_nth += u64::from(next.calls);
        }
    }

    /// When the n-th call becomes hung.
    #[inline]
    pub(super) fn hung_at(&self, longer_than: Duration) -> Option<Tick> {
        (self.until_nth >= self.n).then(|| self.nth.after(longer_than).max(self.configured))
    }

    /// The number of calls in flight.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The number of calls that are hung.
    pub(super) fn count_hung(&self, longer_than: Duration, now: Tick) -> u64 {
        match now.as_nanos().checked_sub(nanos(longer_than)) {
            Some(latest) => self.calls.count_until(Tick::from_nanos(latest)),
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tick(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    /// A hundred nanoseconds.
    const LONG: Duration = Duration::from_nanos(100);

    /// The naive list, sorted by construction.
    fn nth(list: &[u64], n: usize) -> Option<Tick> {
        list.get(n - 1).map(|admitted| tick(admitted + 100))
    }

    #[test]
    fn the_nth_oldest_call_decides() {
        let mut calls = CallsInFlight::new(2);
        calls.admit(tick(1));
        assert_eq!(calls.hung_at(LONG), None);
        for nanos in [2, 3, 3] {
            calls.admit(tick(nanos));
        }
        assert_eq!(calls.hung_at(LONG), Some(tick(102)));
        calls.settle(tick(1));
        assert_eq!(calls.hung_at(LONG), Some(tick(103)));
        calls.settle(tick(3));
        assert_eq!(calls.hung_at(LONG), Some(tick(103)));
        calls.settle(tick(2));
        assert_eq!((calls.hung_at(LONG), calls.count()), (None, 1));
    }

    #[test]
    fn a_call_that_is_not_listed_is_not_settled() {
        let mut calls = CallsInFlight::new(1);
        calls.admit(tick(5));
        calls.settle(tick(4));
        assert_eq!((calls.hung_at(LONG), calls.count()), (Some(tick(105)), 1));
    }

    #[test]
    fn a_call_is_hung_from_the_limit_on() {
        let mut calls = CallsInFlight::new(9);
        for nanos in [1, 1, 2] {
            calls.admit(tick(nanos));
        }
        let hung = [99, 100, 101, 102].map(|now| calls.count_hung(LONG, tick(now)));
        assert_eq!(hung, [0, 0, 2, 3]);
        assert_eq!(calls.count_hung(Duration::MAX, Tick::MAX), 0, "a limit without end");
    }

    #[test]
    fn a_new_policy_judges_from_its_own_instant() {
        let mut calls = CallsInFlight::new(3);
        for nanos in [1, 2, 200] {
            calls.admit(tick(nanos));
        }
        calls.configure(1, tick(250));
        assert_eq!(calls.hung_at(LONG), Some(tick(250)));
        calls.configure(3, tick(260));
        assert_eq!(calls.hung_at(LONG), Some(tick(300)));
        calls.configure(4, tick(270));
        assert_eq!(calls.hung_at(LONG), None);
    }

    #[test]
    fn it_agrees_with_a_naive_list_over_random_operations() {
        let mut random = 88_172_645_463_325_252_u64;
        let mut below = |limit: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % limit
        };
        for round in 0..200 {
            let mut n = 1 + usize::try_from(below(6)).unwrap();
            let mut calls = CallsInFlight::new(u32::try_from(n).unwrap());
            let (mut list, mut now) = (Vec::new(), 0);
            // First more admissions, then more settlements.
            for operation in 0..400 {
                match below(20) {
                    0 => {
                        n = 1 + usize::try_from(below(40)).unwrap();
                        calls.configure(u32::try_from(n).unwrap(), tick(0));
                    }
                    choice if choice < 13 - operation / 40 => {
                        now += below(3);
                        list.push(now);
                        calls.admit(tick(now));
                    }
                    _ if list.is_empty() => {}
                    _ => {
                        // Often one of the oldest.
                        let among = if below(2) == 0 { list.len() } else { list.len().min(2) };
                        let place = usize::try_from(below(u64::try_from(among).unwrap())).unwrap();
                        calls.settle(tick(list.remove(place)));
                    }
                }
                assert_eq!(calls.hung_at(LONG), nth(&list, n), "round {round}, operation {operation}");
                assert_eq!(calls.count(), u64::try_from(list.len()).unwrap());
                let middle = now.saturating_sub(20);
                let hung = list.iter().filter(|admitted| **admitted <= middle).count();
                assert_eq!(calls.count_hung(LONG, tick(middle + 100)), u64::try_from(hung).unwrap());
            }
        }
    }

    #[test]
    fn a_million_calls_come_back_in_any_order_without_a_long_search() {
        let mut calls = CallsInFlight::new(1_000);
        let million = 1_000_000;
        (0..million).for_each(|nanos| calls.admit(tick(nanos)));
        for step in 0..million {
            calls.settle(tick(step * 617_729 % million));
        }
        assert_eq!((calls.count(), calls.hung_at(LONG)), (0, None));
    }
}
