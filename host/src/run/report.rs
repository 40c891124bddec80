//! How a run ended: in words for a person, and in a code for whoever started it.

use std::io::{self, Write};
use std::process::ExitCode;

use callgate_wasi::{Exit, Trap};

use crate::arguments::RunOptions;

/// As a shell reports a program that aborted: 128 + SIGABRT.
pub(super) const TRAPPED: u8 = 134;

/// As a shell reports a program that wrote into a closed pipe: 128 + SIGPIPE.
const NOBODY_READS: u8 = 141;

/// Says how the run ended, where that needs words, and with which code to end.
pub(super) fn report(options: &RunOptions, exit: Exit) -> ExitCode {
    match exit {
        Exit::Code(code) => ExitCode::from(code),
        Exit::Returned(results) => {
            // As for `println`, whose reader may be gone.
            results.iter().for_each(|result| drop(writeln!(io::stdout(), "{result}")));
            ExitCode::SUCCESS
        }
        Exit::NobodyReads => ExitCode::from(NOBODY_READS),
        Exit::Trap(Trap { reason, backtrace }) => {
            say(&format!("callgate: {} trapped: {reason}", options.program().display()), &backtrace);
            ExitCode::from(TRAPPED)
        }
        Exit::TimedOut(Trap { backtrace, .. }) => {
            say(&timed_out(options), &backtrace);
            ExitCode::from(TRAPPED)
        }
    }
}

pub(super) fn timed_out(options: &RunOptions) -> String {
    let timeout = options.timeout.unwrap_or_default();
    format!("callgate: {} timed out after {timeout:?}", options.program().display())
}

/// A line on standard error, and the backtrace below it, if there is one.
pub(super) fn say(line: &str, backtrace: &str) {
    // Standard error may be closed; there is nobody to tell then.
    let heading = if backtrace.is_empty() { "" } else { "\nwasm backtrace:\n" };
    drop(writeln!(io::stderr(), "{line}{heading}{}", backtrace.trim_end()));
}
