//! Clients, each with a breaker and its callers.

use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Permit, PolicyError, State};

use crate::event_queue::{EventQueue, STEP};
use crate::random::Random;
use crate::service::{Answer, Service};
use crate::variant::Variant;

/// How many clients there are, and how many callers share the breaker of each. All of them together
/// make the same number of calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    clients: usize,
    callers: usize,
}

impl Size {
    pub(crate) const SMALL_CLIENTS: Self = Self { clients: 10_000, callers: 4 };
    pub(crate) const LARGE_CLIENTS: Self = Self { clients: 100, callers: 400 };
}

/// The pause of a caller after an answer, in milliseconds: shortest and longest.
const PAUSE: [u64; 2] = [4_000, 12_000];
/// The pause after a failure.
const RETRY: Duration = Duration::from_millis(500);
/// The pause after a rejection because a probe is in flight, in milliseconds.
const REJECTED_PAUSE: [u64; 2] = [2_000, 10_000];
const SERVED_IN: [u64; 2] = [50, 150];
const REFUSED_IN: [u64; 2] = [50, 150];
const TIMEOUT: Duration = Duration::from_secs(1);

/// The fleet and its future events.
pub(crate) struct Fleet {
    clients: Vec<Client>,
    callers_per_client: usize,
    /// The permit of each caller whose call is in flight.
    permits: Vec<Option<Permit>>,
    events: EventQueue<Step>,
    random: Random,
    /// The number of clients with a failed call that have not been served since by a closed
    /// circuit.
    pub(crate) failing: usize,
}

struct Client {
    breaker: CircuitBreaker,
    is_failing: bool,
}

/// What a caller does next.
#[derive(Clone, Copy)]
enum Step {
    Call { caller: usize },
    Receive { caller: usize, answer: Answer },
}

/// What the service saw in one step.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) calls: u32,
    pub(crate) failed: u32,
}

impl Fleet {
    /// Creates a fleet whose callers are already somewhere in their pauses.
    pub(crate) fn new(variant: Variant, size: Size, clock: &ManualClock, end: Duration) -> Result<Self, PolicyError> {
        let client = |number| {
            let breaker = CircuitBreaker::with_clock(format!("client {number}"), variant.policy(), clock)?;
            Ok(Client { breaker, is_failing: false })
        };
        let Size { clients, callers } = size;
        let all = clients * callers;
        let clients = (0..clients).map(client).collect::<Result<_, _>>()?;
        let (mut events, mut random) = (EventQueue::new(end), Random::new(7));
        for caller in 0..all {
            // Somewhere in its pause.
            let pause = random.between(PAUSE).mul_f64(random.fraction());
            events.schedule(pause, Step::Call { caller });
        }
        let permits = (0..all).map(|_| None).collect();
        Ok(Self { clients, callers_per_client: callers, permits, events, random, failing: 0 })
    }

    /// Everything that happens at this instant.
    pub(crate) fn step(&mut self, now: Duration, service: &mut Service) -> Load {
        let mut load = Load::default();
        for step in self.events.take_due(now) {
            match step {
                Step::Call { caller } => self.call(now, caller, service, &mut load),
                Step::Receive { caller, answer } => self.receive(now, caller, answer),
            }
        }
        load
    }

    fn call(&mut self, now: Duration, caller: usize, service: &mut Service, load: &mut Load) {
        let client = &mut self.clients[caller / self.callers_per_client];
        let permit = match client.breaker.try_acquire() {
            Ok(permit) => permit,
            Err(open) => {
                // Its callers are busy: one of them calls as soon as the breaker may admit it.
                let wait = open.retry_after().unwrap_or_else(|| self.random.between(REJECTED_PAUSE)).max(STEP);
                self.events.schedule(now + wait, Step::Call { caller });
                return;
            }
        };
        self.permits[caller] = Some(permit);
        let answer = service.ask(now);
        load.calls += 1;
        let takes = match answer {
            Answer::Served => self.random.between(SERVED_IN),
            Answer::Refused => self.random.between(REFUSED_IN),
            Answer::Silence => TIMEOUT,
        };
        if answer != Answer::Served {
            load.failed += 1;
            if !std::mem::replace(&mut client.is_failing, true) {
                self.failing += 1;
            }
        }
        self.events.schedule(now + takes, Step::Receive { caller, answer });
    }

    fn receive(&mut self, now: Duration, caller: usize, answer: Answer) {
        let Some(permit) = self.permits[caller].take() else { return };
        let is_served = answer == Answer::Served;
        permit.settle(is_served);
        let client = &mut self.clients[caller / self.callers_per_client];
        if is_served && client.is_failing && client.breaker.state() == State::Closed {
            client.is_failing = false;
            self.failing -= 1;
        }
        let pause = if is_served { self.random.between(PAUSE) } else { RETRY };
        self.events.schedule(now + pause, Step::Call { caller });
    }
}
