//! A program: from a file to code that can run.
//!
//! Hazard: precompiled code is machine code, run as it is. Loading it is trusting it as much as an executable of one's own.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};

use crate::cache::{self, Entry};
use crate::host::Host;
use crate::runtime::Runtime;

/// A compiled component.
#[derive(Clone)]
pub struct Program {
    pub(crate) runtime: Runtime,
    pub(crate) component: Component,
    path: PathBuf,
    /// Linked at the first [`Program::check`] or run, for all.
    linked: OnceLock<Linked>,
}

/// A program whose imports are all there, and the interface that it is started by.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) instance: InstancePre<Host>,
    pub(crate) run: String,
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
        let mut file = File::open(path).map_err(|error| fail(unopened(path, &error)))?;
        let component = match Format::of(&mut file).map_err(fail)? {
            Format::Module => return Err(fail(MODULE.to_owned())),
            Format::Precompiled => self.load_precompiled(path).map_err(fail)?,
            Format::Component | Format::Text => self.load_source(&mut file).map_err(fail)?,
        };
        Ok(Program { runtime: self.clone(), component, path: path.to_owned(), linked: OnceLock::new() })
    }

    /// Takes the code from the cache, or compiles it and keeps it there.
    fn load_source(&self, file: &mut File) -> Result<Component, String> {
        let entry = self.cache.as_ref().and_then(|cache| cache.entry(file));
        let kept = entry.as_ref().map(Entry::path).filter(|path| path.exists());
        if let Some(component) = kept.and_then(|path| self.load_precompiled(&path).ok()) {
            return Ok(component);
        }
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(|error| unreadable(&error))?;
        let component = self.compile(&bytes)?;
        if let (Some(cache), Some(entry)) = (&self.cache, entry)
            && cache::is_settled(file)
            && cache.entry(file).is_some_and(|now| now.is_that_of(&entry))
            && let Ok(code) = component.serialize()
        {
            // A cache that can't be written only costs time at the next start.
            drop(entry.keep(&code));
        }
        Ok(component)
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
        let mapped = unsafe { Component::deserialize_file(&self.engine, path) };
        let loaded = mapped.or_else(|error| {
            // Not every system maps every file as code: Wine maps none.
            let code = fs::read(path).map_err(|_| error)?;
            // SAFETY: as above.
            unsafe { Component::deserialize(&self.engine, code) }
        });
        loaded.map_err(|error| {
            format!("precompiled for another machine, release or setting ({}); compile it anew", one_line(&error))
        })
    }
}

impl Program {
    /// Whether `path` holds code compiled ahead of time, which is as its compiler's settings made it.
    #[must_use]
    pub fn is_precompiled(path: &Path) -> bool {
        File::open(path).is_ok_and(|mut file| matches!(Format::of(&mut file), Ok(Format::Precompiled)))
    }

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

    pub(crate) fn link(&self) -> Result<&Linked, LoadError> {
        if let Some(linked) = self.linked.get() {
            return Ok(linked);
        }
        let missing = "it exports no wasi:cli/run, so there is nothing to run; build it as a program, not as a library";
        let run = self.run_interface().ok_or_else(|| self.fail(missing.to_owned()))?;
        let instance = self.runtime.linker.instantiate_pre(&self.component);
        let instance = instance.map_err(|error| self.fail(one_line(&error)))?;
        Ok(self.linked.get_or_init(|| Linked { instance, run }))
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

const GIVE_A_FILE: &str = "give the path of a .wasm, .wat or .cwasm file";

/// Bytes that show what a file holds.
const START: u64 = 4096;

const MODULE: &str = "a core module, not a component; build it for wasm32-wasip2";

impl Format {
    fn of(file: &mut File) -> Result<Self, String> {
        match file.metadata().map_err(|error| unreadable(&error))? {
            kind if kind.is_dir() => return Err(a_directory()),
            // A device or a pipe may never end.
            kind if !kind.is_file() => return Err(format!("not a regular file; {GIVE_A_FILE}")),
            _ => {}
        }
        let mut start = Vec::new();
        file.take(START).read_to_end(&mut start).map_err(|error| unreadable(&error))?;
        match start.as_slice() {
            [] => Err(format!("an empty file; {GIVE_A_FILE}")),
            [0, b'a', b's', b'm', version @ ..] if version.len() < 4 => {
                Err("cut off in its first bytes; build or copy it anew".to_owned())
            }
            [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Ok(Self::Module),
            [0, b'a', b's', b'm', ..] => Ok(Self::Component),
            [0x7f, b'E', b'L', b'F', ..] => Ok(Self::Precompiled),
            text if starts_as_text(text) => Ok(Self::Text),
            _ => Err(format!("neither WebAssembly nor its text format; {GIVE_A_FILE}")),
        }
    }
}

/// Whether the first thing that is neither space nor comment is a parenthesis.
fn starts_as_text(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let mut lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with(";;"));
    lines.next().is_some_and(|line| line.starts_with('('))
}

/// Windows opens no directory as a file, and doesn't say why.
fn unopened(path: &Path, error: &io::Error) -> String {
    if path.is_dir() { a_directory() } else { unreadable(error) }
}

fn a_directory() -> String {
    format!("a directory; {GIVE_A_FILE}")
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("no such file; {GIVE_A_FILE}"),
        _ => format!("can't be read: {error}"),
    }
}

/// An error of the engine with its causes, on one line.
fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
