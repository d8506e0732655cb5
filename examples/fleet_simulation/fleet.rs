//! Ten thousand clients, each with a breaker and a few callers.

use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Permit, PolicyError, State};

use crate::calendar::{Calendar, STEP};
use crate::chance::Chance;
use crate::service::{Answer, Service};
use crate::variant::Variant;

pub(crate) const CLIENTS: usize = 10_000;
/// Callers in each client, which share its breaker.
const CALLERS: usize = 4;
/// After an answer a caller pauses so many milliseconds.
const PAUSE: [u64; 2] = [4_000, 12_000];
/// After a failure.
const RETRY: Duration = Duration::from_millis(500);
/// After it was turned away because a probe is out.
const TURNED_AWAY: [u64; 2] = [2_000, 10_000];
const SERVED_IN: [u64; 2] = [50, 150];
const REFUSED_IN: [u64; 2] = [50, 150];
const TIMEOUT: Duration = Duration::from_secs(1);

/// The fleet, and what it will do.
pub(crate) struct Fleet {
    clients: Vec<Client>,
    /// The permit of each caller whose call is under way.
    permits: Vec<Option<Permit>>,
    calendar: Calendar<Step>,
    chance: Chance,
    /// Clients that were refused, or turned away by their breaker, and have not been served since.
    pub(crate) in_trouble: usize,
}

struct Client {
    breaker: CircuitBreaker,
    is_in_trouble: bool,
}

/// What a caller does next.
#[derive(Clone, Copy)]
enum Step {
    Call { caller: usize },
    Hear { caller: usize, answer: Answer },
}

/// What the service saw in one step.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) calls: u32,
    pub(crate) failed: u32,
}

impl Fleet {
    /// A fleet that is calling already.
    pub(crate) fn new(variant: Variant, clock: &ManualClock, end: Duration) -> Result<Self, PolicyError> {
        let client = |number| {
            let breaker = CircuitBreaker::with_clock(format!("client {number}"), variant.policy(), clock)?;
            Ok(Client { breaker, is_in_trouble: false })
        };
        let clients = (0..CLIENTS).map(client).collect::<Result<_, _>>()?;
        let (mut calendar, mut chance) = (Calendar::new(end), Chance::new(7));
        for caller in 0..CLIENTS * CALLERS {
            // Somewhere in its pause.
            let pause = chance.between(PAUSE).mul_f64(chance.part());
            calendar.enter(pause, Step::Call { caller });
        }
        let permits = (0..CLIENTS * CALLERS).map(|_| None).collect();
        Ok(Self { clients, permits, calendar, chance, in_trouble: 0 })
    }

    /// Everything that happens at this instant.
    pub(crate) fn step(&mut self, now: Duration, service: &mut Service) -> Load {
        let mut load = Load::default();
        for step in self.calendar.take(now) {
            match step {
                Step::Call { caller } => self.call(now, caller, service, &mut load),
                Step::Hear { caller, answer } => self.hear(now, caller, answer),
            }
        }
        load
    }

    fn call(&mut self, now: Duration, caller: usize, service: &mut Service, load: &mut Load) {
        let client = &mut self.clients[caller / CALLERS];
        let permit = match client.breaker.try_acquire() {
            Ok(permit) => permit,
            Err(open) => {
                // Its callers are busy: one of them calls as soon as the breaker may let it
                // through.
                let wait = open.retry_after().unwrap_or_else(|| self.chance.between(TURNED_AWAY)).max(STEP);
                self.calendar.enter(now + wait, Step::Call { caller });
                return;
            }
        };
        self.permits[caller] = Some(permit);
        let answer = service.ask(now);
        load.calls += 1;
        let takes = match answer {
            Answer::Served => self.chance.between(SERVED_IN),
            Answer::Refused => self.chance.between(REFUSED_IN),
            Answer::Silence => TIMEOUT,
        };
        if answer != Answer::Served {
            load.failed += 1;
            if !std::mem::replace(&mut client.is_in_trouble, true) {
                self.in_trouble += 1;
            }
        }
        self.calendar.enter(now + takes, Step::Hear { caller, answer });
    }

    fn hear(&mut self, now: Duration, caller: usize, answer: Answer) {
        let Some(permit) = self.permits[caller].take() else { return };
        let is_served = answer == Answer::Served;
        permit.settle(is_served);
        let client = &mut self.clients[caller / CALLERS];
        if is_served && client.is_in_trouble && client.breaker.state() == State::Closed {
            client.is_in_trouble = false;
            self.in_trouble -= 1;
        }
        let pause = if is_served { self.chance.between(PAUSE) } else { RETRY };
        self.calendar.enter(now + pause, Step::Call { caller });
    }
}
