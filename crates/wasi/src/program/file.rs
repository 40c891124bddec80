//! A program's file, opened once: the same file is judged, hashed and loaded, whatever happens to its name meanwhile.
//!
//! Hazard: it may grow while it is read, without end. Only its length when it was opened counts.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use super::digest::{self, DebugInfo, Digest};
use super::format::{self, Format, unreadable};
use super::image::Image;
use super::record::Record;
use super::{LoadError, Precompiled, load};

/// Bytes of a program that take no longer to hash than a few milliseconds.
const SHORT: u64 = 4 << 20;

/// Bytes of machine code that take no longer to load: the code's declarations have to be gone through.
pub(crate) const SHORT_CODE: u64 = 1 << 20;

/// Bytes that are handed on at once.
const PIECE: usize = 64 << 10;

/// An open file of a program.
#[derive(Debug)]
pub struct ProgramFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    format: Format,
    length: u64,
}

impl ProgramFile {
    /// Opens a file that may hold a program, by its first bytes.
    ///
    /// # Errors
    /// If it cannot be read, or can't be a program.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let fail = |why| LoadError::new(path, why);
        let (file, format) = format::open(path).map_err(fail)?;
        let length = file.metadata().map_err(|error| fail(unreadable(&error)))?.len();
        Ok(Self { path: path.to_owned(), file, format, length })
    }

    /// The path that it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if it holds code compiled ahead of time.
    #[must_use]
    pub fn is_machine_code(&self) -> bool {
        self.format == Format::Precompiled
    }

    /// True if it is read in milliseconds, whatever it holds.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.length <= if self.is_machine_code() { SHORT_CODE } else { SHORT }
    }

    /// The account that the file gives of itself, if it holds code compiled ahead of time.
    #[must_use]
    pub fn precompiled(&self) -> Option<Precompiled> {
        if !self.is_machine_code() {
            return None;
        }
        Some(load::account_of(Record::read(&self.file).ok()?))
    }

    /// Hands the whole file to `take`, piece by piece: for a digest that others compute too.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn pieces(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let (mut file, mut piece) = (&self.file, vec![0; PIECE]);
        file.rewind()?;
        let mut left = file.take(self.length);
        loop {
            match left.read(&mut piece)? {
                0 => return Ok(()),
                length => take(&piece[..length]),
            }
        }
    }

    pub(super) fn digest(&self, debug_info: DebugInfo) -> io::Result<Digest> {
        digest::digest(&self.file, self.length, debug_info)
    }

    pub(super) fn bytes(&self) -> io::Result<Vec<u8>> {
        let (mut file, mut bytes) = (&self.file, Vec::new());
        file.rewind()?;
        file.take(self.length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Its machine code, which does not change any more.
    pub(super) fn image(&self) -> io::Result<Image> {
        Image::copy(&self.file, self.length).or_else(|_| self.bytes().map(Image::Bytes))
    }

    pub(super) fn fail(&self, why: String) -> LoadError {
        LoadError::new(&self.path, why)
    }
}
