//! The host that callgate is compared with where wasmtime's command line is not at hand. It is the smallest host over
//! `wasmtime-wasi` that runs the bench programs. It has the settings of `wasmtime run` except for one, and the few of its options
//! that the bench uses.
//!
//! Hazards: anything that makes it slow and isn't slow in `wasmtime run`. So its engine, its runtime and its way of calling a guest
//! are those of `wasmtime run`. One setting is the library's own: each file operation goes to a thread for blocking work, so that it
//! may block. With `RIVAL_INLINE` in the environment, file operations run on the guest's thread, as in `wasmtime run`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::error::Context as _;
use wasmtime::{Cache, Config, Engine, Error, Linker, Module, Result, Store, bail};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::{self, bindings::Command};
use wasmtime_wasi::runtime::in_tokio;
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

const USAGE: &str = "usage: rival run [--dir HOST::GUEST] [-S inherit-network] [--allow-precompiled] PROGRAM [ARGUMENT]…\n\
                     or     rival compile PROGRAM -o FILE";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["run", rest @ ..] => run(rest),
        ["compile", program, "-o", file] => compile(program, file),
        _ => Err(Error::msg(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => ExitCode::from(exit.0 as u8),
            None => {
                eprintln!("rival: {error:?}");
                ExitCode::from(2)
            }
        },
    }
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.cache(Some(Cache::from_file(None)?));
    Engine::new(&config)
}

fn compile(program: &str, file: &str) -> Result<()> {
    let component = Component::from_file(&engine()?, program)?;
    fs::write(file, component.serialize()?).with_context(|| format!("cannot write {file}"))
}

fn run(mut arguments: &[&str]) -> Result<()> {
    let mut system = WasiCtxBuilder::new();
    system.inherit_stdio().allow_blocking_current_thread(env::var_os("RIVAL_INLINE").is_some());
    loop {
        match arguments {
            ["--dir", mount, rest @ ..] => {
                let (host, guest) = mount.split_once("::").context(USAGE)?;
                system.preopened_dir(host, guest, FsPerms::ReadWrite).with_context(|| format!("cannot open {host}"))?;
                arguments = rest;
            }
            ["-S", "inherit-network", rest @ ..] => {
                system.inherit_network().allow_tcp(true);
                arguments = rest;
            }
            ["--allow-precompiled", rest @ ..] => arguments = rest,
            [option, ..] if option.starts_with('-') => bail!("{option}: {USAGE}"),
            [program, ..] => {
                let program = Program::load(&engine()?, Path::new(program))?;
                system.args(arguments);
                return in_tokio(program.run(system.build_p1()));
            }
            [] => bail!("{USAGE}"),
        }
    }
}

enum Program {
    Component(Component),
    Module(Module),
}

impl Program {
    fn load(engine: &Engine, path: &Path) -> Result<Self> {
        let code = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        match code.as_slice() {
            // The header of both formats of WebAssembly, which differ in byte 6, the layer.
            [0, b'a', b's', b'm', _, _, 1, ..] => Component::from_binary(engine, &code).map(Self::Component),
            [0, b'a', b's', b'm', ..] => Module::from_binary(engine, &code).map(Self::Module),
            // Not from the file, as `wasmtime run` does it: Wine can't map a file as code.
            _ => {
                #[allow(unsafe_code, reason = "no other way to load compiled code")]
                // SAFETY: the bench compiles this file itself.
                unsafe { Component::deserialize(engine, &code) }.map(Self::Component)
            }
        }
    }

    async fn run(self, system: WasiP1Ctx) -> Result<()> {
        match self {
            Self::Component(component) => {
                let mut linker = ComponentLinker::new(component.engine());
                p2::add_to_linker_async(&mut linker)?;
                let mut store = Store::new(component.engine(), system);
                let command = Command::instantiate_async(&mut store, &component, &linker).await?;
                command.wasi_cli_run().call_run(&mut store).await?.map_err(|()| I32Exit(1).into())
            }
            Self::Module(module) => {
                let mut linker = Linker::new(module.engine());
                p1::add_to_linker_async(&mut linker, |system| system)?;
                let mut store = Store::new(module.engine(), system);
                let instance = linker.instantiate_async(&mut store, &module).await?;
                let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
                start.call_async(&mut store, ()).await
            }
        }
    }
}
