//! The line to a broker: a process that callgate started, or a socket.
//!
//! Hazard: a broker that reads nothing, or answers nothing, keeps whoever writes or reads waiting for ever. So a thread of its own does both, and
//! the guest's thread waits for that one, as long as it wants to.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::connect;

/// Bytes of the longest answer.
const LONGEST: u64 = 4096;

/// The time that a broker has to end by itself, when it is asked nothing any more.
const GRACE: Duration = Duration::from_millis(100);

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A program to start, and its arguments. It is asked on its standard input, and answers on its standard output.
    Command(PathBuf, Vec<String>),
    /// A Unix socket that it listens at.
    Socket(PathBuf),
}

impl Peer {
    /// Reads `unix:PATH`, the path of a program, or a program and its arguments with spaces between them. No shell looks at it.
    ///
    /// # Errors
    /// In words, where it names nothing.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err("no path after `unix:`".to_owned())
            } else {
                Ok(Self::Socket(path.into()))
            };
        }
        if Path::new(text).is_file() {
            return Ok(Self::Command(text.into(), Vec::new()));
        }
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = words.next().ok_or("no program; write a command, or unix:PATH")?;
        Ok(Self::Command(program.into(), words.collect()))
    }

    /// The file that it is at, or is started from.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Command(path, _) | Self::Socket(path) => path,
        }
    }
}

impl fmt::Display for Peer {
    /// As it is [parsed](Peer::parse).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
            Self::Command(program, arguments) => {
                write!(f, "{}", program.display())?;
                arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
            }
        }
    }
}

/// The end of a broker's life, as far as that is ours to say.
pub(crate) trait Leash: Send {
    /// Sees to it that nobody waits for it any more.
    fn end(&mut self);
}

impl Leash for Child {
    fn end(&mut self) {
        // It may be gone already.
        self.kill().ok();
        self.wait().ok();
    }
}

/// Both directions of a line.
pub(crate) type Ends = (Box<dyn Write + Send>, Box<dyn Read + Send>);

pub(crate) struct Link {
    questions: Option<Sender<Vec<u8>>>,
    answers: Receiver<Result<Vec<u8>, String>>,
    leash: Box<dyn Leash>,
    failed: bool,
}

impl Link {
    /// Starts the broker, or connects to it.
    ///
    /// # Errors
    /// If there is none, or no thread can be had.
    pub(crate) fn open(peer: &Peer) -> io::Result<Self> {
        let ((to, from), leash): (Ends, Box<dyn Leash>) = match peer {
            Peer::Command(program, arguments) => start(program, arguments)?,
            Peer::Socket(path) => connect::connect(path)?,
        };
        let (questions, asked) = channel();
        let (answering, answers) = channel();
        // A link from here on, so that the broker is ended where no thread can be had.
        let link = Self { questions: Some(questions), answers, leash, failed: false };
        thread::Builder::new().name("broker".into()).spawn(move || serve(&asked, &answering, to, from))?;
        Ok(link)
    }

    /// The line that answers `question`; none where it takes longer than `time`. After an error nothing more can be asked.
    ///
    /// # Errors
    /// In words, where there is no answer.
    pub(crate) fn ask(&mut self, question: Vec<u8>, time: Duration) -> Result<Option<Vec<u8>>, String> {
        let gone = || "it is gone".to_owned();
        let asked = self.questions.as_ref().is_some_and(|questions| questions.send(question).is_ok());
        let answer = match self.answers.recv_timeout(time) {
            _ if !asked => Err(gone()),
            Ok(answer) => answer.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        };
        self.failed = !matches!(answer, Ok(Some(_)));
        answer
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.questions = None;
        // The thread goes on until the broker has closed its end.
        while !self.failed && self.answers.recv_timeout(GRACE).is_ok() {}
        self.leash.end();
    }
}

fn start(program: &Path, arguments: &[String]) -> io::Result<(Ends, Box<dyn Leash>)> {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let missing = || io::Error::other("its streams can't be had");
    let to = child.stdin.take().ok_or_else(missing)?;
    let from = child.stdout.take().ok_or_else(missing)?;
    Ok(((Box::new(to), Box::new(from)), Box::new(child)))
}

fn serve(
    questions: &Receiver<Vec<u8>>,
    answers: &Sender<Result<Vec<u8>, String>>,
    mut to: Box<dyn Write + Send>,
    from: Box<dyn Read + Send>,
) {
    let mut from = BufReader::new(from);
    for question in questions {
        let sent = to.write_all(&question).and_then(|()| to.flush());
        let answer = sent.map_err(|error| format!("it can't be asked: {error}")).and_then(|()| line(&mut from));
        let failed = answer.is_err();
        if answers.send(answer).is_err() || failed {
            return;
        }
    }
    drop(to);
    io::copy(&mut from, &mut io::sink()).ok();
}

/// One line, without its end.
fn line(from: &mut impl BufRead) -> Result<Vec<u8>, String> {
    let mut line = Vec::new();
    let read = from.take(LONGEST + 1).read_until(b'\n', &mut line);
    read.map_err(|error| format!("its answer can't be read: {error}"))?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        Some(_) if line.len() as u64 == LONGEST => Err(format!("it answered with a line of more than {LONGEST} bytes")),
        Some(_) => Err("it ended within an answer".to_owned()),
        None => Err("it has ended".to_owned()),
    }
}
