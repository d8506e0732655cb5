//! The global registry, installed with limits of its own. There is one in a process, so each test
//! runs in a process of its own.

use std::cell::RefCell;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use breaker_box::{InstallError, Key, ManualClock, Policy, Registry, RegistryBuilder, State, circuit_breaker};

const ONE: Policy = Policy::consecutive_failures(1);
const THREE: Policy = Policy::consecutive_failures(3);

/// Tells a process which test to run.
const VARIABLE: &str = "BREAKER_BOX_GLOBAL_TEST";

/// Runs the body of this test in a process of its own.
fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(VARIABLE).is_some() {
        return body();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([test, "--exact", "--nocapture"]).env(VARIABLE, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "no test `{test}`: {told}");
}

#[circuit_breaker(identifier = "site")]
fn site() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err("down".into())
}

#[circuit_breaker(identifier = "user:{id}")]
fn keyed(id: u32) -> Option<u32> {
    Some(id)
}

fn three() -> RegistryBuilder {
    Registry::builder().default_policy(THREE)
}

#[test]
fn an_installed_registry_is_the_one_that_sites_use() {
    alone("an_installed_registry_is_the_one_that_sites_use", || {
        let clock = ManualClock::new();
        let builder = three().clock(clock.clone()).max_circuits(4).overflow("others", ONE);
        let registry = builder.install_global().unwrap();
        assert!(std::ptr::eq(registry, Registry::global()));
        site().unwrap_err();
        assert_eq!(registry.status("site").unwrap().policy, THREE);
        for id in 0..100 {
            assert_eq!(keyed(id), Some(id));
        }
        assert_eq!(registry.len(), 4, "its limit holds");
        registry.open("site").unwrap();
        clock.advance(THREE.values().expiry);
        assert_eq!(registry.state("site"), State::HalfOpen, "its clock is the one of the circuits");
    });
}

#[test]
fn after_the_call_of_a_site_it_is_too_late() {
    alone("after_the_call_of_a_site_it_is_too_late", || {
        site().unwrap_err();
        let error = three().install_global().unwrap_err();
        assert_eq!(error, InstallError::InUse { circuit: Some(Key::new("site")) });
        assert_eq!(
            error.to_string(),
            "the global registry is in use already, without limits of its own (one of its circuits is `site`): call \
             `install_global` first in `main`, before any annotated function is called and before `Registry::global`"
        );
        assert_eq!(Registry::global().status("site").unwrap().policy, Policy::new(), "it is as it was");
    });
}

#[test]
fn after_a_look_at_the_global_registry_it_is_too_late() {
    alone("after_a_look_at_the_global_registry_it_is_too_late", || {
        assert!(Registry::global().is_empty());
        let error = three().install_global().unwrap_err();
        assert_eq!(error, InstallError::InUse { circuit: None });
        assert!(error.to_string().contains("limits of its own: call"), "{error}");
    });
}

#[test]
fn a_registry_is_installed_once() {
    alone("a_registry_is_installed_once", || {
        three().install_global().unwrap();
        site().unwrap_err();
        let error = Registry::builder().install_global().unwrap_err();
        assert_eq!(error, InstallError::AlreadyInstalled);
        assert_eq!(Registry::global().status("site").unwrap().policy, THREE);
    });
}

#[test]
fn what_cannot_be_built_is_not_installed() {
    alone("what_cannot_be_built_is_not_installed", || {
        let error = Registry::builder().max_circuits(0).install_global().unwrap_err();
        assert!(matches!(error, InstallError::Invalid(_)));
        assert!(error.to_string().contains("max_circuits"), "{error}");
        three().install_global().expect("nothing was installed, and nothing was used");
    });
}

#[test]
fn of_threads_that_install_and_use_it_one_wins_and_all_see_the_same() {
    alone("of_threads_that_install_and_use_it_one_wins_and_all_see_the_same", || {
        let barrier = Barrier::new(16);
        let installed: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|number| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        if number % 2 == 0 {
                            let _ = site();
                            return None;
                        }
                        Some(three().install_global())
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        let won = installed.iter().filter(|result| result.is_ok()).count();
        assert!(won <= 1);
        for result in installed {
            match result {
                Ok(registry) => assert!(std::ptr::eq(registry, Registry::global())),
                Err(error) => assert_eq!(error == InstallError::AlreadyInstalled, won == 1, "{error}"),
            }
        }
        let status = Registry::global().status("site").unwrap();
        assert_eq!(status.policy, if won == 1 { THREE } else { Policy::new() });
        assert_eq!(status.totals.failures + status.totals.rejected + status.totals.late, 8, "no call was lost");
    });
}

thread_local! {
    static LAST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
}

struct AtTheEnd;

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        three().install_global().unwrap();
        site().unwrap_err();
    }
}

#[test]
fn a_destructor_of_a_thread_local_can_install_it() {
    alone("a_destructor_of_a_thread_local_can_install_it", || {
        let ended = thread::spawn(|| LAST.set(Some(AtTheEnd))).join();
        ended.unwrap();
        assert_eq!(Registry::global().status("site").unwrap().policy, THREE);
    });
}
