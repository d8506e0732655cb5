//! One breaker from the outside: every row of the tables *The breaker* and *The state machine*.

#[path = "../support/mod.rs"]
mod support;

mod cancellation;
mod cancelled_slow;
mod closed;
mod concurrency;
mod configure;
mod debounce;
mod errors;
mod half_open;
mod hung;
mod hung_configured;
mod hung_probes;
mod late;
mod manual;
mod nested;
mod nested_later;
mod open;
mod panics;
mod permits;
mod probe_times;
mod ramp_up;
mod records;
mod references;
mod status;
mod time;
mod too_slow;
mod totals;
mod traits;
mod trips;
