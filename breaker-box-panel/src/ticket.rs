//! Single-use numbers: an order that somebody recorded and sends again is refused.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use crate::token::Operator;

/// How long a ticket waits for its order.
pub(crate) const LIFETIME: Duration = Duration::from_secs(60);

/// Tickets of one operator that wait at the most; who takes more makes the oldest of their own
/// void.
const OF_ONE: usize = 16;

/// Tickets of all operators together. A guard may name as many as it likes: then who has most loses
/// one.
const OF_ALL: usize = 4_096;

/// Bytes of a ticket, which is written with two letters for each.
const LEN: usize = 16;

/// The tickets that were given and not used yet.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<VecDeque<Ticket>>);

struct Ticket {
    letters: String,
    holder: Operator,
    given: Instant,
}

impl Tickets {
    /// A new ticket for one order by `holder`.
    pub(crate) fn give(&self, holder: &Operator, now: Instant) -> Result<String, getrandom::Error> {
        let letters = random_letters()?;
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|ticket| ticket.is_valid(now));
        let of = |holder: &Operator| waiting.iter().filter(|ticket| ticket.holder == *holder).count();
        if of(holder) >= OF_ONE {
            give_up(&mut waiting, holder);
        } else if waiting.len() >= OF_ALL {
            if let Some(most) = most(&waiting) {
                give_up(&mut waiting, &most);
            }
        }
        waiting.push_back(Ticket { letters: letters.clone(), holder: holder.clone(), given: now });
        Ok(letters)
    }

    /// Takes a ticket back; whether it was one of `holder`, still valid and never used.
    pub(crate) fn take(&self, letters: &[u8], holder: &Operator, now: Instant) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().position(|ticket| bool::from(ticket.letters.as_bytes().ct_eq(letters)));
        let ticket = found.and_then(|index| waiting.remove(index));
        ticket.is_some_and(|ticket| ticket.holder == *holder && ticket.is_valid(now))
    }
}

/// Makes the oldest ticket of an operator void.
fn give_up(waiting: &mut VecDeque<Ticket>, holder: &Operator) {
    let oldest = waiting.iter().position(|ticket| ticket.holder == *holder);
    oldest.map(|oldest| waiting.remove(oldest));
}

/// Who has most tickets.
fn most(waiting: &VecDeque<Ticket>) -> Option<Operator> {
    let mut counts: HashMap<&str, (usize, &Operator)> = HashMap::new();
    for ticket in waiting {
        counts.entry(ticket.holder.name()).or_insert((0, &ticket.holder)).0 += 1;
    }
    counts.into_values().max_by_key(|(count, _)| *count).map(|(_, holder)| holder.clone())
}

impl Ticket {
    fn is_valid(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.given) < LIFETIME
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets(…)")
    }
}

/// A number that nobody guesses.
pub(crate) fn random_letters() -> Result<String, getrandom::Error> {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(2 * LEN), |mut letters, byte| {
        for half in [byte >> 4, byte & 15] {
            letters.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
        letters
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_one_order_of_its_holder_within_a_minute() {
        let (tickets, alice, now) = (Tickets::default(), Operator::new("alice"), Instant::now());
        let ticket = tickets.give(&alice, now).unwrap();
        assert!(tickets.take(ticket.as_bytes(), &alice, now + Duration::from_secs(59)));
        assert!(!tickets.take(ticket.as_bytes(), &alice, now), "used");
        let late = tickets.give(&alice, now).unwrap();
        assert!(!tickets.take(late.as_bytes(), &alice, now + LIFETIME), "too late");
        let hers = tickets.give(&alice, now).unwrap();
        assert!(!tickets.take(hers.as_bytes(), &Operator::new("bob"), now), "somebody else's");
        assert!(!tickets.take(b"", &alice, now), "none");
    }

    #[test]
    fn who_takes_many_tickets_makes_void_none_but_their_own() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let (alice, mallory) = (Operator::new("alice"), Operator::new("mallory"));
        let ticket = tickets.give(&alice, now).unwrap();
        for _ in 0..10_000 {
            tickets.give(&mallory, now).unwrap();
        }
        assert!(tickets.take(ticket.as_bytes(), &alice, now));
        assert_eq!(tickets.0.lock().unwrap().len(), OF_ONE);
    }

    #[test]
    fn operators_without_end_take_no_more_memory_and_who_has_most_loses_first() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let (alice, greedy) = (Operator::new("alice"), Operator::new("greedy"));
        let ticket = tickets.give(&alice, now).unwrap();
        let his: Vec<_> = (0..3).map(|_| tickets.give(&greedy, now).unwrap()).collect();
        for number in 0..OF_ALL - 3 {
            tickets.give(&Operator::new(number.to_string()), now).unwrap();
        }
        assert_eq!(tickets.0.lock().unwrap().len(), OF_ALL);
        assert!(!tickets.take(his[0].as_bytes(), &greedy, now));
        assert!(tickets.take(his[2].as_bytes(), &greedy, now) && tickets.take(ticket.as_bytes(), &alice, now));
    }

    #[test]
    fn many_tickets_make_the_oldest_void_and_cost_no_more_memory() {
        let (tickets, alice, now) = (Tickets::default(), Operator::new("alice"), Instant::now());
        let first = tickets.give(&alice, now).unwrap();
        let second = tickets.give(&alice, now).unwrap();
        for _ in 0..OF_ONE - 1 {
            tickets.give(&alice, now).unwrap();
        }
        assert!(!tickets.take(first.as_bytes(), &alice, now));
        assert!(tickets.take(second.as_bytes(), &alice, now));
        assert!(tickets.0.lock().unwrap().len() < OF_ONE);
    }
}
