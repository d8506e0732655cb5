//! In a forked child the fleet does not exist: its circuits follow local rules, and nothing blocks.

#[cfg(unix)]
fn main() {
    use std::time::{Duration, Instant};

    use breaker_box::{Policy, Registry, State};
    use breaker_box_redis::Fleet;

    let registry = Registry::new();
    let breaker = registry.register("api", Policy::consecutive_failures(1)).expect("a valid policy");
    let joined = Fleet::builder("redis://127.0.0.1:1").adopt_within(Duration::ZERO).join(&registry);
    let fleet = joined.expect("joins without a server");
    match fork::fork().expect("a child") {
        fork::Fork::Child => {
            let begun = Instant::now();
            breaker.record_failure("down");
            assert_eq!(breaker.state(), State::Open);
            registry.get_or_register("another", Policy::new()).expect("a valid policy").force_open();
            assert!(!fleet.status().connected);
            assert!(fleet.settled(Duration::from_secs(60)).is_err());
            drop(fleet);
            std::process::exit(i32::from(begun.elapsed() > Duration::from_secs(10)));
        }
        fork::Fork::Parent(child) => {
            let status = fork::waitpid(child).expect("the child ends");
            assert!(fork::WIFEXITED(status) && fork::WEXITSTATUS(status) == 0, "{status}");
            drop(fleet);
        }
    }
}

#[cfg(not(unix))]
fn main() {}
