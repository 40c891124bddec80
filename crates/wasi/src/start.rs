//! Starting a program: what it is linked to, and the function that is called.
//!
//! A component exports `wasi:cli/run`; a module of preview1 exports `_start`. A guest may end its run by a call of the host
//! at any time, also while it is instantiated. That is an exit like any other.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, ExternType, Module};

use crate::bind::{direct, preview1};
use crate::host::{GuestStore, Host};
use crate::invoke::Invoked;
use crate::program::{Code, Program};
use crate::sandbox::Exit;
use callgate_gate::{CallError, RunEnd};

/// A program whose imports are all there.
#[derive(Clone)]
pub(crate) enum Linked {
    /// With the name under which it exports what a command is started by.
    Component {
        instance: InstancePre<Host>,
        run: Option<String>,
    },
    Module {
        instance: wasmtime::InstancePre<Host>,
    },
    /// The main module of a component, with the name of the function that it is started by.
    Direct {
        instance: wasmtime::InstancePre<Host>,
        run: String,
    },
}

/// The call that a run makes.
pub(crate) enum Start<'a> {
    Command(Command<'a>),
    Invoked(Invoked<'a>),
}

/// The entry point of a command.
pub(crate) enum Command<'a> {
    Component { instance: &'a InstancePre<Host>, run: &'a str },
    Module { instance: &'a wasmtime::InstancePre<Host> },
    Direct { instance: &'a wasmtime::InstancePre<Host>, run: &'a str },
}

/// The function that starts a module.
const START: &str = "_start";

const NO_RUN: &str = "it exports no wasi:cli/run, so there is nothing to run; build it as a program, not as a library";
const NO_START: &str = "a module that exports no function _start, so there is nothing to run; build it as a program, or name one of its \
     exports with --invoke";

impl Linked {
    pub(crate) fn new(program: &Program) -> wasmtime::Result<Self> {
        match &program.code {
            Code::Component(component) => {
                let instance = program.runtime.linker()?.instantiate_pre(component)?;
                Ok(Self::Component { instance, run: run_interface(component, &program.runtime.engine) })
            }
            Code::Module(module) => Ok(Self::Module { instance: preview1::linker(module)?.instantiate_pre(module)? }),
            Code::Direct(module) => {
                let run = module.exports().find(|export| direct::names::is_run(export.name()));
                let run = run.ok_or_else(|| wasmtime::format_err!("{NO_RUN}"))?.name().to_owned();
                Ok(Self::Direct { instance: direct::linker(module)?.instantiate_pre(module)?, run })
            }
        }
    }

    /// The entry point that starts it.
    ///
    /// # Errors
    /// In a line, where it is no command.
    pub(crate) fn command(&self) -> Result<Command<'_>, &'static str> {
        match self {
            Self::Component { instance, run } => {
                run.as_deref().map(|run| Command::Component { instance, run }).ok_or(NO_RUN)
            }
            Self::Module { instance } if exports_function(instance.module(), START) => Ok(Command::Module { instance }),
            Self::Module { .. } => Err(NO_START),
            Self::Direct { instance, run } => Ok(Command::Direct { instance, run }),
        }
    }
}

impl Start<'_> {
    /// Instantiates the program and calls it; how it ended, where it did so by itself.
    pub(crate) fn run(&self, store: &mut GuestStore) -> wasmtime::Result<Exit> {
        let result = match self {
            Self::Command(Command::Component { instance, run }) => run_component(store, instance, run).map(Exit::Code),
            Self::Command(Command::Module { instance }) => run_module(store, instance).map(|()| Exit::Code(0)),
            Self::Command(Command::Direct { instance, run }) => direct::run(store, instance, run).map(Exit::Code),
            Self::Invoked(invoked) => invoked.call(store).map(Exit::Returned),
        };
        result.or_else(|error| match error.downcast_ref::<CallError>() {
            Some(CallError::EndedRun(RunEnd::Exited(code))) => Ok(Exit::Code(*code)),
            _ => Err(error),
        })
    }
}

/// The name under which a component exports what a command is started by.
fn run_interface(component: &Component, engine: &Engine) -> Option<String> {
    let kind = component.component_type();
    let mut exports = kind.exports(engine);
    let is_run = |name: &str, item: &ComponentItem| {
        name.starts_with("wasi:cli/run@0.2.") && matches!(item, ComponentItem::ComponentInstance(_))
    };
    exports.find(|(name, item)| is_run(name, &item.ty)).map(|(name, _)| name.to_owned())
}

fn exports_function(module: &Module, name: &str) -> bool {
    matches!(module.get_export(name), Some(ExternType::Func(_)))
}

fn run_component(store: &mut GuestStore, instance: &InstancePre<Host>, run: &str) -> wasmtime::Result<u8> {
    let instance = instance.instantiate(&mut *store)?;
    let missing = || wasmtime::format_err!("it exports no function {run}#run");
    let interface = instance.get_export_index(&mut *store, None, run).ok_or_else(missing)?;
    let function = instance.get_export_index(&mut *store, Some(&interface), "run").ok_or_else(missing)?;
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, function)?;
    let (result,) = run.call(&mut *store, ())?;
    Ok(u8::from(result.is_err()))
}

fn run_module(store: &mut GuestStore, instance: &wasmtime::InstancePre<Host>) -> wasmtime::Result<()> {
    let instance = instance.instantiate(&mut *store)?;
    instance.get_typed_func::<(), ()>(&mut *store, START)?.call(&mut *store, ())
}
