//! Nonces: each is good for one command, so that a recorded command cannot be replayed.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use crate::control::token::Operator;
use crate::random::random_hex;

/// How long a nonce is valid.
pub(crate) const LIFETIME: Duration = Duration::from_secs(60);

/// The most unused nonces of one operator; one more invalidates the oldest of them.
const PER_OPERATOR: usize = 16;

/// The most unused nonces in all. The service's guard may name any number of operators, so beyond
/// this the operator with the most nonces loses one.
const TOTAL: usize = 4_096;

/// The nonces that were issued and not used yet, oldest first.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<VecDeque<Nonce>>);

struct Nonce {
    value: String,
    operator: Operator,
    issued: Instant,
}

impl Nonces {
    /// A new nonce for one command by `operator`.
    pub(crate) fn issue(&self, operator: &Operator, now: Instant) -> Result<String, getrandom::Error> {
        let value = random_hex()?;
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unused.retain(|nonce| nonce.is_valid(now));
        let count = unused.iter().filter(|nonce| nonce.operator == *operator).count();
        if count >= PER_OPERATOR {
            remove_oldest_of(&mut unused, operator);
        } else if unused.len() >= TOTAL {
            if let Some(operator) = operator_with_most(&unused) {
                remove_oldest_of(&mut unused, &operator);
            }
        }
        unused.push_back(Nonce { value: value.clone(), operator: operator.clone(), issued: now });
        Ok(value)
    }

    /// Uses a nonce up: whether it was issued to `operator`, is still valid and was not used
    /// before.
    pub(crate) fn redeem(&self, value: &[u8], operator: &Operator, now: Instant) -> bool {
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = unused.iter().position(|nonce| bool::from(nonce.value.as_bytes().ct_eq(value)));
        let nonce = found.and_then(|index| unused.remove(index));
        nonce.is_some_and(|nonce| nonce.operator == *operator && nonce.is_valid(now))
    }
}

fn remove_oldest_of(unused: &mut VecDeque<Nonce>, operator: &Operator) {
    let oldest = unused.iter().position(|nonce| nonce.operator == *operator);
    oldest.map(|oldest| unused.remove(oldest));
}

fn operator_with_most(unused: &VecDeque<Nonce>) -> Option<Operator> {
    let mut counts: HashMap<&str, (usize, &Operator)> = HashMap::new();
    for nonce in unused {
        counts.entry(nonce.operator.name()).or_insert((0, &nonce.operator)).0 += 1;
    }
    counts.into_values().max_by_key(|(count, _)| *count).map(|(_, operator)| operator.clone())
}

impl Nonce {
    fn is_valid(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.issued) < LIFETIME
    }
}

impl fmt::Debug for Nonces {
    /// Without the nonces, which are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_valid_once_for_its_operator_within_a_minute() {
        let (nonces, alice, now) = (Nonces::default(), Operator::new("alice"), Instant::now());
        let nonce = nonces.issue(&alice, now).unwrap();
        assert!(nonces.redeem(nonce.as_bytes(), &alice, now + Duration::from_secs(59)));
        assert!(!nonces.redeem(nonce.as_bytes(), &alice, now), "used");
        let late = nonces.issue(&alice, now).unwrap();
        assert!(!nonces.redeem(late.as_bytes(), &alice, now + LIFETIME), "too late");
        let hers = nonces.issue(&alice, now).unwrap();
        assert!(!nonces.redeem(hers.as_bytes(), &Operator::new("bob"), now), "somebody else's");
        assert!(!nonces.redeem(b"", &alice, now), "empty");
    }

    #[test]
    fn an_operator_with_many_nonces_invalidates_only_their_own() {
        let (nonces, now) = (Nonces::default(), Instant::now());
        let (alice, mallory) = (Operator::new("alice"), Operator::new("mallory"));
        let nonce = nonces.issue(&alice, now).unwrap();
        for _ in 0..10_000 {
            nonces.issue(&mallory, now).unwrap();
        }
        assert!(nonces.redeem(nonce.as_bytes(), &alice, now));
        assert_eq!(nonces.0.lock().unwrap().len(), PER_OPERATOR);
    }

    #[test]
    fn the_total_is_bounded_and_the_operator_with_most_loses_first() {
        let (nonces, now) = (Nonces::default(), Instant::now());
        let (alice, greedy) = (Operator::new("alice"), Operator::new("greedy"));
        let nonce = nonces.issue(&alice, now).unwrap();
        let his: Vec<_> = (0..3).map(|_| nonces.issue(&greedy, now).unwrap()).collect();
        for number in 0..TOTAL - 3 {
            nonces.issue(&Operator::new(number.to_string()), now).unwrap();
        }
        assert_eq!(nonces.0.lock().unwrap().len(), TOTAL);
        assert!(!nonces.redeem(his[0].as_bytes(), &greedy, now));
        assert!(nonces.redeem(his[2].as_bytes(), &greedy, now) && nonces.redeem(nonce.as_bytes(), &alice, now));
    }

    #[test]
    fn one_more_than_the_limit_invalidates_the_oldest() {
        let (nonces, alice, now) = (Nonces::default(), Operator::new("alice"), Instant::now());
        let first = nonces.issue(&alice, now).unwrap();
        let second = nonces.issue(&alice, now).unwrap();
        for _ in 0..PER_OPERATOR - 1 {
            nonces.issue(&alice, now).unwrap();
        }
        assert!(!nonces.redeem(first.as_bytes(), &alice, now));
        assert!(nonces.redeem(second.as_bytes(), &alice, now));
        assert!(nonces.0.lock().unwrap().len() < PER_OPERATOR);
    }
}
