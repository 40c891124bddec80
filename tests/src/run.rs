//! One run of a program: what it is given, how it is started, and its end within bounds.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::{Output, places};

/// No run comes near it, not even on a busy machine.
const BOUND: Duration = Duration::from_secs(1200);
/// Tells callgate to resolve paths itself, as on kernels without `openat2`.
const NO_OPENAT2: &str = "CALLGATE_NO_OPENAT2";
/// Where compiled code is kept; tests have a place of their own.
const CACHE: &str = "XDG_CACHE_HOME";

/// The two ways in which callgate resolves paths on Linux; every test of a guest is done both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The kernel does it.
    Kernel,
    /// The portable walker does it.
    Walker,
}

/// Does `test` for each way of resolving paths.
pub fn both(test: impl Fn(Host)) {
    test(Host::Kernel);
    if places::on_linux() {
        test(Host::Walker);
    }
}

impl Host {
    /// `callgate run … GUEST`.
    #[must_use]
    pub fn guest(self, name: &str) -> Run {
        self.program(&places::guest(name))
    }

    /// `callgate run … MODULE`: a guest, as a module of WASI preview1.
    #[must_use]
    pub fn module(self, name: &str) -> Run {
        self.program(&places::module(name))
    }

    /// `callgate run … PROGRAM`.
    #[must_use]
    pub fn program(self, path: &Path) -> Run {
        let mut run = callgate(&["run"]);
        run.program = Some(path.into());
        if self == Self::Walker {
            run.environment.push((NO_OPENAT2.into(), "1".into()));
        }
        run
    }
}

/// `callgate WORDS…`.
#[must_use]
pub fn callgate(words: &[&str]) -> Run {
    let mut command = places::callgate();
    command.extend(words.iter().map(OsString::from));
    Run::new(command)
}

/// A program of this machine, to compare with.
#[must_use]
pub fn native(program: &Path) -> Run {
    Run::new(vec![program.into()])
}

/// A program, and what it is given.
pub struct Run {
    /// The program on this machine and its first words; options are added to it.
    command: Vec<OsString>,
    /// The program in the sandbox.
    program: Option<OsString>,
    /// Its arguments.
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    input: Input,
    reader: Reader,
}

/// A run that has not ended, or at least was not waited for. Dropping it ends it.
pub struct Running {
    line: String,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    seen: Arc<Seen>,
    complained: Arc<Seen>,
    held: (Option<ChildStdin>, Option<ChildStdout>),
    lines: usize,
    errors: usize,
}

/// What stdout, or stderr, said so far.
#[derive(Default)]
struct Seen {
    text: Mutex<(Vec<u8>, bool)>,
    more: Condvar,
}

/// Who reads stdout.
enum Reader {
    /// Everything, to the end.
    Patient,
    /// So many bytes; then it closes its end.
    Head(usize),
    /// Nothing, and never closes its end.
    Asleep,
}

/// What comes on stdin.
enum Input {
    Bytes(Vec<u8>),
    /// Nothing, and no end either.
    Open,
}

impl Run {
    fn new(command: Vec<OsString>) -> Self {
        Self {
            command,
            program: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            input: Input::Bytes(Vec::new()),
            reader: Reader::Patient,
        }
    }

    /// Adds an option of callgate's.
    #[must_use]
    pub fn option(mut self, option: impl Into<OsString>) -> Self {
        self.command.push(option.into());
        self
    }

    /// Adds an option of callgate's and its value, as two words.
    #[must_use]
    pub fn with(self, option: &str, value: impl Into<OsString>) -> Self {
        self.option(option).option(value)
    }

    /// Mounts `host` at `guest`, writable.
    #[must_use]
    pub fn dir(self, host: &Path, guest: &str) -> Self {
        self.mount(host, &format!("::{guest}"))
    }

    /// Mounts `host` at `guest`, read-only.
    #[must_use]
    pub fn read_only(self, host: &Path, guest: &str) -> Self {
        self.mount(host, &format!("::{guest}::ro"))
    }

    fn mount(self, host: &Path, rest: &str) -> Self {
        let mut value = host.as_os_str().to_owned();
        value.push(rest);
        self.with("--dir", value)
    }

    /// Adds an argument of the program's.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments of the program's.
    #[must_use]
    pub fn args(self, arguments: &[&str]) -> Self {
        arguments.iter().fold(self, Self::arg)
    }

