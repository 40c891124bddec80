//! The parts that the guest programs share: a `main` that fails with one line, checks that say what they saw, and the mounts.
//!
//! Every program under `bin/` shows one behaviour. It takes guest paths as arguments, prints what it found, and judges
//! itself: a wrong answer of the host is one line on stderr and exit code 1.

pub mod sockets;

use std::fmt::{self, Debug};
use std::io;
use std::process::ExitCode;

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use wasip2::io::streams::StreamError;

/// The reason why a program failed, in one line.
pub struct Failure(String);

/// The result of a program, or of a step of one.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure for `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Says where a failure happened.
pub trait Context<T> {
    /// Puts `what` in front of the reason.
    ///
    /// # Errors
    /// The failure that was there.
    fn context(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: Into<Failure>> Context<T> for Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{what}: {}", error.into().0)))
    }
}

/// Runs a program's body: exit code 0, or one line on stderr and 1.
pub fn run(body: impl FnOnce() -> Outcome) -> ExitCode {
    match body() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(reason)) => {
            eprintln!("failed: {}", reason.replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

/// The argument at `index`, counted from 1.
///
/// # Errors
/// When there is none.
pub fn argument(index: usize) -> Outcome<String> {
    std::env::args().nth(index).ok_or_else(|| Failure(format!("argument {index} is missing")))
}

/// Passes if `truth` holds.
///
/// # Errors
/// With `claim`, when it does not.
pub fn check(claim: impl fmt::Display, truth: bool) -> Outcome {
    if truth { Ok(()) } else { Err(Failure(format!("this should hold and does not: {claim}"))) }
}

/// Passes if `seen` equals `expected`.
///
/// # Errors
/// With both, when they differ.
pub fn same<T: PartialEq + Debug>(what: impl fmt::Display, seen: T, expected: T) -> Outcome {
    if seen == expected {
        return Ok(());
    }
    let (mut seen, mut expected) = (format!("{seen:?}"), format!("{expected:?}"));
    for text in [&mut seen, &mut expected] {
        if text.len() > 300 {
            *text = format!("{}… ({} bytes)", text.chars().take(300).collect::<String>(), text.len());
        }
    }
    Err(Failure(format!("{what}: {seen} where {expected} was expected")))
}

/// Passes if `result` is one of the errors `expected`.
///
/// # Errors
/// When the call succeeded, or failed otherwise.
pub fn refused<T, E: PartialEq + Word>(what: impl fmt::Display, result: Result<T, E>, expected: &[E]) -> Outcome {
    let wanted = || expected.iter().map(Word::word).collect::<Vec<_>>().join(" or ");
    match result {
        Ok(_) => Err(Failure(format!("{what} succeeded where {} was expected", wanted()))),
        Err(error) if expected.contains(&error) => Ok(()),
        Err(error) => Err(Failure(format!("{what}: {} where {} was expected", error.word(), wanted()))),
    }
}

/// An error in one word.
pub trait Word {
    /// `no-entry`, `NotFound`, `errno 44`.
    fn word(&self) -> String;
}

impl Word for ErrorCode {
    fn word(&self) -> String {
        self.name().to_owned()
    }
}

impl Word for io::ErrorKind {
    fn word(&self) -> String {
        format!("{self:?}")
    }
}

/// The C library's number, as `std::io::Error::raw_os_error` gives it.
impl Word for Option<i32> {
    fn word(&self) -> String {
        self.map_or_else(|| "no errno".to_owned(), |number| format!("errno {number}"))
    }
}

/// The kind of error that reading a path ended in. In preview1, a directory can be opened for reading. Only the read itself fails,
/// with `EBADF`, for which std has no kind.
#[must_use]
pub fn kind_of_reading(error: &io::Error) -> io::ErrorKind {
    const EBADF: i32 = 8;
    let is_directory = cfg!(target_env = "p1") && error.raw_os_error() == Some(EBADF);
    if is_directory { io::ErrorKind::IsADirectory } else { error.kind() }
}

/// The mount whose guest path is exactly `path`.
///
/// # Errors
/// When there is none.
pub fn mount(path: &str) -> Outcome<Descriptor> {
    let mounts = get_directories();
    let found = mounts.into_iter().find(|(_, name)| name == path);
    found.map(|(descriptor, _)| descriptor).ok_or_else(|| Failure(format!("nothing is mounted at {path}")))
}

/// Opens a file below `directory`, following links, for reading and writing, creating it.
///
/// # Errors
/// As the host says.
pub fn create(directory: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    directory.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::CREATE, flags)
}

/// Opens a file below `directory`, following links, for reading.
///
/// # Errors
/// As the host says.
pub fn open(directory: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    directory.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ)
}

/// Opens a directory below `directory`, following links, with all its rights.
///
/// # Errors
/// As the host says.
pub fn open_directory(directory: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    directory.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::DIRECTORY, flags)
}

/// True if a stream's operation was answered with `closed`.
pub fn is_closed<T>(result: &Result<T, StreamError>) -> bool {
    matches!(result, Err(StreamError::Closed))
}
