//! The report of a run's end: in words for a person, and in a code for whoever started it.

use std::io::{self, Write};

use callgate_system::Untrusted;
use callgate_wasi::{Exit, Trap};

use crate::arguments::RunOptions;
use crate::{last_words, say};

/// As a shell reports a program that aborted: 128 + SIGABRT.
pub(super) const TRAPPED: u8 = 134;

/// As a shell reports a program that wrote into a closed pipe: 128 + SIGPIPE.
const NOBODY_READS: u8 = 141;

/// Its trace could not be written: `EX_IOERR` of BSD's sysexits.
pub(super) const UNRECORDED: u8 = 74;

/// Bytes of a result that are printed.
const RESULT: usize = 1 << 20;

/// Says how the run ended, where that needs words; the code to end with. When it returns, the end of the process is the caller's
/// to make, and the time limit is over. `lost` is why there is no summary, if it was asked for.
pub(super) fn report(options: &RunOptions, exit: &Exit, lost: Option<&String>) -> u8 {
    let program = Untrusted::new(options.program().display());
    let code = match exit {
        Exit::Code(code) => *code,
        Exit::Returned(results) => {
            // As for `println`, whose reader may be gone.
            let lines = results.iter().map(|result| Untrusted::new(result).at_most(RESULT));
            lines.for_each(|line| drop(writeln!(io::stdout(), "{line}")));
            0
        }
        Exit::NobodyReads => NOBODY_READS,
        Exit::Trap(Trap { reason, backtrace }) => {
            say(&format!("callgate: {program} trapped: {reason}{}", below(backtrace)));
            TRAPPED
        }
        // After a signal this is the second to end the process, and then it is a matter of the signal alone.
        Exit::Unrecorded(why) => {
            last_words::take();
            if let Some(lost) = lost {
                last_words::say(&format!(
                    "callgate: --trace-summary: {lost}; the summary of {program} is lost; write it elsewhere"
                ));
            }
            if lost != Some(why) {
                last_words::say(&format!(
                    "callgate: --trace: {why}; {program} was ended, as its trace would have a gap; write the trace elsewhere"
                ));
            }
            return UNRECORDED;
        }
        // There is no time left to wait for whoever reads this.
        Exit::TimedOut(Trap { backtrace, .. }) => {
            last_words::take();
            last_words::say(&format!("{}{}", timed_out(options), below(backtrace)));
            return TRAPPED;
        }
    };
    last_words::take();
    code
}

pub(super) fn timed_out(options: &RunOptions) -> String {
    let timeout = options.timeout.unwrap_or_default();
    format!("callgate: {} timed out after {timeout:?}", Untrusted::new(options.program().display()))
}

/// The backtrace, if there is one, as it stands below a line.
fn below(backtrace: &str) -> String {
    let backtrace = backtrace.trim_end();
    if backtrace.is_empty() { String::new() } else { format!("\nwasm backtrace:\n{backtrace}") }
}