    /// Sets a variable of callgate's own environment.
    #[must_use]
    pub fn host_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts callgate in `directory`.
    #[must_use]
    pub fn inside(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_path_buf());
        self
    }

    /// Gives `bytes` on stdin; without this, stdin is empty.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Leaves stdin open, without a byte, until the run ends.
    #[must_use]
    pub fn open_stdin(mut self) -> Self {
        self.input = Input::Open;
        self
    }

    /// Closes stdout from this end after `bytes` have been read of it, as `head` does.
    #[must_use]
    pub fn head(mut self, bytes: usize) -> Self {
        self.reader = Reader::Head(bytes);
        self
    }

    /// Reads nothing of stdout before the run ends, so that the pipe fills up.
    #[must_use]
    pub fn unread(mut self) -> Self {
        self.reader = Reader::Asleep;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started, or does not end within the bound.
    #[must_use]
    pub fn run(self) -> Output {
        self.start().end()
    }

    /// Starts it, for a test that is the other end of something it does.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(self) -> Running {
        let (line, mut command) = self.command();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{line}\ncannot be started: {error}"));
        let stdin = child.stdin.take();
        let input = match self.input {
            Input::Bytes(bytes) => {
                thread::spawn(move || feed(stdin, &bytes));
                None
            }
            Input::Open => stdin,
        };
        let seen = Arc::new(Seen::default());
        let mut unread = None;
        let stdout = child.stdout.take().and_then(|pipe| match self.reader {
            Reader::Patient => Some(collect(pipe, u64::MAX, &seen)),
            Reader::Head(bytes) => Some(collect(pipe, bytes as u64, &seen)),
            Reader::Asleep => {
                unread = Some(pipe);
                None
            }
        });
        let complained = Arc::new(Seen::default());
        let stderr = child.stderr.take().map(|pipe| collect(pipe, u64::MAX, &complained));
        Running { line, child, stdout, stderr, seen, complained, held: (input, unread), lines: 0, errors: 0 }
    }

    fn command(&self) -> (String, Command) {
        let words: Vec<&OsString> = self.command.iter().chain(&self.program).chain(&self.arguments).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove(NO_OPENAT2).env(CACHE, places::cache());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut line = String::new();
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
            line += &format!("cd {} && ", directory.display());
        }
        for (name, value) in &self.environment {
            line += &format!("{}={} ", name.display(), value.display());
        }
        let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        (line + &words.join(" "), command)
    }
}

impl Seen {
    fn add(&self, bytes: &[u8], over: bool) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.0.extend_from_slice(bytes);
        text.1 = over;
        self.more.notify_all();
    }

    /// The line at `index`, once it is whole; `None` where the text ends before it, or it doesn't come within the bound.
    fn line(&self, index: usize) -> Option<String> {
        let line = |text: &(Vec<u8>, bool)| {
            let mut lines = text.0.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
            lines.nth(index).map(|line| String::from_utf8_lossy(line).trim_end().to_owned())
        };
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let wanting = |text: &mut (Vec<u8>, bool)| !text.1 && line(text).is_none();
        let (text, _) = self.more.wait_timeout_while(text, BOUND, wanting).unwrap_or_else(PoisonError::into_inner);
        line(&text)
    }
}

impl Running {
    /// The next line on stdout.
    ///
    /// # Panics
    /// When there is none, with what there was.
    #[track_caller]
    pub fn line(&mut self) -> String {
        self.lines += 1;
        if let Some(line) = self.seen.line(self.lines - 1) {
            return line;
        }
        let output = self.finish();
        panic!("there is no line {} on stdout\n{output}", self.lines);
    }

    /// The next line on stderr.
    ///
    /// # Panics
    /// When there is none, with what there was.
    #[track_caller]
    pub fn error_line(&mut self) -> String {
        self.errors += 1;
        if let Some(line) = self.complained.line(self.errors - 1) {
            return line;
        }
        let output = self.finish();
        panic!("there is no line {} on stderr\n{output}", self.errors);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within the bound.
    #[must_use]
    pub fn end(mut self) -> Output {
        self.finish()
    }

    fn finish(&mut self) -> Output {
        let code = wait(&mut self.child, &self.line);
        self.held = (None, None);
        let text = |reader: Option<JoinHandle<Vec<u8>>>| reader.and_then(|it| it.join().ok()).unwrap_or_default();
        let (stdout, stderr) = (text(self.stdout.take()), text(self.stderr.take()));
        Output { line: self.line.clone(), code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// As a shell would need it, near enough to be copied.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

/// A program that does not read all of its input is no failure of the test's.
fn feed(pipe: Option<ChildStdin>, bytes: &[u8]) {
    if let Some(mut pipe) = pipe {
        pipe.write_all(bytes).ok();
    }
}

/// Reads up to `most` bytes, and lets others see them as they come.
fn collect(mut pipe: impl Read + Send + 'static, most: u64, seen: &Arc<Seen>) -> JoinHandle<Vec<u8>> {
    let seen = Arc::clone(seen);
    thread::spawn(move || {
        let mut buffer = [0; 64 << 10];
        let (mut bytes, mut over) = (Vec::new(), false);
        while !over {
            let room = most.saturating_sub(bytes.len() as u64).min(buffer.len() as u64) as usize;
            let read = pipe.read(&mut buffer[..room]).unwrap_or(0);
            bytes.extend_from_slice(&buffer[..read]);
            over = read == 0;
            seen.add(&buffer[..read], over);
        }
        bytes
    })
}

/// The exit code; `None` for a signal.
fn wait(child: &mut Child, line: &str) -> Option<i32> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.code(),
            Ok(None) if start.elapsed() < BOUND => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                child.kill().ok();
                child.wait().ok();
                panic!("{line}\ndid not end within {BOUND:?}");
            }
            Err(error) => panic!("{line}\ncannot be waited for: {error}"),
        }
    }
}
