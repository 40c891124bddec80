//! A program: from a file to code that can run.
//!
//! Hazard: precompiled code is machine code, run as it is. Loading it is trusting it as much as an executable of one's own, so only
//! `unsafe` functions do.

mod cache;
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "copy_nowhere.rs")]
mod copy;
mod digest;
mod file;
mod footprint;
mod format;
mod image;
mod load;
mod record;
mod shape;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use callgate_system::Untrusted;
use wasmtime::Module;
use wasmtime::component::Component;

use crate::runtime::Runtime;
use crate::start::Linked;
pub use cache::{CacheContents, CodeCache};
pub(crate) use digest::DebugInfo;
pub use file::ProgramFile;
use record::Record;

/// A compiled program: a component, or a module of WASI preview1.
#[derive(Clone)]
pub struct Program {
    pub(crate) runtime: Runtime,
    pub(crate) code: Code,
    path: PathBuf,
    record: Record,
    /// Linked at the first [`Program::check`] or run, for all.
    linked: OnceLock<Linked>,
}

/// The kinds of code: of the two kinds of WebAssembly binaries, and of components that are bound directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Component,
    Module,
    Direct,
}

/// Code of one of the kinds.
#[derive(Clone)]
pub(crate) enum Code {
    Component(Component),
    Module(Module),
    /// The main module of a component.
    Direct(Module),
}

/// The way that a program's calls reach the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A component whose main module calls the host as a core module does, which is as fast as calls are.
    Directly,
    /// A component through the engine's component layer, and why.
    ByTheEngine(String),
    /// A module of WASI preview1.
    AsModule,
}

/// Why a file cannot be run. One line, with what to do about it.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    why: String,
    machine_code: bool,
}

impl LoadError {
    fn new(path: &Path, why: String) -> Self {
        Self { path: path.to_owned(), why, machine_code: false }
    }

    /// True if [`Runtime::load`] refused the file because it holds machine code, which
    /// [`Runtime::load_precompiled`] would take.
    #[must_use]
    pub fn is_machine_code(&self) -> bool {
        self.machine_code
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The engine's words quote the file's: names of imports and exports, lines of its text.
        write!(f, "{}: {}", Untrusted::new(self.path.display()), Untrusted::new(&self.why))
    }
}

impl std::error::Error for LoadError {}

/// The account that code compiled ahead of time gives of itself, read without loading the code. Whoever wrote the file wrote this too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precompiled {
    /// As [`Program::imports`]; `None` where another program than this library compiled it, and it isn't recorded.
    pub imports: Option<Vec<String>>,
    /// True if it is recorded as compiled by this release for this machine, with or without checks of the time limit.
    pub fits: bool,
}

impl Code {
    fn serialize(&self) -> wasmtime::Result<Vec<u8>> {
        match self {
            Self::Component(component) => component.serialize(),
            Self::Module(module) | Self::Direct(module) => module.serialize(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Component(_) => Kind::Component,
            Self::Module(_) => Kind::Module,
            Self::Direct(_) => Kind::Direct,
        }
    }

    fn imports(&self, runtime: &Runtime) -> Vec<String> {
        match self {
            Self::Component(component) => {
                let kind = component.component_type();
                kind.imports(&runtime.engine).map(|(name, _)| name.to_owned()).collect()
            }
            Self::Module(module) | Self::Direct(module) => {
                module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect()
            }
        }
    }
}

impl Program {
    /// True if it is a module of WASI preview1, not a component.
    #[must_use]
    pub fn is_module(&self) -> bool {
        self.code.kind() == Kind::Module
    }

    /// The names of the interfaces that a component imports, such as `wasi:cli/environment@0.2.6`, or of the functions that a
    /// module does, such as `wasi_snapshot_preview1.fd_write`. The names are the program's: they may hold anything.
    #[must_use]
    pub fn imports(&self) -> Vec<String> {
        self.record.imports.clone()
    }

    /// The way that its calls reach the host. Reads the program's file again where the way is not recorded.
    #[must_use]
    pub fn bound(&self) -> Bound {
        match self.code.kind() {
            Kind::Module => Bound::AsModule,
            Kind::Direct => Bound::Directly,
            Kind::Component => Bound::ByTheEngine(self.runtime.why_by_the_engine(&self.path)),
        }
    }

    /// The most bytes of the host's memory that one instance of one of its core modules takes, what it holds in memories and tables
    /// not counted.
    pub(crate) fn largest_instance(&self) -> u64 {
        self.record.instance
    }

    /// The compiled code, to be written to a file and loaded again by [`Runtime::load_precompiled`].
    ///
    /// # Errors
    /// If memory runs out.
    pub fn serialize(&self) -> Result<Vec<u8>, LoadError> {
        self.serialized().map_err(|error| self.fail(one_line(&error)))
    }

    fn serialized(&self) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.code.serialize()?;
        bytes.extend(self.record.encode());
        Ok(bytes)
    }

    /// Checks, without running it, that everything it imports is there and that it is a command.
    ///
    /// # Errors
    /// Names the import that is missing, or differs.
    pub fn check(&self) -> Result<(), LoadError> {
        self.link()?.command().map(drop).map_err(|why| self.fail(why.to_owned()))
    }

    /// Checks, without running it, that everything it imports is there, whatever it exports.
    ///
    /// # Errors
    /// Names the import that is missing, or differs.
    pub fn check_imports(&self) -> Result<(), LoadError> {
        self.link().map(drop)
    }

    pub(crate) fn link(&self) -> Result<&Linked, LoadError> {
        if let Some(linked) = self.linked.get() {
            return Ok(linked);
        }
        let linked = Linked::new(self).map_err(|error| self.fail(one_line(&error)))?;
        Ok(self.linked.get_or_init(|| linked))
    }

    pub(crate) fn fail(&self, why: String) -> LoadError {
        LoadError::new(&self.path, why)
    }
}

/// An error of the engine with its causes, on one line.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
