//! The format of a program's file, told by its first bytes.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

/// The format of a program's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Binary,
    Precompiled,
    Text,
}

const GIVE_A_FILE: &str = "give the path of a .wasm, .wat or .cwasm file";

/// Bytes that show what a file holds.
const START: u64 = 4096;

/// Opens a program's file, and tells what it holds.
///
/// # Errors
/// In words, where it can't be a program.
pub(super) fn open(path: &Path) -> Result<(File, Format), String> {
    // To open a FIFO is to wait for whoever writes to it.
    check_kind(path.metadata())?;
    let mut file = File::open(path).map_err(|error| unopened(path, &error))?;
    let format = Format::of(&mut file)?;
    Ok((file, format))
}

/// Refuses anything but a regular file. An error of the metadata is passed over: it shows when the file is opened.
fn check_kind(found: io::Result<Metadata>) -> Result<(), String> {
    match found {
        Ok(kind) if kind.is_dir() => Err(a_directory()),
        // A device or a pipe may never end.
        Ok(kind) if !kind.is_file() => Err(format!("not a regular file; {GIVE_A_FILE}")),
        _ => Ok(()),
    }
}

impl Format {
    fn of(file: &mut File) -> Result<Self, String> {
        check_kind(file.metadata())?;
        let mut start = Vec::with_capacity(START as usize);
        file.take(START).read_to_end(&mut start).map_err(|error| unreadable(&error))?;
        file.rewind().map_err(|error| unreadable(&error))?;
        match start.as_slice() {
            [] => Err(format!("an empty file; {GIVE_A_FILE}")),
            [0, b'a', b's', b'm', version @ ..] if version.len() < 4 => {
                Err("cut off in its first bytes; build or copy it anew".to_owned())
            }
            [0, b'a', b's', b'm', ..] => Ok(Self::Binary),
            [0x7f, b'E', b'L', b'F', ..] => Ok(Self::Precompiled),
            text if starts_as_text(text) => Ok(Self::Text),
            _ => Err(format!("neither WebAssembly nor its text format; {GIVE_A_FILE}")),
        }
    }
}

/// True if a binary's header says version 1, and no layer, which is a module's.
pub(super) fn is_module(binary: &[u8]) -> bool {
    binary.starts_with(b"\0asm\x01\0\0\0")
}

/// True if the first thing that is neither space nor comment is a parenthesis.
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

pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("no such file; {GIVE_A_FILE}"),
        _ => format!("can't be read: {error}"),
    }
}
