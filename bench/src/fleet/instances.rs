//! The instances, seen from outside.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

pub(crate) struct Instances {
    processes: Vec<(Child, ChildStdin)>,
    lines: Receiver<(usize, String)>,
}

impl Instances {
    pub(crate) fn start(number: usize, url: &str, prefix: &str) -> Result<Self, Box<dyn Error>> {
        let (sender, lines) = mpsc::channel();
        let mut processes = Vec::new();
        for index in 0..number {
            let mut process = Command::new(env::current_exe()?)
                .args(["fleet-instance", url, prefix])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let input = process.stdin.take().ok_or("no pipe to the instance")?;
            let output = BufReader::new(process.stdout.take().ok_or("no pipe from the instance")?);
            let sender = sender.clone();
            thread::spawn(move || {
                let sent = output.lines().map_while(Result::ok).all(|line| sender.send((index, line)).is_ok());
                // Not sent when the report is over.
                let _ = sent;
            });
            processes.push((process, input));
        }
        let instances = Self { processes, lines };
        instances.wait_for("started", number)?;
        Ok(instances)
    }

    pub(crate) fn len(&self) -> usize {
        self.processes.len()
    }

    pub(crate) fn tell(&mut self, index: usize, command: &str) -> Result<(), Box<dyn Error>> {
        Ok(writeln!(self.processes[index].1, "{command}")?)
    }

    /// When so many instances said this, in microseconds; other lines are dropped.
    pub(crate) fn wait_for(&self, word: &str, number: usize) -> Result<Vec<(usize, u64)>, Box<dyn Error>> {
        let mut found = Vec::new();
        while found.len() < number {
            let (index, line) = self.lines.recv_timeout(Duration::from_secs(30))?;
            if let Some(at) = line.strip_prefix(word) {
                found.push((index, at.trim().parse()?));
            }
        }
        Ok(found)
    }
}

impl Drop for Instances {
    fn drop(&mut self) {
        for (process, _) in &mut self.processes {
            // An error means that it has ended.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
