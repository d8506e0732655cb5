//! What the server does, and when. Server, callers and timeline read the same schedule, so that
//! nobody has to tell the others.

use std::time::{Duration, Instant};

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Healthy,
    /// Only the account of shop 13 answers 500.
    OneShopFails,
    /// 503 with `Retry-After: 1`.
    Unavailable,
    /// Right answers, but late.
    Slow,
    /// Nobody listens on the port.
    Refusing,
    /// 200, with a page that is no answer: the client's own parsing panics over it.
    Garbled,
}

impl Phase {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::OneShopFails => "failing for one shop (500)",
            Self::Unavailable => "busy (503, Retry-After: 1)",
            Self::Slow => "slow",
            Self::Refusing => "down (connection refused)",
            Self::Garbled => "confused (garbled answers)",
        }
    }
}

/// One entry of the schedule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(crate) phase: Phase,
    pub(crate) lasts: Duration,
}

const fn stage(phase: Phase, milliseconds: u64) -> Stage {
    Stage { phase, lasts: Duration::from_millis(milliseconds) }
}

/// The last stage goes on until everybody has stopped.
pub(crate) const STAGES: [Stage; 9] = [
    stage(Phase::Healthy, 400),
    stage(Phase::OneShopFails, 700),
    // Below the second that it asks for, so that circuits are open when it is over, and until
    // shortly after.
    stage(Phase::Unavailable, 900),
    stage(Phase::Healthy, 800),
    // Longer than the window of `risk_score`, so that slow calls are all that it holds.
    stage(Phase::Slow, 1_400),
    stage(Phase::Healthy, 800),
    stage(Phase::Refusing, 1_000),
    stage(Phase::Garbled, 1_000),
    stage(Phase::Healthy, 800),
];

/// The stage in which the server has recovered for good.
pub(crate) const LAST: usize = STAGES.len() - 1;

/// The schedule with its beginning. Copies agree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    start: Instant,
}

impl Schedule {
    pub(crate) fn starting_now() -> Self {
        Self { start: Instant::now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The stage that it is now, as an index into [`STAGES`].
    pub(crate) fn stage(&self) -> usize {
        let now = Instant::now();
        (0..LAST).find(|&stage| now < self.end_of(stage)).unwrap_or(LAST)
    }

    pub(crate) fn begin_of(&self, stage: usize) -> Instant {
        self.start + STAGES[..stage].iter().map(|stage| stage.lasts).sum::<Duration>()
    }

    pub(crate) fn end_of(&self, stage: usize) -> Instant {
        self.begin_of(stage) + STAGES[stage].lasts
    }

    /// When the next stage of this phase begins and ends, if one is still to come.
    pub(crate) fn next(&self, phase: Phase) -> Option<(Instant, Instant)> {
        let now = Instant::now();
        let coming = |&stage: &usize| STAGES[stage].phase == phase && now < self.begin_of(stage);
        let stage = (0..STAGES.len()).find(coming)?;
        Some((self.begin_of(stage), self.end_of(stage)))
    }
}
