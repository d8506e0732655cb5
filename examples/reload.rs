//! Settings from a file that is watched: a change takes effect while calls run, state is kept, and a wrong file changes nothing.
//!
//! Run it with `cargo run --example reload --features reload`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{Applied, CircuitOpenError, Policy, Registry, Settings, State, circuit_breaker};
use notify::{RecursiveMode, Watcher};

const FIRST: &str = r#"
[defaults]
expiry = "1h"

[circuits.payment_api]
failure_threshold = 1000

[circuits.ledger]
failure_threshold = 1
"#;

/// Other thresholds, and one circuit more.
const SECOND: &str = r#"
[defaults]
expiry = "1h"

[circuits.payment_api]
failure_rate = 0.5
window = 100

[circuits.ledger]
failure_threshold = 3

[circuits.search]
"#;

const WRONG: &str = r#"
[circuits.payment_api]
failure_rate = 50
window = 100
expirey = "10s"
"#;

#[derive(Debug, thiserror::Error)]
enum PaymentError {
    #[error("declined")]
    Declined,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

#[circuit_breaker(identifier = "payment_api")]
fn pay(cents: u32) -> Result<u32, PaymentError> {
    if cents % 10 == 0 { Err(PaymentError::Declined) } else { Ok(cents) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::global();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("breaker.toml");

    save(&path, FIRST)?;
    println!("at start: {}", registry.apply(&Settings::from_file(&path)?)?);
    let (_watcher, outcomes) = watch(path.clone())?;

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for cents in (1..).take_while(|_| !over.load(Ordering::Relaxed)) {
                    // One call in ten fails: too few to open under either policy.
                    let _ = pay(cents);
                    thread::sleep(Duration::from_micros(50));
                }
            });
        }
        let shown = show(&path, &outcomes);
        over.store(true, Ordering::Relaxed);
        shown
    })
}

fn show(path: &Path, outcomes: &Receiver<Outcome>) -> Result<(), Box<dyn Error>> {
    let registry = Registry::global();
    registry.record_failure("ledger", "disk full")?;
    assert_eq!(registry.state("ledger"), State::Open);
    let before = registry.status("payment_api")?.totals;

    save(path, SECOND)?;
    let applied =
        wait_for(outcomes, |outcome| outcome.as_ref().ok().filter(|applied| !applied.registered.is_empty()).cloned())?;
    println!("changed:  {applied}");
    assert_eq!((applied.registered.len(), applied.configured.len()), (1, 2));
    let ledger = registry.status("ledger")?;
    assert_eq!(ledger.policy, Policy::consecutive_failures(3).expiry(Duration::from_secs(3_600)));
    assert_eq!(ledger.state, State::Open, "it stays open, though three failures are asked for now");
    let after = registry.status("payment_api")?;
    assert_eq!(after.state, State::Closed);
    assert!(after.totals.successes >= before.successes, "totals go on");

    save(path, WRONG)?;
    let error = wait_for(outcomes, |outcome| outcome.as_ref().err().cloned())?;
    println!("refused:\n{error}");
    assert!(
        error.contains("breaker.toml:3: `circuits.payment_api.failure_rate` must be above 0 and at most 1, not 50")
    );
    assert!(error.contains("breaker.toml:5: `circuits.payment_api.expirey` is no option; did you mean `expiry`?"));
    assert_eq!(registry.status("payment_api")?.policy, after.policy, "a wrong file changes nothing");

    println!("in the end: {}", registry.status("payment_api")?);
    Ok(())
}

/// What a reload came to.
type Outcome = Result<Applied, String>;

/// Reloads whenever the file changes, until the watcher is dropped.
fn watch(path: PathBuf) -> notify::Result<(impl Watcher, Receiver<Outcome>)> {
    let (sender, outcomes) = mpsc::channel();
    // The folder is watched, not the file: editors and deployments put a new file in the place of the old one.
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // That a file was opened is an event, too: to react to it by reading the file would never end.
        let changed = |event: &notify::Event| event.kind.is_modify() || event.kind.is_create();
        let ours = |event: &notify::Event| event.paths.iter().any(|changed| changed.file_name() == path.file_name());
        if event.is_ok_and(|event| changed(&event) && ours(&event)) {
            // The receiver may be gone when the program ends.
            let _ = sender.send(reload(&path).map_err(|error| error.to_string()));
        }
    })?;
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok((watcher, outcomes))
}

fn reload(path: &Path) -> Result<Applied, Box<dyn Error>> {
    // Everything is checked before anything is changed.
    Ok(Registry::global().apply(&Settings::from_file(path)?)?)
}

/// Puts a new file in the place of the old one, so that nobody reads half of it.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

/// The first outcome that `pick` takes; the system may report one change more than once.
fn wait_for<T>(outcomes: &Receiver<Outcome>, pick: impl Fn(&Outcome) -> Option<T>) -> Result<T, Box<dyn Error>> {
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if let Some(picked) = pick(&outcomes.recv_timeout(left)?) {
            return Ok(picked);
        }
    }
}
