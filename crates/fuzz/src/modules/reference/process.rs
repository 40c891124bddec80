//! The reference as a process: asked for many modules, a line each, and started anew where it does not answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The most time that the reference may take for one module. A module that ran out of time in callgate is not sent to it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A program, started when it is first asked.
pub(super) struct Process {
    program: PathBuf,
    running: Option<Running>,
}

struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Process {
    pub(super) fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), running: None }
    }

    /// The answer to a line; `None` where it waits for ever, or panics.
    pub(super) fn ask(&mut self, line: &str) -> Result<Option<String>> {
        let running = match self.running.take() {
            Some(running) => running,
            None => Running::start(&self.program)?,
        };
        let running = self.running.insert(running);
        let asked = writeln!(running.questions, "{line}");
        let answer = asked.ok().and_then(|()| running.answers.recv_timeout(PATIENCE).ok());
        if answer.is_none() {
            self.running = None;
        }
        Ok(answer)
    }
}

impl Running {
    fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were asked for")
        };
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(answers).lines();
            // It ends with the process, or when nobody listens any more.
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Ok(Self { child, questions, answers: receiver })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
