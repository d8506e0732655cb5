//! Signals to other processes, and a clock that all processes of a machine share.

use std::time::Duration;

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use rustix::time::{ClockId, clock_gettime};

/// Sends a signal. A process that has ended is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    let _ = kill_process(pid, signal);
}

/// How long ago an instant was.
pub(crate) fn since(instant: Duration) -> Duration {
    now().saturating_sub(instant)
}

/// The time since the machine was started, the same in every process.
pub(crate) fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).expect("time since the start");
    Duration::new(seconds, u32::try_from(time.tv_nsec).expect("less than a second"))
}
