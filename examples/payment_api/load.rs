//! Callers: tasks and threads that call on and on, as customers do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::{self, JoinError};

use crate::answer::{Answer, Call};
use crate::client::{self, Gateway};
use crate::ledger::{Done, Ledger};
use crate::protected;
use crate::schedule::Schedule;
use crate::timeline::Timeline;

/// A caller's pause after each call.
const PAUSE: Duration = Duration::from_millis(30);

/// Which functions are called.
#[derive(Debug)]
pub(crate) enum Client {
    /// The annotated ones; what callers get is shown on the timeline.
    Protected(Arc<Timeline>),
    Unprotected,
}

/// What all callers of one client share.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(crate) gateway: Gateway,
    pub(crate) ledger: Ledger,
    client: Client,
    schedule: Schedule,
    orders: AtomicU64,
    stopped: AtomicBool,
}

/// Callers at work.
#[derive(Debug)]
pub(crate) struct Callers {
    tasks: Vec<task::JoinHandle<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    pub(crate) fn new(gateway: Gateway, client: Client, schedule: Schedule) -> Arc<Self> {
        Arc::new(Self {
            gateway,
            ledger: Ledger::new(schedule),
            client,
            schedule,
            orders: AtomicU64::new(1),
            stopped: AtomicBool::new(false),
        })
    }

    /// Seven tasks and five threads.
    pub(crate) fn call(self: &Arc<Self>, runtime: &Runtime) -> Callers {
        let mut tasks: Vec<_> = (0..3).map(|_| runtime.spawn(Arc::clone(self).keep_charging())).collect();
        tasks.extend((0..4).map(|_| runtime.spawn(Arc::clone(self).keep_asking_the_rate())));
        let mut threads: Vec<_> = (0..3).map(|_| self.thread(Self::ask_risk)).collect();
        threads.extend((0..2).map(|_| self.thread(Self::ask_balance)));
        Callers { tasks, threads }
    }

    async fn keep_charging(self: Arc<Self>) {
        while self.goes_on() {
            let (began, stage) = self.begin();
            let order = self.next_order();
            let crew = Arc::clone(&self);
            // A task of its own for each call: its panic ends that task, and comes out here.
            let charged = tokio::spawn(async move {
                match &crew.client {
                    Client::Protected(_) => protected::charge(&crew.gateway, order).await,
                    Client::Unprotected => client::charge(&crew.gateway, order).await,
                }
            });
            let answer = Answer::from_call(charged.await.map_err(JoinError::into_panic));
            self.finish(Done { call: Call::Charge, began, stage, answer });
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn keep_asking_the_rate(self: Arc<Self>) {
        while self.goes_on() {
            let (began, stage) = self.begin();
            let crew = Arc::clone(&self);
            let asked = tokio::spawn(async move {
                match &crew.client {
                    Client::Protected(_) => protected::exchange_rate(&crew.gateway).await,
                    Client::Unprotected => client::exchange_rate(&crew.gateway).await,
                }
            });
            let answer = Answer::from_call(asked.await.map_err(JoinError::into_panic));
            self.finish(Done { call: Call::ExchangeRate, began, stage, answer });
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn thread(self: &Arc<Self>, ask: impl Fn(&Self, u64) -> (Call, Answer) + Send + 'static) -> JoinHandle<()> {
        let crew = Arc::clone(self);
        thread::spawn(move || {
            for turn in 0.. {
                if !crew.goes_on() {
                    break;
                }
                let (began, stage) = crew.begin();
                let (call, answer) = ask(&crew, turn);
                crew.finish(Done { call, began, stage, answer });
                thread::sleep(PAUSE);
            }
        })
    }

    fn ask_risk(&self, _turn: u64) -> (Call, Answer) {
        let order = self.next_order();
        // Unwind safe: what the closure borrows is only read, or counts.
        let asked = catch_unwind(AssertUnwindSafe(|| match &self.client {
            Client::Protected(_) => protected::risk_score(&self.gateway, order),
            Client::Unprotected => client::risk_score(&self.gateway, order),
        }));
        (Call::RiskScore, Answer::from_call(asked))
    }

    fn ask_balance(&self, turn: u64) -> (Call, Answer) {
        let shop = match turn % 3 {
            0 => 11,
            1 => 12,
            _ => 13,
        };
        let asked = catch_unwind(AssertUnwindSafe(|| match &self.client {
            Client::Protected(_) => protected::shop_balance(&self.gateway, shop),
            Client::Unprotected => client::shop_balance(&self.gateway, shop),
        }));
        (Call::ShopBalance(shop), Answer::from_call(asked))
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    fn begin(&self) -> (Instant, usize) {
        (Instant::now(), self.schedule.stage())
    }

    fn next_order(&self) -> u64 {
        self.orders.fetch_add(1, Ordering::Relaxed)
    }

    fn finish(&self, done: Done) {
        if let Client::Protected(timeline) = &self.client {
            timeline.answered(done.call, &done.answer);
        }
        self.ledger.enter(done);
    }

    /// Lets everybody finish the call at hand and go home.
    pub(crate) fn stop(&self, callers: Callers, runtime: &Runtime) {
        self.stopped.store(true, Ordering::Relaxed);
        for task in callers.tasks {
            runtime.block_on(task).expect("a caller's assertion failed");
        }
        for thread in callers.threads {
            thread.join().expect("a caller's assertion failed");
        }
    }
}
