//! Processes that were forked from one parent do not probe at the same instant: each has a jitter
//! of its own.

#[cfg(unix)]
fn main() {
    use std::collections::BTreeSet;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use breaker_box::{CircuitBreaker, Policy};

    /// How long a circuit of the same name stays open here, in thousands of seconds: the clock
    /// runs.
    fn wait() -> u64 {
        let policy = Policy::new().expiry(Duration::from_secs(1_000_000)).jitter(1.0);
        let breaker = CircuitBreaker::new("forked", policy).expect("a valid policy");
        breaker.open();
        breaker.status().retry_after.expect("open").as_secs() / 1_000
    }

    // Whatever a process draws once, the parent has drawn before it forks.
    let mut waits = BTreeSet::from([wait()]);
    for _ in 0..8 {
        let (mut reader, mut writer) = UnixStream::pair().expect("a pair of sockets");
        match fork::fork().expect("a child") {
            fork::Fork::Child => {
                let told = writer.write_all(&wait().to_be_bytes());
                std::process::exit(i32::from(told.is_err()));
            }
            fork::Fork::Parent(child) => {
                drop(writer);
                let mut told = [0; 8];
                reader.read_exact(&mut told).expect("the child tells its wait");
                waits.insert(u64::from_be_bytes(told));
                fork::waitpid(child).expect("the child ends");
            }
        }
    }
    // Of two thousand such, two of nine are now and then the same, five never.
    assert!(waits.len() > 4, "forked processes share their jitter: {waits:?}");
}

#[cfg(not(unix))]
fn main() {}
