//! The instances, seen from outside: processes with pipes.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::timeline::Timeline;

/// How long something may take that should happen at once, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Instance {
    pub(crate) name: String,
    process: Child,
    commands: ChildStdin,
    /// Answers to commands.
    answers: Receiver<String>,
    seen: Arc<Seen>,
}

/// The last state that the instance reported.
#[derive(Default)]
struct Seen {
    state: Mutex<String>,
    changed: Condvar,
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Starts a process, which joins the fleet of this store if there is one. `told` says whether
    /// its changes of state appear in the timeline.
    pub(crate) fn start(
        name: &str,
        service: &str,
        store: Option<&str>,
        timeline: Option<&Timeline>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["instance", name, service])
            .args(store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let commands = process.stdin.take().ok_or("no pipe to the instance")?;
        let lines = BufReader::new(process.stdout.take().ok_or("no pipe from the instance")?).lines();
        let (sender, answers) = mpsc::channel();
        let seen = Arc::<Seen>::default();
        "closed".clone_into(&mut seen.lock());
        thread::spawn({
            let (seen, name, timeline) = (Arc::clone(&seen), name.to_owned(), timeline.cloned());
            move || {
                for line in lines.map_while(Result::ok) {
                    let Some(change) = line.strip_prefix("state ") else {
                        // The other end is gone when the example is over.
                        let _ = sender.send(line);
                        continue;
                    };
                    let (state, cause) = change.split_once(' ').unwrap_or((change, ""));
                    if let Some(timeline) = &timeline {
                        timeline.say(format!("{name}: {} ({})", state.replace('_', " "), cause.replace('_', " ")));
                    }
                    state.clone_into(&mut seen.lock());
                    seen.changed.notify_all();
                }
            }
        });
        let instance = Self { name: name.to_owned(), process, commands, answers, seen };
        instance.answer("started")?;
        Ok(instance)
    }

    pub(crate) fn tell(&mut self, command: &str) -> Result<(), Box<dyn Error>> {
        Ok(writeln!(self.commands, "{command}")?)
    }

    /// The rest of the answer to a command that is answered.
    pub(crate) fn ask(&mut self, command: &str, prefix: &str) -> Result<String, Box<dyn Error>> {
        self.tell(command)?;
        self.answer(prefix)
    }

    fn answer(&self, prefix: &str) -> Result<String, Box<dyn Error>> {
        let line = self.answers.recv_timeout(PATIENCE).map_err(|_| format!("{} does not answer", self.name))?;
        let rest = line.strip_prefix(prefix).ok_or_else(|| format!("{} answered {line:?}", self.name))?;
        Ok(rest.trim().to_owned())
    }

    /// Waits until the circuit is in this state.
    pub(crate) fn wait_for(&self, state: &str) -> Result<(), Box<dyn Error>> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.lock();
        while *seen != state {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("{} is {seen} and not {state}", self.name).into());
            }
            seen = self.seen.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It ends by itself if it can; an error means that it has ended.
        let _ = self.tell("quit");
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until each of them is in this state.
pub(crate) fn wait_for_all(instances: &[Instance], state: &str) -> Result<(), Box<dyn Error>> {
    instances.iter().try_for_each(|instance| instance.wait_for(state))
}

/// Waits until each of them sees so many instances; `unknown` while Redis is away.
pub(crate) fn wait_until_seen(instances: &mut [Instance], number: &str) -> Result<(), Box<dyn Error>> {
    let deadline = Instant::now() + 2 * PATIENCE;
    for instance in instances {
        loop {
            let seen = instance.ask("instances", "instances")?;
            if seen == number {
                break;
            }
            if Instant::now() > deadline {
                return Err(format!("{} sees {seen} instances and not {number}", instance.name).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}
