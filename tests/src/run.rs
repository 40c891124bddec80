//! The set-up of one run of a program: its command, environment and streams. The run itself is in `running.rs`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::image::Image;
use crate::{Output, Running, places, platform};

/// Tells callgate to resolve paths itself, as on kernels without `openat2`.
const NO_OPENAT2: &str = "CALLGATE_NO_OPENAT2";
/// Has every test run its programs behind the second wall: `available` or `require`.
const LOCKDOWN: &str = "CALLGATE_TESTS_LOCKDOWN";
/// Where compiled code is kept; tests have a place of their own.
const CACHE: &str = "XDG_CACHE_HOME";

/// The variable in which callgate finds the user's home.
const HOME: &str = "HOME";

/// The systems that callgate can run a guest on here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The native one.
    Native,
    /// Linux, as on kernels without `openat2`.
    Walker,
    /// The portable one.
    Portable,
    /// The one in memory.
    Memory,
}

/// Does `test` on each system that has the files and the network of this machine.
pub fn each(test: impl Fn(Host)) {
    test(Host::Native);
    if places::on_linux() {
        test(Host::Walker);
    }
    // Wine's Win32, which the portable backend works by, loses files where Windows' doesn't.
    if !places::on_wine() {
        test(Host::Portable);
    }
}

/// Does `test` on every system; it mounts directories by [`Run::dir`] and [`Run::read_only`] alone, and looks at them only before
/// and after the run.
pub fn everywhere(test: impl Fn(Host)) {
    each(&test);
    test(Host::Memory);
}

impl Host {
    /// The name by which the system knows itself.
    #[must_use]
    pub fn backend(self) -> &'static str {
        match self {
            Self::Native | Self::Walker => places::backend(),
            Self::Portable => "portable",
            Self::Memory => "memory",
        }
    }

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
        if let Ok(wanted) = std::env::var(LOCKDOWN) {
            run = run.option(format!("--lockdown={wanted}"));
        }
        match self {
            Self::Native => run,
            Self::Walker => run.host_env(NO_OPENAT2, "1"),
            Self::Portable => run.with("--backend", "portable"),
            Self::Memory => Run { image: Some(Image::new()), ..run.with("--backend", "memory") },
        }
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
    complaints: Reader,
    image: Option<Image>,
}

/// The reader of stdout, or stderr.
pub(crate) enum Reader {
    /// Everything, to the end.
    Patient,
    /// So many bytes; then it closes its end.
    Head(usize),
    /// Nothing, and never closes its end.
    Asleep,
}

/// The input on stdin.
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
            complaints: Reader::Patient,
            image: None,
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

    fn mount(mut self, host: &Path, rest: &str) -> Self {
        let host = self.image.as_mut().map_or_else(|| host.to_path_buf(), |image| image.add(host));
        let mut value = host.into_os_string();
        value.push(rest);
        self.with("--dir", value)
    }

    /// Gives the machine names, as `/etc/hosts` has them.
    ///
    /// # Panics
    /// On any system but [`Host::Memory`]: the names of this machine are not the test's.
    #[must_use]
    pub fn names(mut self, hosts: &str) -> Self {
        self.image.as_mut().expect("a machine of the test's own").names(hosts);
        self
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

    /// Runs it where these commands of the shell have mounted something, and where nobody else sees that.
    ///
    /// # Panics
    /// When this user may not: a test says that it [needs](crate::needs::PrivateMounts) it.
    #[must_use]
    pub fn with_mounts(mut self, commands: &str) -> Self {
        let words = platform::private_mounts().expect("private mounts");
        let shell = ["sh", "-c", &format!("set -e; {commands}; exec \"$@\""), "sh"].map(OsString::from);
        self.command = words.iter().map(OsString::from).chain(shell).chain(self.command).collect();
        self
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

    /// Reads nothing of stderr before the run ends, so that the pipe fills up.
    #[must_use]
    pub fn unread_errors(mut self) -> Self {
        self.complaints = Reader::Asleep;
        self
    }

    /// Closes stderr from this end after `bytes` have been read of it.
    #[must_use]
    pub fn head_of_errors(mut self, bytes: usize) -> Self {
        self.complaints = Reader::Head(bytes);
        self
    }

    /// Has a shell do `command` first, such as setting a limit, and then become callgate.
    #[must_use]
    pub fn behind(mut self, command: &str) -> Self {
        let shell = ["sh".to_owned(), "-c".to_owned(), format!("{command} && exec \"$@\""), "sh".to_owned()];
        self.command.splice(0..0, shell.map(OsString::from));
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
    pub fn start(mut self) -> Running {
        if let Some(image) = &self.image {
            image.pack();
            let (before, after) = (image.before(), image.after());
            self.command.extend(["--memory-image".into(), before.into(), "--memory-out".into(), after.into()]);
        }
        let (line, command) = self.command();
        Running::start(line, command, self.input, (self.reader, self.complaints), self.image)
    }

    pub(crate) fn command(&self) -> (String, Command) {
        let words: Vec<&OsString> = self.command.iter().chain(&self.program).chain(&self.arguments).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove(NO_OPENAT2).env(CACHE, places::absolute(&places::cache()));
        // A home that is not there: no test is about the user's own.
        command.env(HOME, places::absolute(&places::cache().join("home")));
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
