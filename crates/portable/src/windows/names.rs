//! Names and links, of which Win32 has its own idea.
//!
//! Hazard: a rename replaces what it shouldn't, or says only that it may not; so both ends are looked at before. Between
//! that and the rename somebody else may come.

use std::io;
use std::path::{Component, Path, PathBuf};

use callgate_system::{Code, FileType, Result, Stat};
use cap_std::fs::Dir;

use crate::error::{Portable as _, coded};
use crate::stat;

/// A component as cap-std takes it.
///
/// # Errors
/// `NoEntry` for what is no name here, or that of a device: nothing is there, and nothing can be made there.
pub(crate) fn name(name: &[u8]) -> Result<&Path> {
    match str::from_utf8(name) {
        Ok(text) if is_name(text) => Ok(Path::new(text)),
        _ => Err(Code::NoEntry.into()),
    }
}

/// True if Win32 takes all of it for a name (Microsoft's "Naming Files, Paths, and Namespaces").
fn is_name(text: &str) -> bool {
    let is_reserved = |letter: char| letter.is_control() || r#"\/:*?"<>|"#.contains(letter);
    !text.contains(is_reserved) && !text.ends_with(['.', ' ']) && !is_device(text)
}

/// Devices, whatever follows a dot, and in every directory.
fn is_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or(text).trim_end().to_uppercase();
    let is_port = |port: &str| {
        stem.strip_prefix(port).is_some_and(|number| {
            let mut letters = number.chars();
            matches!((letters.next(), letters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || is_port("COM")
        || is_port("LPT")
}

/// A link's text as the walker reads it.
pub(crate) fn link_text(text: PathBuf) -> Vec<u8> {
    let relative = text.components().all(|part| !matches!(part, Component::Prefix(_)));
    let text = text.into_os_string().into_encoded_bytes();
    let slashed = text.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte });
    if relative { slashed.collect() } else { [b'/'].into_iter().chain(slashed).collect() }
}

/// The length of a link's text, which its attributes don't tell.
pub(crate) fn with_length(stat: Stat, text: impl FnOnce() -> io::Result<PathBuf>) -> Result<Stat> {
    if stat.kind != FileType::SymbolicLink {
        return Ok(stat);
    }
    Ok(Stat { size: link_text(text().portable()?).len() as u64, ..stat })
}

/// Makes a link, to a directory where there is one now.
pub(crate) fn symlink(dir: &Dir, text: &str, name: &Path) -> Result<()> {
    let text = PathBuf::from(text.replace('/', "\\"));
    // A link to the outside leads nowhere, as one to nothing does.
    if dir.metadata(&text).is_ok_and(|metadata| metadata.is_dir()) {
        dir.symlink_dir(&text, name).portable()?;
    } else {
        dir.symlink_file(&text, name).portable()?;
    }
    // Wine says that it did, and does nothing.
    match dir.symlink_metadata(name) {
        Ok(made) if made.is_symlink() => Ok(()),
        Ok(_) => Err(Code::Exist.into()),
        Err(_) => Err(Code::Unsupported.into()),
    }
}

/// Renames one plain name to another.
pub(crate) fn rename(from: &Dir, name: &Path, to: &Dir, new_name: &Path) -> Result<()> {
    let old = stat::at(from, name)?;
    let new = match stat::at(to, new_name) {
        Err(error) if error.code == Code::NoEntry => None,
        found => Some(found?),
    };
    if let Some(new) = &new {
        match (old.kind, new.kind) {
            _ if old.identity == new.identity => return Ok(()),
            (FileType::Directory, FileType::Directory) => {}
            (FileType::Directory, _) => return Err(Code::NotDirectory.into()),
            (_, FileType::Directory) => return Err(Code::IsDirectory.into()),
            _ => {}
        }
    }
    match from.rename(name, to, new_name).portable() {
        Err(error) if error.code == Code::Access && new.is_some_and(|new| new.kind == FileType::Directory) => {
            let is_empty = to.read_dir(new_name).portable()?.next().is_none();
            Err(if is_empty { error } else { coded(Code::NotEmpty, error) })
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_win32_reads_more_from_is_no_name() {
        for text in ["a", "a.b", ".a", "COM", "COM10", "CONSOLE", "nulls", "lpt", "übung"] {
            assert!(name(text.as_bytes()).is_ok(), "{text}");
        }
        for text in [
            "a\\b", "C:", "a:b", "a*", "a.", "a ", "a\n", "nul", "NUL.txt", "com1", "COM¹", "lpt9.x", "con .x",
            "CONIN$",
        ] {
            assert_eq!(name(text.as_bytes()).unwrap_err().code, Code::NoEntry, "{text}");
        }
    }

    #[test]
    fn the_text_of_a_link_is_written_with_slashes() {
        for (native, text) in [(r"a\b", "a/b"), (r"..\a", "../a"), (r"\a", "/a"), (r"C:\a", "/C:/a"), (r"C:a", "/C:a")]
        {
            assert_eq!(link_text(PathBuf::from(native)), text.as_bytes(), "{native}");
        }
    }
}
