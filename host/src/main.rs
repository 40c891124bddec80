//! The `callgate` binary: reads its arguments, picks the backend, prints errors. What it does is in `callgate-wasi`.

mod arguments;
mod backend;
mod backends;
mod compile;
mod inspect;
#[cfg_attr(windows, path = "platform/windows.rs")]
#[cfg_attr(not(windows), path = "platform/unix.rs")]
mod platform;
mod quantity;
mod run;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use arguments::{Arguments, Command};

/// The command line, or the program file, is wrong.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return say_clap(&error),
    };
    let done = match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::Compile(options) => compile::compile(&options),
        Command::Inspect(options) => inspect::inspect(&options),
        Command::Backends => Ok(backends::backends()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("callgate: {}", one_line(&format!("{error:#}")));
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
            eprintln!("callgate: no command given; try `callgate run PROGRAM`, or `callgate --help`");
            ExitCode::from(WRONG_USE)
        }
        _ => {
            let text = error.to_string();
            let what = text.split("\n\n").next().unwrap_or_default();
            let what = what.strip_prefix("error: ").unwrap_or(what);
            eprintln!("callgate: {}; try `callgate --help`", one_line(what));
            ExitCode::from(WRONG_USE)
        }
    }
}

/// `text` on one line, with nothing in it that a terminal would act upon.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
