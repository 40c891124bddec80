//! `wasi:cli`: environment, exit, stdin, stdout, stderr, terminal-*.

use callgate_gate::{Break, Call, Ended};
use callgate_system::Error;
use wasmtime::component::{Linker, Resource};

use crate::handles::Named;
use crate::host::{Context, Host};
use crate::p2::{interface, resource};

/// A person's keyboard.
pub(crate) struct TerminalInput;

/// A person's screen.
pub(crate) struct TerminalOutput;

impl Named for TerminalInput {
    fn name(&self) -> &str {
        "terminal-input"
    }
}

impl Named for TerminalOutput {
    fn name(&self) -> &str {
        "terminal-output"
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    link_environment(linker)?;
    link_exit(linker)?;
    link_streams(linker)?;
    link_terminals(linker)
}

fn link_environment(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut environment = interface(linker, "wasi:cli/environment")?;
    environment.func_wrap("get-environment", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || Ok::<_, Error>(host.surroundings.environment.clone());
        Ok((host.gate.pass(Call::GetEnvironment, act)?,))
    })?;
    environment.func_wrap("get-arguments", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || Ok::<_, Error>(host.surroundings.arguments.clone());
        Ok((host.gate.pass(Call::GetArguments, act)?,))
    })?;
    environment.func_wrap("initial-cwd", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || Ok::<_, Error>(host.surroundings.working_directory.clone());
        Ok((host.gate.pass(Call::InitialCwd, act)?,))
    })
}

fn link_exit(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut exit = interface(linker, "wasi:cli/exit")?;
    exit.func_wrap("exit", |cx: Context<'_>, (status,): (Result<(), ()>,)| -> wasmtime::Result<()> {
        cx.data().gate.pass(Call::Exit { ok: status.is_ok() }, || Ok::<_, Error>(()))?;
        Err(Break::Ended(Ended::Exited(u8::from(status.is_err()))).into())
    })?;
    exit.func_wrap("exit-with-code", |cx: Context<'_>, (status_code,): (u8,)| -> wasmtime::Result<()> {
        cx.data().gate.pass(Call::ExitWithCode { status_code }, || Ok::<_, Error>(()))?;
        Err(Break::Ended(Ended::Exited(status_code)).into())
    })
}

fn link_streams(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    interface(linker, "wasi:cli/stdin")?.func_wrap("get-stdin", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.handles.add_shared(host.streams.stdin.clone());
        Ok((Resource::from(host.gate.pass(Call::GetStdin, act)?),))
    })?;
    interface(linker, "wasi:cli/stdout")?.func_wrap("get-stdout", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.handles.add_shared(host.streams.stdout.clone());
        Ok((Resource::from(host.gate.pass(Call::GetStdout, act)?),))
    })?;
    interface(linker, "wasi:cli/stderr")?.func_wrap("get-stderr", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.handles.add_shared(host.streams.stderr.clone());
        Ok((Resource::from(host.gate.pass(Call::GetStderr, act)?),))
    })
}

fn link_terminals(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    resource::<TerminalInput>(&mut interface(linker, "wasi:cli/terminal-input")?, "terminal-input")?;
    resource::<TerminalOutput>(&mut interface(linker, "wasi:cli/terminal-output")?, "terminal-output")?;

    interface(linker, "wasi:cli/terminal-stdin")?.func_wrap("get-terminal-stdin", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.streams.stdin.is_terminal().then(|| host.handles.add(TerminalInput)).transpose();
        Ok((host.gate.pass(Call::GetTerminalStdin, act)?.map(Resource::from),))
    })?;
    interface(linker, "wasi:cli/terminal-stdout")?.func_wrap("get-terminal-stdout", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.streams.stdout.is_terminal().then(|| host.handles.add(TerminalOutput)).transpose();
        Ok((host.gate.pass(Call::GetTerminalStdout, act)?.map(Resource::from),))
    })?;
    interface(linker, "wasi:cli/terminal-stderr")?.func_wrap("get-terminal-stderr", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || host.streams.stderr.is_terminal().then(|| host.handles.add(TerminalOutput)).transpose();
        Ok((host.gate.pass(Call::GetTerminalStderr, act)?.map(Resource::from),))
    })
}
