//! Machine code that nobody changes while it is loaded, or afterwards.

use std::fs::File;
use std::io::{self, Cursor, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use super::cache::leads_to;
use super::record::Record;
use super::{Code, Kind, copy};

/// The longest code that is copied into a file in memory, which no limit of memory counts.
const COPIED: u64 = 64 << 20;

/// An image, followed by its record.
pub(super) enum Image {
    /// A file that is sealed, and a path that leads to it as long as it is open.
    File {
        file: File,
        path: PathBuf,
    },
    Bytes(Vec<u8>),
}

impl Image {
    /// A copy of the first `length` bytes of `file`, to be mapped.
    ///
    /// # Errors
    /// If it can't be read, is long, or the system has no such files.
    pub(super) fn copy(file: &File, length: u64) -> io::Result<Self> {
        if length > COPIED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let (file, path) = copy::of(file, length)?;
        Ok(Self::File { file, path })
    }

    pub(super) fn record(&self) -> io::Result<Option<Record>> {
        match self {
            Self::File { file, .. } => Record::read(file),
            Self::Bytes(bytes) => Record::read(Cursor::new(bytes)),
        }
    }

    /// The kind of code without a record, as the engine marks it.
    pub(super) fn marked_kind(&self) -> Option<Kind> {
        let detected = match self {
            Self::File { path, .. } => Engine::detect_precompiled_file(path).ok().flatten(),
            Self::Bytes(bytes) => Engine::detect_precompiled(bytes),
        };
        detected.map(|kind| match kind {
            wasmtime::Precompiled::Module => Kind::Module,
            wasmtime::Precompiled::Component => Kind::Component,
        })
    }

    /// Loads it as code of this kind.
    ///
    /// # Safety
    /// It was written by the engine and not changed since.
    #[allow(unsafe_code, reason = "the engine has no other way to take precompiled code")]
    pub(super) unsafe fn load(self, engine: &Engine, kind: Kind) -> wasmtime::Result<Code> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            Self::File { mut file, path } => {
                // SAFETY: as for this function; the file is sealed.
                if let Ok(code) = unsafe { map(engine, kind, &file, &path) } {
                    return Ok(code);
                }
                // Not every system maps every file as code: Wine maps none.
                let mut bytes = Vec::new();
                file.rewind()?;
                file.read_to_end(&mut bytes)?;
                bytes
            }
        };
        Ok(match kind {
            // SAFETY: as for this function.
            Kind::Component => Code::Component(unsafe { Component::deserialize(engine, bytes) }?),
            // SAFETY: as for this function.
            _ => of_module(kind, unsafe { Module::deserialize(engine, bytes) }?),
        })
    }
}

/// # Safety
/// As for [`Image::load`]; and nobody changes the file as long as it is mapped.
#[allow(unsafe_code, reason = "as for `Image::load`")]
unsafe fn map(engine: &Engine, kind: Kind, file: &File, path: &Path) -> wasmtime::Result<Code> {
    if !leads_to(path, file)? {
        return Err(wasmtime::format_err!("{} is another file", path.display()));
    }
    Ok(match kind {
        // SAFETY: as for this function.
        Kind::Component => Code::Component(unsafe { Component::deserialize_file(engine, path) }?),
        // SAFETY: as for this function.
        _ => of_module(kind, unsafe { Module::deserialize_file(engine, path) }?),
    })
}

/// A module as code of the kind that it is.
fn of_module(kind: Kind, module: Module) -> Code {
    if kind == Kind::Direct { Code::Direct(module) } else { Code::Module(module) }
}
