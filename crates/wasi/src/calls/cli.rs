//! `wasi:cli`: environment, exit, the standard streams, terminals.

use std::sync::Arc;

use callgate_gate::{Call, CallError, RunEnd};
use callgate_system::Error;

use super::Outcome;
use crate::host::Host;
use crate::objects::{Held, InputStream, Keep, OutputStream, TerminalInput, TerminalOutput};

/// The environment. The interface has no error here, and programs ask before they do anything else: where it is refused, it is empty.
pub(crate) fn get_environment(host: &Host) -> Outcome<&Vec<(String, String)>> {
    static EMPTY: Vec<(String, String)> = Vec::new();
    let passed = host.gate.pass(Call::GetEnvironment, || Ok::<_, Error>(&host.surroundings.environment));
    Ok(CallError::told(passed)?.unwrap_or(&EMPTY))
}

pub(crate) fn get_arguments(host: &Host) -> Outcome<&Vec<String>> {
    host.gate.pass(Call::GetArguments, || Ok::<_, Error>(&host.surroundings.arguments))
}

/// The working directory, if there is one; none where it is refused.
pub(crate) fn initial_cwd(host: &Host) -> Outcome<Option<String>> {
    let passed = host.gate.pass(Call::InitialCwd, || Ok::<_, Error>(host.surroundings.working_directory.clone()));
    Ok(CallError::told(passed)?.unwrap_or(None))
}

/// Ends the run.
pub(crate) fn exit(host: &Host, status: Result<(), ()>) -> Outcome<()> {
    host.gate.pass(Call::Exit { ok: status.is_ok() }, || Ok::<_, Error>(()))?;
    Err(CallError::EndedRun(RunEnd::Exited(u8::from(status.is_err()))))
}

/// Ends the run.
pub(crate) fn exit_with_code(host: &Host, status_code: u8) -> Outcome<()> {
    host.gate.pass(Call::ExitWithCode { status_code }, || Ok::<_, Error>(()))?;
    Err(CallError::EndedRun(RunEnd::Exited(status_code)))
}

pub(crate) fn get_stdin(host: &Host) -> Outcome<Held<InputStream>> {
    host.gate.pass(Call::GetStdin, || host.handles.add_shared(Arc::clone(&host.streams.stdin)))
}

pub(crate) fn get_stdout(host: &Host) -> Outcome<Held<OutputStream>> {
    host.gate.pass(Call::GetStdout, || host.handles.add_shared(Arc::clone(&host.streams.stdout)))
}

pub(crate) fn get_stderr(host: &Host) -> Outcome<Held<OutputStream>> {
    host.gate.pass(Call::GetStderr, || host.handles.add_shared(Arc::clone(&host.streams.stderr)))
}

pub(crate) fn get_terminal_stdin(host: &Host) -> Outcome<Option<Held<TerminalInput>>> {
    terminal(host, Call::GetTerminalStdin, || host.streams.stdin.is_terminal(), TerminalInput)
}

pub(crate) fn get_terminal_stdout(host: &Host) -> Outcome<Option<Held<TerminalOutput>>> {
    terminal(host, Call::GetTerminalStdout, || host.streams.stdout.is_terminal(), TerminalOutput)
}

pub(crate) fn get_terminal_stderr(host: &Host) -> Outcome<Option<Held<TerminalOutput>>> {
    terminal(host, Call::GetTerminalStderr, || host.streams.stderr.is_terminal(), TerminalOutput)
}

fn terminal<T: Keep>(
    host: &Host,
    call: Call<'_>,
    is_terminal: impl FnOnce() -> bool,
    terminal: T,
) -> Outcome<Option<Held<T>>> {
    host.gate.pass(call, || is_terminal().then(|| host.handles.add(terminal)).transpose())
}
