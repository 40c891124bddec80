//! The answer of a call, and the outcome of a module's run on a host.

use std::fmt;

use anyhow::{Context as _, Result, bail};

use crate::files::survey::Tree;
use crate::modules::run;

/// A call's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Returned {
        errno: u16,
        /// Of the memory afterwards.
        digest: u16,
        told: u32,
    },
    /// The guest trapped, or it ended itself.
    Trapped,
    Exited,
}

impl Answer {
    /// The error number, 0 for success; a number that is none where the call did not return.
    pub(super) fn errno(self) -> u16 {
        match self {
            Self::Returned { errno, .. } => errno,
            Self::Trapped | Self::Exited => u16::MAX,
        }
    }

    /// The answer of the call that ended a run.
    pub(super) fn ending(end: &str) -> Self {
        if end == "trap" { Self::Trapped } else { Self::Exited }
    }

    fn of(packed: u64) -> Self {
        Self::Returned { errno: packed as u16, digest: (packed >> 16) as u16, told: (packed >> 32) as u32 }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned { errno: 0, digest, told } => write!(f, "success, {told}, and memory of {digest:04x}"),
            Self::Returned { errno, digest, .. } => write!(f, "error {errno}, and memory of {digest:04x}"),
            Self::Trapped => write!(f, "a trap"),
            Self::Exited => write!(f, "an exit"),
        }
    }
}

/// The outcome of a module's run on a host.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) end: String,
    /// Of the calls that it came to; a last one that trapped among them.
    pub(super) answers: Vec<Answer>,
    pub(super) printed: Vec<u8>,
    pub(super) tree: Tree,
}

impl Ran {
    /// By callgate.
    pub(super) fn ours(done: run::Done, printed: Vec<u8>) -> Self {
        let end = if done.end.starts_with("trap: ") { "trap".to_owned() } else { done.end };
        Self { end, answers: done.answers.into_iter().map(Answer::of).collect(), printed, tree: done.tree }
    }

    /// By the reference, which told it in a line.
    pub(super) fn theirs(line: &str, tree: Tree) -> Result<Self> {
        /// A global that no call has set.
        const UNSET: u64 = u64::MAX;
        let mut parts = line.split('\t');
        let (end, answers, printed) = (parts.next(), parts.next(), parts.next());
        let (Some(end), Some(answers), Some(printed)) = (end, answers, printed) else {
            bail!("the reference says: {line}")
        };
        let packed: Result<Vec<_>, _> = answers.split_whitespace().map(|word| u64::from_str_radix(word, 16)).collect();
        let packed = packed.with_context(|| format!("the reference answered {answers}"))?;
        let mut answers: Vec<_> = packed.iter().copied().take_while(|word| *word != UNSET).map(Answer::of).collect();
        if end == "trap" && answers.len() < packed.len() {
            answers.push(Answer::Trapped);
        }
        let digits: Vec<_> = printed.chars().filter_map(|digit| digit.to_digit(16)).collect();
        let printed = digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect();
        Ok(Self { end: end.to_owned(), answers, printed, tree })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_run() {
        let ran = Ran::theirs("returned\t700120008 1234002c\t6869", Tree::new()).unwrap();
        let answers = [
            Answer::Returned { errno: 8, digest: 0x12, told: 7 },
            Answer::Returned { errno: 44, digest: 0x1234, told: 0 },
        ];
        assert_eq!(
            (ran.end.as_str(), ran.answers.as_slice(), ran.printed.as_slice()),
            ("returned", &answers[..], &b"hi"[..])
        );
    }

    #[test]
    fn the_first_call_without_an_answer_is_the_one_that_trapped() {
        let ran = Ran::theirs("trap\t0 ffffffffffffffff ffffffffffffffff\t", Tree::new()).unwrap();
        assert_eq!(ran.answers, [Answer::Returned { errno: 0, digest: 0, told: 0 }, Answer::Trapped]);
        let ran = Ran::theirs("exited with code 3\t0 ffffffffffffffff\t", Tree::new()).unwrap();
        assert_eq!(ran.answers.len(), 1);
        assert!(Ran::theirs("not run: no such file", Tree::new()).is_err());
    }
}
