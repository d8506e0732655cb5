//! A million keyed circuits: making, looking up, listing, evicting; and many threads on thousands.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use breaker_box::{ManualClock, Policy, Registry};

use crate::case::threads_in_words;
use crate::guarded_function::{GuardedFunction as _, Succeeds};
use crate::many_circuits;
use crate::measure::per_call;

const CIRCUITS: u64 = 1_000_000;
const IDLE_AFTER: Duration = Duration::from_hours(1);

/// All of it, in words. Writing to a string cannot fail.
pub(crate) fn report() -> String {
    let mut text = String::new();
    let clock = ManualClock::new();
    let registry =
        Registry::builder().idle_after(IDLE_AFTER).clock(clock.clone()).default_policy(Policy::new()).build();
    let registry = registry.expect("a valid registry");
    make(&registry, &mut text);
    look_up(&registry, &mut text);
    list(&registry, &mut text);
    sweep(&registry, &clock, &mut text);
    drop(registry);
    many_circuits::report(&mut text);
    text
}

fn make(registry: &Registry, text: &mut String) {
    let began = Instant::now();
    let counted = measure(|| {
        for id in 0..CIRCUITS {
            call(registry, id);
        }
    });
    let took = began.elapsed();
    #[allow(clippy::cast_precision_loss)] // A million times a few hundred bytes.
    let each = counted.bytes_current as f64 / CIRCUITS as f64;
    let _ = writeln!(
        text,
        "created by their first call: {} circuits in {:.2} s ({:.0} ns each, counted allocations included), {each:.0} bytes each with key \
         and registry entry, {:.0} MB in all",
        registry.len(),
        took.as_secs_f64(),
        per_call(took, CIRCUITS),
        each,
    );
}

fn look_up(registry: &Registry, text: &mut String) {
    for threads in [1, 2] {
        let stop = AtomicBool::new(false);
        let (calls, longest, took) = thread::scope(|scope| {
            let stop = &stop;
            let workers: Vec<_> =
                (0..threads).map(|seed| scope.spawn(move || call_until(registry, seed, stop))).collect();
            let began = Instant::now();
            thread::sleep(Duration::from_secs(2));
            // Relaxed, here and below: a flag to stop at; the threads are joined before anything
            // else is read.
            stop.store(true, Ordering::Relaxed);
            let (mut calls, mut longest) = (0, Duration::ZERO);
            for worker in workers {
                let (more, pause) = worker.join().expect("a worker that does not panic");
                calls += more;
                longest = longest.max(pause);
            }
            (calls, longest, began.elapsed() * u32::try_from(threads).unwrap_or(1))
        });
        let _ = writeln!(
            text,
            "calls by a random name, each timed, {}: {:.0} ns each, the longest took {:.2} ms",
            threads_in_words(threads),
            per_call(took, calls),
            longest.as_secs_f64() * 1e3,
        );
    }
}

fn list(registry: &Registry, text: &mut String) {
    let began = Instant::now();
    let listed = registry.list();
    let took = began.elapsed();
    let _ = writeln!(text, "list(): {} statuses in {:.2} s", listed.len(), took.as_secs_f64());
    drop(listed);
}

/// Evicts one half while the other half is called.
fn sweep(registry: &Registry, clock: &ManualClock, text: &mut String) {
    clock.advance(IDLE_AFTER);
    // Called just now: these stay.
    for id in (0..CIRCUITS).step_by(2) {
        call(registry, id);
    }
    let stop = AtomicBool::new(false);
    let (took, (calls, quiet)) = thread::scope(|scope| {
        let caller = scope.spawn(|| call_until(registry, 7, &stop));
        let began = Instant::now();
        registry.sweep();
        let took = began.elapsed();
        // Relaxed: as above.
        stop.store(true, Ordering::Relaxed);
        (took, caller.join().expect("the caller"))
    });
    let _ = writeln!(
        text,
        "a sweep that evicted half of them: {:.2} s, {} circuits left; {calls} calls were made meanwhile, the longest took {:.2} ms",
        took.as_secs_f64(),
        registry.len(),
        quiet.as_secs_f64() * 1e3,
    );
}

/// Calls circuits of even number until told to stop: how many, and how long the longest call took.
fn call_until(registry: &Registry, seed: u64, stop: &AtomicBool) -> (u64, Duration) {
    let (mut calls, mut longest) = (0, Duration::ZERO);
    // Relaxed: as above.
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..64 {
            calls += 1;
            let drawn = (calls + seed * 1_000_003).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            let began = Instant::now();
            call(registry, ((drawn * CIRCUITS) >> 32) & !1);
            longest = longest.max(began.elapsed());
        }
    }
    (calls, longest)
}

fn call(registry: &Registry, id: u64) {
    // The attribute formats names on the stack; this says the same in a form that takes any
    // registry.
    let mut name = [b'0'; 12];
    name[..5].copy_from_slice(b"shop:");
    let mut rest = id;
    for digit in name[5..].iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    let name = std::str::from_utf8(&name).expect("digits");
    let _ = registry.call(name, || Succeeds::call(id));
}
