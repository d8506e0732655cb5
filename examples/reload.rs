//! Settings from a file that is watched: a change takes effect while calls run, state is kept, and
//! a wrong file changes nothing.
//!
//! The file may be written in place, replaced by a new one, or be a link into a Kubernetes
//! `ConfigMap`.
//!
//! Run it with `cargo run --example reload --features reload`.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
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
    let (_watcher, outcomes) = watch(registry, path.clone())?;
    println!("at start: {}", wait_for(&outcomes, |outcome| outcome.as_ref().ok().cloned())?);

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
    assert!(error.contains("breaker.toml:5: `circuits.payment_api.expirey` is not an option; did you mean `expiry`?"));
    assert_eq!(registry.status("payment_api")?.policy, after.policy, "a wrong file changes nothing");

    println!("in the end: {}", registry.status("payment_api")?);
    Ok(())
}

/// What a reload came to.
type Outcome = Result<Applied, String>;

/// Loads the file, and again whenever it has changed, until the watcher is dropped.
fn watch(registry: &Registry, path: PathBuf) -> notify::Result<(impl Watcher + use<>, Receiver<Outcome>)> {
    let (notify_of, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // To read the file is an event, too: one that must not lead to another reading.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // The receiver is gone when the program ends.
            let _ = notify_of.send(());
        }
    })?;
    // The folder is watched, not the file: editors and deployments put a new file in the place of
    // the old one. And any event in it counts, whatever its name: a `ConfigMap`'s file is a link
    // through `..data`, and that is what Kubernetes replaces.
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;

    let (sender, outcomes) = mpsc::channel();
    let registry = registry.clone();
    thread::spawn(move || follow(&registry, &path, &changes, &sender));
    Ok((watcher, outcomes))
}

/// Reloads when the text of the file is another one, for most events are about something else.
fn follow(registry: &Registry, path: &Path, changes: &Receiver<()>, outcomes: &Sender<Outcome>) {
    let mut loaded = None;
    loop {
        match fs::read_to_string(path) {
            // Between the old file and the new one there may be none: the next event is not far.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            text => {
                let text = text.map_err(|error| error.to_string());
                if loaded.as_ref() != Some(&text) {
                    let outcome = reload(registry, path).map_err(|error| error.to_string());
                    if outcomes.send(outcome).is_err() {
                        return;
                    }
                    loaded = Some(text);
                }
            }
        }
        if changes.recv().is_err() {
            return;
        }
    }
}

fn reload(registry: &Registry, path: &Path) -> Result<Applied, Box<dyn Error>> {
    // Everything is checked before anything is changed.
    Ok(registry.apply(&Settings::from_file(path)?)?)
}

/// Puts a new file in the place of the old one, so that nobody reads half of it.
fn save(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

/// The first outcome that `pick` takes; the system may report one change more than once.
fn wait_for<T>(outcomes: &Receiver<Outcome>, pick: impl Fn(&Outcome) -> Option<T>) -> Result<T, Box<dyn Error>> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if let Some(picked) = pick(&outcomes.recv_timeout(left)?) {
            return Ok(picked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watched file, and what is known of it.
    struct Watched {
        registry: Registry,
        path: PathBuf,
        outcomes: Receiver<Outcome>,
        _watcher: Box<dyn std::any::Any>,
    }

    impl Watched {
        fn new(path: PathBuf) -> Self {
            let registry = Registry::new();
            let (watcher, outcomes) = watch(&registry, path.clone()).unwrap();
            Self { registry, path, outcomes, _watcher: Box::new(watcher) }
        }

        /// Whether it is loaded, at first or by and by.
        fn comes_to(&self, threshold: u32) -> bool {
            let wanted = Policy::consecutive_failures(threshold);
            wait_for(&self.outcomes, |_| {
                self.registry.status("payment_api").is_ok_and(|status| status.policy == wanted).then_some(())
            })
            .is_ok()
        }
    }

    fn with_threshold(threshold: u32) -> String {
        format!("[circuits.payment_api]\nfailure_threshold = {threshold}\n")
    }

    #[test]
    fn a_file_that_is_replaced_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breaker.toml");
        save(&path, &with_threshold(2)).unwrap();
        let watched = Watched::new(path);
        assert!(watched.comes_to(2));
        save(&watched.path, &with_threshold(3)).unwrap();
        assert!(watched.comes_to(3));
    }

    #[test]
    fn a_file_that_is_written_in_place_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breaker.toml");
        fs::write(&path, with_threshold(2)).unwrap();
        let watched = Watched::new(path);
        assert!(watched.comes_to(2));
        fs::write(&watched.path, with_threshold(3)).unwrap();
        assert!(watched.comes_to(3));
    }

    #[test]
    fn a_file_that_comes_later_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let watched = Watched::new(folder.path().join("breaker.toml"));
        save(&watched.path, &with_threshold(2)).unwrap();
        assert!(watched.comes_to(2));
    }

    /// Kubernetes mounts `breaker.toml -> ..data/breaker.toml` and `..data -> ..1`. For an update
    /// it writes the folder `..2`, renames a new link over `..data`, and removes `..1`: nothing
    /// ever happens to `breaker.toml` itself.
    #[cfg(unix)]
    #[test]
    fn the_swapped_link_of_a_config_map_is_loaded() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let mount = |name: &str| folder.path().join(name);
        let swap = |version: &str, threshold| {
            fs::create_dir(mount(version)).unwrap();
            fs::write(mount(version).join("breaker.toml"), with_threshold(threshold)).unwrap();
            symlink(version, mount("..data_tmp")).unwrap();
            fs::rename(mount("..data_tmp"), mount("..data")).unwrap();
        };
        swap("..1", 2);
        symlink("..data/breaker.toml", mount("breaker.toml")).unwrap();
        let watched = Watched::new(mount("breaker.toml"));
        assert!(watched.comes_to(2));

        swap("..2", 3);
        fs::remove_dir_all(mount("..1")).unwrap();
        assert!(watched.comes_to(3));
        swap("..3", 4);
        fs::remove_dir_all(mount("..2")).unwrap();
        assert!(watched.comes_to(4));
    }
}
