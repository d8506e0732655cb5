//! Callers: tasks and threads that call again and again, as customers do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::{self, JoinError};

use crate::answer::{Answer, Call};
use crate::call_log::{CallLog, FinishedCall};
use crate::client::{self, Gateway};
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
pub(crate) struct Callers {
    pub(crate) gateway: Gateway,
    pub(crate) log: CallLog,
    client: Client,
    schedule: Schedule,
    orders: AtomicU64,
    stopped: AtomicBool,
}

/// The running tasks and threads.
#[derive(Debug)]
pub(crate) struct RunningCallers {
    tasks: Vec<task::JoinHandle<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Callers {
    pub(crate) fn new(gateway: Gateway, client: Client, schedule: Schedule) -> Arc<Self> {
        Arc::new(Self {
            gateway,
            log: CallLog::new(schedule),
            client,
            schedule,
            orders: AtomicU64::new(1),
            stopped: AtomicBool::new(false),
        })
    }

    /// Seven tasks and five threads.
    pub(crate) fn call(self: &Arc<Self>, runtime: &Runtime) -> RunningCallers {
        let mut tasks: Vec<_> = (0..3).map(|_| runtime.spawn(Arc::clone(self).keep_charging())).collect();
        tasks.extend((0..4).map(|_| runtime.spawn(Arc::clone(self).keep_asking_the_rate())));
        let mut threads: Vec<_> = (0..3).map(|_| self.thread(Self::ask_risk)).collect();
        threads.extend((0..2).map(|_| self.thread(Self::ask_balance)));
        RunningCallers { tasks, threads }
    }

    async fn keep_charging(self: Arc<Self>) {
        while self.is_running() {
            let (began, stage) = self.begin();
            let order = self.next_order();
            let callers = Arc::clone(&self);
            // Each call is a task of its own: a panic ends that task and is its result.
            let charged = tokio::spawn(async move {
                match &callers.client {
                    Client::Protected(_) => protected::charge(&callers.gateway, order).await,
                    Client::Unprotected => client::charge(&callers.gateway, order).await,
                }
            });
            let answer = Answer::from_call(charged.await.map_err(JoinError::into_panic));
            self.finish(FinishedCall { call: Call::Charge, began, stage, answer });
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn keep_asking_the_rate(self: Arc<Self>) {
        while self.is_running() {
            let (began, stage) = self.begin();
            let callers = Arc::clone(&self);
            let asked = tokio::spawn(async move {
                match &callers.client {
                    Client::Protected(_) => protected::exchange_rate(&callers.gateway).await,
                    Client::Unprotected => client::exchange_rate(&callers.gateway).await,
                }
            });
            let answer = Answer::from_call(asked.await.map_err(JoinError::into_panic));
            self.finish(FinishedCall { call: Call::ExchangeRate, began, stage, answer });
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn thread(self: &Arc<Self>, ask: impl Fn(&Self, u64) -> (Call, Answer) + Send + 'static) -> JoinHandle<()> {
        let callers = Arc::clone(self);
        thread::spawn(move || {
            for turn in 0.. {
                if !callers.is_running() {
                    break;
                }
                let (began, stage) = callers.begin();
                let (call, answer) = ask(&callers, turn);
                callers.finish(FinishedCall { call, began, stage, answer });
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

    fn is_running(&self) -> bool {
        // Relaxed: a caller may make one more call.
        !self.stopped.load(Ordering::Relaxed)
    }

    fn begin(&self) -> (Instant, usize) {
        (Instant::now(), self.schedule.stage())
    }

    fn next_order(&self) -> u64 {
        // Relaxed: only each number has to be different.
        self.orders.fetch_add(1, Ordering::Relaxed)
    }

    fn finish(&self, done: FinishedCall) {
        if let Client::Protected(timeline) = &self.client {
            timeline.answered(done.call, &done.answer);
        }
        self.log.record(done);
    }

    /// Stops all callers after their current calls.
    pub(crate) fn stop(&self, callers: RunningCallers, runtime: &Runtime) {
        // Relaxed: see `is_running`.
        self.stopped.store(true, Ordering::Relaxed);
        for task in callers.tasks {
            runtime.block_on(task).expect("a caller's assertion failed");
        }
        for thread in callers.threads {
            thread.join().expect("a caller's assertion failed");
        }
    }
}
