//! The `callgate` binary: reads its arguments, picks the backend, prints errors. The work itself is in `callgate-wasi`.

mod arguments;
mod audit;
mod backend;
mod backends;
mod cache;
mod compile;
mod inspect;
mod last_words;
mod loading;
mod lockdown;
mod output;
#[cfg_attr(windows, path = "platform/windows.rs")]
#[cfg_attr(not(windows), path = "platform/unix.rs")]
mod platform;
mod policy;
mod quantity;
mod run;
mod status_line;
mod trace;

use std::io::{self, Write};
use std::process::ExitCode;

use callgate_system::Untrusted;
use clap::Parser;
use clap::error::ErrorKind;

use arguments::{Arguments, Command};

#[global_allocator]
static ALLOCATOR: loading::memory::Allocator = loading::memory::Allocator;

/// The command line, or the program file, is wrong.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    platform::start();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return say_clap(&error),
    };
    let limited = matches!(&arguments.command, Command::Run(options) if options.timeout.is_some());
    let done = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Audit(command) => audit::audit(&command),
        Command::Policy(command) => policy::policy(&command),
        Command::Compile(options) => compile::compile(&options),
        Command::Inspect(options) => inspect::inspect(&options),
        Command::Backends => Ok(backends::backends()),
        Command::ServeLookups => Ok(lockdown::serve_lookups()),
        Command::Cache(command) => cache::cache(&command),
        Command::Trace(command) => trace::trace(&command),
    };
    done.unwrap_or_else(|error| {
        let line = format!("callgate: {}", one_line(&format!("{error:#}")));
        if limited {
            last_words::say(&line);
        } else {
            say(&line);
        }
        ExitCode::from(WRONG_USE)
    })
}

/// Help and version go out as they are; an error becomes one line.
fn say_clap(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            drop(error.print());
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say("callgate: no command given; try `callgate run PROGRAM`, or `callgate --help`");
            ExitCode::from(WRONG_USE)
        }
        _ => {
            let text = error.to_string();
            let what = text.split("\n\n").next().unwrap_or_default();
            let what = what.strip_prefix("error: ").unwrap_or(what);
            say(&format!("callgate: {}; try `callgate --help`", one_line(what)));
            ExitCode::from(WRONG_USE)
        }
    }
}

/// `text` on one line, with nothing in it that a terminal would act upon.
fn one_line(text: &str) -> String {
    Untrusted::new(text.split_whitespace().collect::<Vec<_>>().join(" ")).to_string()
}

/// Says `line` on standard error, waiting for whoever reads that.
fn say(line: &str) {
    // One write, and no panic where it is closed: there is nobody to tell then.
    status_line::without(|| drop(io::stderr().write_all(format!("{line}\n").as_bytes())));
}

/// Prints `text` on standard output.
fn print(text: &str) {
    // As for any program: whoever read it may have seen enough.
    drop(io::stdout().write_all(text.as_bytes()));
}
