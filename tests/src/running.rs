//! A run under way: its lines as they come, and its end within bounds.

use std::io::{Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Output;
use crate::image::Image;
use crate::platform;
use crate::run::{Input, Reader};

/// No run comes near it, not even on a busy machine.
pub(crate) const BOUND: Duration = Duration::from_secs(1200);

/// A run that has not ended, or at least was not waited for. Dropping it ends it.
pub struct Running {
    line: String,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    seen: Arc<Seen>,
    complained: Arc<Seen>,
    held: (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>),
    image: Option<Image>,
    lines: usize,
    errors: usize,
}

/// The output on stdout, or stderr, so far.
#[derive(Default)]
struct Seen {
    text: Mutex<(Vec<u8>, bool)>,
    more: Condvar,
}

impl Running {
    /// Starts `command`, which `line` shows.
    pub(crate) fn start(
        line: String,
        mut command: Command,
        input: Input,
        (reader, complaints): (Reader, Reader),
        image: Option<Image>,
    ) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{line}\ncannot be started: {error}"));
        let stdin = child.stdin.take();
        let input = match input {
            Input::Bytes(bytes) => {
                thread::spawn(move || feed(stdin, &bytes));
                None
            }
            Input::Open => stdin,
        };
        let (seen, complained) = (Arc::new(Seen::default()), Arc::new(Seen::default()));
        let (stdout, unread) = reader.read(child.stdout.take(), &seen);
        let (stderr, unheard) = complaints.read(child.stderr.take(), &complained);
        let held = (input, unread, unheard);
        Self { line, child, stdout, stderr, seen, complained, held, image, lines: 0, errors: 0 }
    }

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

    /// The most memory of this machine that it had so far, in bytes; `None` where the system does not say.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within the bound.
    #[must_use]
    pub fn end(mut self) -> Output {
        self.finish()
    }

    /// Writes a line to the input that was left open.
    ///
    /// # Panics
    /// When there is no such input, or nobody reads it.
    pub fn send(&mut self, line: &str) {
        let input = self.held.0.as_mut().expect("an input that was left open");
        input.write_all(format!("{line}\n").as_bytes()).expect("the program reads its input");
    }

    /// Ends the input that was left open.
    pub fn end_input(&mut self) {
        self.held.0 = None;
    }

    /// Asks it to end, as the system does when it goes down.
    ///
    /// # Panics
    /// Where it can't be asked: a test that does this [needs](crate::needs::Signals) signals.
    pub fn terminate(&self) {
        platform::terminate(self.child.id());
    }

    /// Ends it as nothing else can: nobody is asked.
    ///
    /// # Panics
    /// When it can't be ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is a child of ours");
    }

    fn finish(&mut self) -> Output {
        let code = wait(&mut self.child, &self.line);
        self.held = (None, None, None);
        let text = |reader: Option<JoinHandle<Vec<u8>>>| reader.and_then(|it| it.join().ok()).unwrap_or_default();
        let (stdout, stderr) = (text(self.stdout.take()), text(self.stderr.take()));
        if let Some(image) = &self.image {
            image.unpack();
        }
        Output { line: self.line.clone(), code, stdout, stderr }
    }
}

impl Reader {
    /// Begins to read `pipe`; where nobody does, that is returned, to be held.
    fn read<P: Read + Send + 'static>(
        self,
        pipe: Option<P>,
        seen: &Arc<Seen>,
    ) -> (Option<JoinHandle<Vec<u8>>>, Option<P>) {
        match (self, pipe) {
            (Self::Patient, Some(pipe)) => (Some(collect(pipe, u64::MAX, seen)), None),
            (Self::Head(bytes), Some(pipe)) => (Some(collect(pipe, bytes as u64, seen)), None),
            (_, pipe) => (None, pipe),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
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
pub(crate) fn wait(child: &mut Child, line: &str) -> Option<i32> {
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
