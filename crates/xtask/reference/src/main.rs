//! The reference for preview1: the least host over `wasi-common`, which was the first to have that interface whole. It runs one module
//! (`run`), as `cargo xtask bench` needs it, or many, each told in a line (`serve`), as `cargo xtask fuzz --against wasi-common` does.
//!
//! Hazards: a module may leave a thread waiting for ever, and may make the library panic. A caller that asks for many modules watches
//! the clock, and starts another process.
//!
//! One thing is not as the library has it: the numbers of descriptors. It counts them up, callgate gives out the lowest free one, as POSIX
//! does; the standard leaves it open. With other numbers nothing that follows could be compared.

use std::env;
use std::io::{self, BufRead as _, Cursor, Write as _};
use std::net::TcpListener;
use std::process::ExitCode;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use wasi_common::pipe::{ReadPipe, WritePipe};
use wasi_common::snapshots::preview_1::wasi_snapshot_preview1;
use wasi_common::sync::{WasiCtxBuilder, add_to_linker};
use wasi_common::{I32Exit, WasiCtx};
use wasmtime::error::Context as _;
use wasmtime::{Caller, Engine, Error, Extern, Instance, Linker, Module, Result, Store, StoreLimits};
use wasmtime::{StoreLimitsBuilder, Val, bail};
use wiggle::{GuestMemory, GuestPtr, run_in_dummy_executor};

const USAGE: &str = "usage: reference run [OPTION]… PROGRAM [ARGUMENT]…\n\
                     or     reference serve   (each line of the input: what `run` takes, with tabs between)\n\
                     options: --dir HOST::GUEST, --env NAME=VALUE, --argv0 NAME, --stdin TEXT, --listen";

/// Bytes of linear memory that a module may have, as those have it that it is compared with.
const MEMORY: usize = 16 << 20;

/// A pipe that keeps a module's standard output in memory.
type Kept = WritePipe<Cursor<Vec<u8>>>;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["run", rest @ ..] => run(rest),
        ["serve"] => serve(),
        _ => Err(Error::msg(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => ExitCode::from(exit.0 as u8),
            None => {
                eprintln!("reference: {error:?}");
                ExitCode::from(2)
            }
        },
    }
}

/// One command, with the standard streams of this process.
fn run(arguments: &[&str]) -> Result<()> {
    let engine = Engine::default();
    let mut job = Job::parse(arguments)?;
    job.system.inherit_stdio();
    let module = Module::from_file(&engine, job.program)?;
    let (mut store, instance) = job.start(&linker(&engine)?, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())
}

/// Many modules, a line of answer for each: the end, the values of its exported globals, what it printed.
fn serve() -> Result<()> {
    let engine = Engine::default();
    let linker = linker(&engine)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split('\t').collect();
        println!("{}", answer(&engine, &linker, &words).unwrap_or_else(|error| format!("not run: {error}")));
        io::stdout().flush()?;
    }
    Ok(())
}

fn answer(engine: &Engine, linker: &Linker<State>, words: &[&str]) -> Result<String> {
    let mut job = Job::parse(words)?;
    let printed = Kept::new(Cursor::new(Vec::new()));
    job.system.stdin(Box::new(ReadPipe::from(job.stdin))).stdout(Box::new(printed.clone()));
    let module = Module::from_file(engine, job.program)?;
    let (mut store, instance) = job.start(linker, &module)?;
    let run = instance.get_func(&mut store, "run").context("it exports no function `run`")?;
    let mut results = vec![Val::I64(0); run.ty(&store).results().len()];
    let end = match run.call(&mut store, &[], &mut results) {
        Ok(()) => "returned".to_owned(),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => format!("exited with code {}", exit.0),
            None => "trap".to_owned(),
        },
    };
    let globals: Vec<_> = module.exports().filter(|export| export.ty().global().is_some()).collect();
    let mut told = Vec::new();
    for export in globals {
        let value = instance.get_global(&mut store, export.name()).and_then(|global| global.get(&mut store).i64());
        told.push(format!("{:x}", value.context("a global that is no i64")?));
    }
    drop(store);
    let printed = printed.try_into_inner().map_or_else(|_| Vec::new(), Cursor::into_inner);
    let printed: Vec<_> = printed.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{end}\t{}\t{}", told.join(" "), printed.concat()))
}

