//! The output of a run, and the claims that can be made of it. A claim that does not hold shows the whole run.

use std::fmt;

/// The exit code of a trap.
const TRAP: i32 = 134;
/// The exit code of an error of the command line or of the program file.
const USAGE: i32 = 2;

/// A run that has ended.
pub struct Output {
    pub(crate) line: String,
    pub(crate) code: Option<i32>,
    /// The bytes on stdout.
    pub stdout: Vec<u8>,
    /// The bytes on stderr.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The exit code; `None` when a signal ended it.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    /// stdout, as text.
    #[must_use]
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).replace("\r\n", "\n")
    }

    /// stderr, as text.
    #[must_use]
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).replace("\r\n", "\n")
    }

    /// Any claim; also, as for every claim: the host has not panicked.
    ///
    /// # Panics
    /// With the whole run, when it does not hold.
    #[track_caller]
    pub fn claim(&self, claim: &str, holds: bool) -> &Self {
        assert!(holds, "this should hold and does not: {claim}\n{self}");
        let panicked = self.err().lines().any(is_panic_of_the_host);
        assert!(!panicked, "the host panicked\n{self}");
        self
    }

    /// It ended with `code`.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn code(&self, code: i32) -> &Self {
        self.claim(&format!("exit code {code}"), self.code == Some(code))
    }

    /// It ended with 0.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn success(&self) -> &Self {
        self.code(0)
    }

    /// stdout is exactly `text`.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        self.claim(&format!("stdout is {text:?}"), self.out() == text)
    }

    /// stdout contains `text`.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        self.claim(&format!("stdout has {text:?}"), self.out().contains(text))
    }

    /// stderr contains `text`.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        self.claim(&format!("stderr has {text:?}"), self.err().contains(text))
    }

    /// stderr is empty.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn quiet(&self) -> &Self {
        self.claim("stderr is empty", self.stderr.is_empty())
    }

    /// The guest did as it should: exit code 0 and nothing on stderr.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn well(&self) -> &Self {
        self.success().quiet()
    }

    /// A trap, told on stderr.
    ///
    /// # Panics
    /// When it was none.
    #[track_caller]
    pub fn trapped(&self) -> &Self {
        self.code(TRAP).claim("a trap is told", self.err().lines().any(|line| line.starts_with("callgate: ")))
    }

    /// An error of the command line or the program file: exit code 2 and one line that has each of `words`.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) -> &Self {
        let text = self.err();
        self.code(USAGE);
        self.claim("one line, and no more, on stderr", text.lines().count() == 1 && text.ends_with('\n'));
        self.claim("it starts with `callgate: `", text.starts_with("callgate: "));
        self.claim("nothing on stdout", self.stdout.is_empty());
        for word in words {
            self.claim(&format!("the line has {word:?}"), text.contains(word));
        }
        self
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.line)?;
        match self.code {
            Some(code) => writeln!(f, "exit code {code}")?,
            None => writeln!(f, "ended by a signal")?,
        }
        show(f, "stdout", &self.out())?;
        show(f, "stderr", &self.err())
    }
}

/// A guest's own panics name its sources, or, in its only thread, those of its std.
fn is_panic_of_the_host(line: &str) -> bool {
    line.contains(" panicked at ")
        && !line.contains("programs/src/")
        && !line.contains("'main' (1) panicked at /rustc/")
}

/// The start and the end of a text.
fn show(f: &mut fmt::Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    const MOST: usize = 60;
    let lines: Vec<&str> = text.lines().collect();
    writeln!(f, "{name}, {} bytes:", text.len())?;
    for (index, line) in lines.iter().enumerate() {
        if lines.len() <= MOST || index < MOST / 2 || index >= lines.len() - MOST / 2 {
            writeln!(f, "  {}", line.chars().take(400).collect::<String>())?;
        } else if index == MOST / 2 {
            writeln!(f, "  … {} lines …", lines.len() - MOST)?;
        }
    }
    Ok(())
}
