//! `wasi:cli`: environment, exit, stdin, stdout, stderr, terminal-*.

use crate::bind::component::{Answer, Give as _, Nothing, Own, Parameter, Plain};
use crate::calls::cli;
use crate::host::Host;
use crate::objects::{InputStream, OutputStream, TerminalInput, TerminalOutput};

super::interfaces! {
    "wasi:cli/environment" {
        "get-environment" () -> Plain<Vec<(String, String)>> = |host: &Host| cli::get_environment(host).cloned();
        "get-arguments" () -> Plain<Vec<String>> = |host: &Host| cli::get_arguments(host).cloned();
        "initial-cwd" () -> Plain<Option<String>> = cli::initial_cwd;
    }
    "wasi:cli/exit" {
        "exit" (status: Result<(), ()>) -> Nothing = cli::exit;
        "exit-with-code" (status_code: u8) -> Nothing = cli::exit_with_code;
    }
    "wasi:cli/stdin" {
        "get-stdin" () -> Plain<Own<InputStream>> = cli::get_stdin;
    }
    "wasi:cli/stdout" {
        "get-stdout" () -> Plain<Own<OutputStream>> = cli::get_stdout;
    }
    "wasi:cli/stderr" {
        "get-stderr" () -> Plain<Own<OutputStream>> = cli::get_stderr;
    }
    "wasi:cli/terminal-input" {
        resource "terminal-input": TerminalInput;
    }
    "wasi:cli/terminal-output" {
        resource "terminal-output": TerminalOutput;
    }
    "wasi:cli/terminal-stdin" {
        "get-terminal-stdin" () -> Plain<Option<Own<TerminalInput>>>
            = |host: &Host| cli::get_terminal_stdin(host).map(|terminal| terminal.map(Own::from));
    }
    "wasi:cli/terminal-stdout" {
        "get-terminal-stdout" () -> Plain<Option<Own<TerminalOutput>>>
            = |host: &Host| cli::get_terminal_stdout(host).map(|terminal| terminal.map(Own::from));
    }
    "wasi:cli/terminal-stderr" {
        "get-terminal-stderr" () -> Plain<Option<Own<TerminalOutput>>>
            = |host: &Host| cli::get_terminal_stderr(host).map(|terminal| terminal.map(Own::from));
    }
}