/// A program to run, with its system and its standard input.
struct Job<'a> {
    system: WasiCtxBuilder,
    stdin: &'a str,
    program: &'a str,
}

/// The state of one run.
struct State {
    system: WasiCtx,
    limits: StoreLimits,
}

impl<'a> Job<'a> {
    fn parse(mut words: &[&'a str]) -> Result<Self> {
        let (mut system, mut stdin, mut name) = (WasiCtxBuilder::new(), "", None);
        loop {
            match words {
                ["--dir", mount, rest @ ..] => {
                    let (host, guest) = mount.split_once("::").context(USAGE)?;
                    let directory = Dir::open_ambient_dir(host, ambient_authority());
                    system.preopened_dir(directory.with_context(|| format!("cannot open {host}"))?, guest)?;
                    words = rest;
                }
                ["--env", variable, rest @ ..] => {
                    let (name, value) = variable.split_once('=').context(USAGE)?;
                    system.env(name, value)?;
                    words = rest;
                }
                ["--argv0", text, rest @ ..] => (name, words) = (Some(*text), rest),
                ["--stdin", text, rest @ ..] => (stdin, words) = (text, rest),
                ["--listen", rest @ ..] => {
                    const FIRST: u32 = 3;
                    let listener = cap_std::net::TcpListener::from_std(TcpListener::bind("127.0.0.1:0")?);
                    system.preopened_socket(FIRST, listener)?;
                    words = rest;
                }
                [option, ..] if option.starts_with('-') => bail!("{option}: {USAGE}"),
                [program, arguments @ ..] => {
                    for argument in [name.as_ref().unwrap_or(program)].into_iter().chain(arguments) {
                        system.arg(argument)?;
                    }
                    return Ok(Self { system, stdin, program });
                }
                [] => bail!("{USAGE}"),
            }
        }
    }

    fn start(mut self, linker: &Linker<State>, module: &Module) -> Result<(Store<State>, Instance)> {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).build();
        let mut store = Store::new(module.engine(), State { system: self.system.build(), limits });
        store.limiter(|state| &mut state.limits);
        let instance = linker.instantiate(&mut store, module)?;
        Ok((store, instance))
    }
}

fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    add_to_linker(&mut linker, |state: &mut State| &mut state.system)?;
    linker.allow_shadowing(true);
    linker.func_wrap("wasi_snapshot_preview1", "path_open", path_open)?;
    Ok(linker)
}

/// `path_open`, and then the lowest free number.
#[allow(clippy::too_many_arguments, reason = "the standard's")]
fn path_open(
    mut guest: Caller<'_, State>,
    directory: i32,
    lookup: i32,
    path: i32,
    length: i32,
    how: i32,
    rights: i64,
    inheriting: i64,
    flags: i32,
    out: i32,
) -> Result<i32> {
    let Some(Extern::Memory(memory)) = guest.get_export("memory") else {
        bail!("missing required memory export");
    };
    let (memory, State { system, .. }) = memory.data_and_store_mut(&mut guest);
    let mut memory = GuestMemory::Unshared(memory);
    let opening = wasi_snapshot_preview1::path_open(
        system,
        &mut memory,
        directory,
        lookup,
        path,
        length,
        how,
        rights,
        inheriting,
        flags,
        out,
    );
    let errno = run_in_dummy_executor(opening)??;
    if errno == 0 {
        let out = GuestPtr::<u32>::new(out.cast_unsigned());
        let opened = memory.read(out)?;
        if let Some(free) = (0..opened).find(|number| !system.table().contains_key(*number)) {
            system.table().renumber(opened, free)?;
            memory.write(out, free)?;
        }
    }
    Ok(errno)
}
