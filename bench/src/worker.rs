//! A process of one build that measures what another process asks for, line by line.

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::measure::{Batch, batch};
use crate::subjects;

/// The process, as the other one sees it. It ends when this is dropped.
pub(crate) struct Worker {
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    process: Child,
}

impl Worker {
    pub(crate) fn new(program: &Path) -> io::Result<Self> {
        Self::start(Command::new(program))
    }

    /// Starts it by a command to which only its argument is added.
    pub(crate) fn start(mut program: Command) -> io::Result<Self> {
        let mut process = program.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("a process without pipes"));
        };
        Ok(Self { questions: Some(questions), answers: BufReader::new(answers), process })
    }

    /// A batch on a fresh subject of the case of this index.
    pub(crate) fn batch(&mut self, case: usize, threads: usize, length: Duration) -> Result<Batch, Box<dyn Error>> {
        let questions = self.questions.as_mut().ok_or("the worker has been stopped")?;
        writeln!(questions, "{case} {threads} {}", length.as_micros())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let (nanoseconds, disturbed) = answer.trim().split_once(' ').ok_or("the worker gave no answer")?;
        Ok(Batch { nanoseconds: nanoseconds.parse()?, disturbed: disturbed.parse()? })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The process ends with its input.
        self.questions = None;
        let _ = self.process.wait();
    }
}

/// What the process does.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let cases = subjects::all();
    for question in io::stdin().lines() {
        let numbers: Vec<u64> = question?.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [case, threads, microseconds] = numbers[..] else { return Err("not a question".into()) };
        let case = cases.get(usize::try_from(case)?).ok_or("no such case")?;
        let found = batch(&*(case.make)(), usize::try_from(threads)?, Duration::from_micros(microseconds));
        println!("{} {}", found.nanoseconds, found.disturbed);
    }
    Ok(())
}
