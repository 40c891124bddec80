//! A program: from a file to code that can run.
//!
//! Hazard: precompiled code is machine code, run as it is. Loading it is trusting it as much as an executable of one's own.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};

use crate::host::Host;
use crate::runtime::Runtime;

/// A compiled component.
#[derive(Clone)]
pub struct Program {
    pub(crate) runtime: Runtime,
    pub(crate) component: Component,
    path: PathBuf,
}

/// Why a file cannot be run. One line, with what to do about it.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for LoadError {}

/// What a file holds, by its first bytes.
enum Format {
    Component,
    Module,
    Precompiled,
    Text,
}

impl Runtime {
    /// Reads and compiles a component from a `.wasm`, `.wat` or `.cwasm` file; the content decides, not the name.
    ///
    /// A `.cwasm` file is trusted: it holds machine code. Its runtime's options must be those that it was compiled with.
    ///
    /// # Errors
    /// Where the file cannot be read, or is not a valid component.
    pub fn load(&self, path: &Path) -> Result<Program, LoadError> {
        let fail = |why: String| LoadError { path: path.to_owned(), why };
        let component = match read_format(path).map_err(fail)? {
            Format::Module => return Err(fail(MODULE.to_owned())),
            Format::Precompiled => self.load_precompiled(path).map_err(fail)?,
            Format::Component | Format::Text => {
                let bytes = fs::read(path).map_err(|error| fail(unreadable(&error)))?;
                self.compile(&bytes).map_err(fail)?
            }
        };
        Ok(Program { runtime: self.clone(), component, path: path.to_owned() })
    }

    fn compile(&self, bytes: &[u8]) -> Result<Component, String> {
        Component::new(&self.engine, bytes).map_err(|error| {
            let why = one_line(&error);
            // The text format says only now whether it holds a component.
            if why.contains("module") && why.contains("component") {
                MODULE.to_owned()
            } else {
                format!("not a valid component ({why}); build it anew for wasm32-wasip2")
            }
        })
    }

    #[allow(unsafe_code, reason = "the engine has no other way to take precompiled code")]
    fn load_precompiled(&self, path: &Path) -> Result<Component, String> {
        // SAFETY: the file is machine code that the engine wrote; the engine checks its version and settings, and that it
        // is unchanged since is what the caller of `load` vouches for, as its documentation says.
        unsafe { Component::deserialize_file(&self.engine, path) }.map_err(|error| {
            format!("precompiled for another machine, release or setting ({}); compile it anew", one_line(&error))
        })
    }
}

impl Program {
    /// The names of the interfaces that it imports: `wasi:cli/environment@0.2.6`.
    #[must_use]
    pub fn imports(&self) -> Vec<String> {
        let kind = self.component.component_type();
        kind.imports(&self.runtime.engine).map(|(name, _)| name.to_owned()).collect()
    }

    /// The compiled code, to be written to a file and loaded again by [`Runtime::load`].
    ///
    /// # Errors
    /// Where memory runs out.
    pub fn serialize(&self) -> Result<Vec<u8>, LoadError> {
        self.component.serialize().map_err(|error| self.fail(one_line(&error)))
    }

    /// Checks, without running it, that everything it imports is there and that it is a command.
    ///
    /// # Errors
    /// Names the import that is missing, or differs.
    pub fn check(&self) -> Result<(), LoadError> {
        self.link().map(drop)
    }

    pub(crate) fn link(&self) -> Result<(InstancePre<Host>, String), LoadError> {
        let missing = "it exports no wasi:cli/run, so there is nothing to run; build it as a program, not as a library";
        let run = self.run_interface().ok_or_else(|| self.fail(missing.to_owned()))?;
        let linked = self.runtime.linker.instantiate_pre(&self.component);
        Ok((linked.map_err(|error| self.fail(one_line(&error)))?, run))
    }

    /// The name under which it exports what a command is started by.
    fn run_interface(&self) -> Option<String> {
        let kind = self.component.component_type();
        let mut exports = kind.exports(&self.runtime.engine);
        let is_run = |name: &str, item: &ComponentItem| {
            name.starts_with("wasi:cli/run@0.2.") && matches!(item, ComponentItem::ComponentInstance(_))
        };
        exports.find(|(name, item)| is_run(name, &item.ty)).map(|(name, _)| name.to_owned())
    }

    fn fail(&self, why: String) -> LoadError {
        LoadError { path: self.path.clone(), why }
    }
}

const MODULE: &str = "a core module, not a component; build it for wasm32-wasip2";

fn read_format(path: &Path) -> Result<Format, String> {
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    match file.metadata().map_err(|error| unreadable(&error))? {
        kind if kind.is_dir() => return Err("a directory; give the path of a .wasm, .wat or .cwasm file".to_owned()),
        // A device or a pipe may never end.
        kind if !kind.is_file() => {
            return Err("not a regular file; give the path of a .wasm, .wat or .cwasm file".to_owned());
        }
        _ => {}
    }
    let mut start = [0; 8];
    let mut length = 0;
    while length < start.len() {
        match file.read(&mut start[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) => return Err(unreadable(&error)),
        }
    }
    match &start[..length] {
        [] => Err("an empty file; give the path of a .wasm, .wat or .cwasm file".to_owned()),
        [0, b'a', b's', b'm', version @ ..] if version.len() < 4 => {
            Err("cut off in its first bytes; build or copy it anew".to_owned())
        }
        [0, b'a', b's', b'm', 1, 0, 0, 0] => Ok(Format::Module),
        [0, b'a', b's', b'm', ..] => Ok(Format::Component),
        [0x7f, b'E', b'L', b'F', ..] => Ok(Format::Precompiled),
        _ if starts_as_text(path) => Ok(Format::Text),
        _ => Err("neither WebAssembly nor its text format; give the path of a .wasm, .wat or .cwasm file".to_owned()),
    }
}

/// Whether the first thing in the file that is neither space nor comment is a parenthesis.
fn starts_as_text(path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(path) else { return false };
    let mut lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with(";;"));
    lines.next().is_some_and(|line| line.starts_with('('))
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file; give the path of a .wasm, .wat or .cwasm file".to_owned(),
        _ => format!("can't be read: {error}"),
    }
}

/// An error of the engine with its causes, on one line.
fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
