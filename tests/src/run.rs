//! One run of a program: what it is given. What becomes of it is in `running.rs`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Output, Running, places};

/// Tells callgate to resolve paths itself, as on kernels without `openat2`.
const NO_OPENAT2: &str = "CALLGATE_NO_OPENAT2";
/// Names a backend to run all guests on, instead of the system's own.
const BACKEND: &str = "CALLGATE_TESTS_BACKEND";
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

    /// `callgate run … PROGRAM`.
    #[must_use]
    pub fn program(self, path: &Path) -> Run {
        let mut run = callgate(&["run"]);
        if let Some(backend) = env::var_os(BACKEND) {
            run = run.with("--backend", backend);
        }
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

/// Who reads stdout.
pub(crate) enum Reader {
    /// Everything, to the end.
    Patient,
    /// So many bytes; then it closes its end.
    Head(usize),
    /// Nothing, and never closes its end.
    Asleep,
}

/// What comes on stdin.
pub(crate) enum Input {
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

    /// Has callgate keep compiled code below `folder`, not in the folder of all tests.
    #[must_use]
    pub fn cache(mut self, folder: &Path) -> Self {
        self.environment.push((CACHE.into(), places::absolute(folder)));
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
        let (line, command) = self.command();
        Running::start(line, command, self.input, self.reader)
    }

    fn command(&self) -> (String, Command) {
        let words: Vec<&OsString> = self.command.iter().chain(&self.program).chain(&self.arguments).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove(NO_OPENAT2).env(CACHE, places::absolute(&places::cache()));
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

/// As a shell would need it, near enough to be copied.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}
