//! Checks which of the standard streams are terminals, through `std` and through the interface. If stdin is one, also reads a line.

use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;

use programs::{Context, run, same};
use wasip2::cli::{terminal_stderr, terminal_stdin, terminal_stdout};

fn main() -> ExitCode {
    run(|| {
        let seen = [
            ("stdin", stdin().is_terminal(), terminal_stdin::get_terminal_stdin().is_some()),
            ("stdout", stdout().is_terminal(), terminal_stdout::get_terminal_stdout().is_some()),
            ("stderr", stderr().is_terminal(), terminal_stderr::get_terminal_stderr().is_some()),
        ];
        for (name, by_std, by_interface) in seen {
            same(name, by_std, by_interface)?;
            println!("{name} is{} a terminal", if by_std { "" } else { " not" });
        }
        if stdin().is_terminal() {
            println!("what is your name? ☃");
            let mut line = String::new();
            stdin().read_line(&mut line).context("reading a line")?;
            println!("your name is {line:?}");
        }
        Ok(())
    })
}
