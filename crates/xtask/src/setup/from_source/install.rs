//! Puts a freshly built target into the sysroot, in one step.
//!
//! Hazard: a target's folder counts as complete once it holds `libcore`, for us and for rustc. So all files are first brought
//! together in a folder beside it, and that is renamed. Whatever the folder held before (some toolchains bring a few files
//! for a target without its std) is kept. An interrupted set-up leaves at worst the folder beside it, which the next clears.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Installs libraries, and files of a C library, as the target's folder.
pub(crate) fn install(folder: &Path, libraries: Vec<PathBuf>, libc: Vec<PathBuf>) -> Result<()> {
    let staged = folder.with_extension("partial");
    let replaced = folder.with_extension("replaced");
    for leftover in [&staged, &replaced] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).with_context(|| format!("cannot remove {}", leftover.display()))?;
        }
    }
    if folder.is_dir() {
        copy_tree(folder, &staged)?;
    }
    copy_into(&staged.join("lib"), &libraries)?;
    if !libc.is_empty() {
        copy_into(&staged.join("lib").join("self-contained"), &libc)?;
    }
    let renamed = if folder.is_dir() {
        fs::rename(folder, &replaced).and_then(|()| fs::rename(&staged, folder))
    } else {
        fs::rename(&staged, folder)
    };
    renamed.with_context(|| format!("cannot rename {} to {}", staged.display(), folder.display()))?;
    let _ = fs::remove_dir_all(&replaced);
    Ok(())
}

fn copy_into(folder: &Path, files: &[PathBuf]) -> Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot write into {}: run as the toolchain's owner", folder.display()))?;
    for file in files {
        let name = file.file_name().with_context(|| format!("{} has no name", file.display()))?;
        fs::copy(file, folder.join(name))
            .with_context(|| format!("cannot copy {} to {}", file.display(), folder.display()))?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        match path.file_name() {
            Some(name) if path.is_dir() => copy_tree(&path, &to.join(name))?,
            _ => files.push(path),
        }
    }
    copy_into(to, &files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_filled_folder_is_completed_in_one_step() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        fs::create_dir_all(path("target/lib/self-contained")).unwrap();
        fs::create_dir_all(path("target.partial")).unwrap();
        fs::write(path("target/lib/self-contained/crt2.o"), "old").unwrap();
        fs::write(path("target.partial/rubbish"), "").unwrap();
        fs::write(path("libcore-1.rlib"), "core").unwrap();
        fs::write(path("libc.a"), "c").unwrap();

        install(&path("target"), vec![path("libcore-1.rlib")], vec![path("libc.a")]).unwrap();

        assert_eq!(fs::read(path("target/lib/libcore-1.rlib")).unwrap(), b"core");
        assert_eq!(fs::read(path("target/lib/self-contained/libc.a")).unwrap(), b"c");
        assert_eq!(fs::read(path("target/lib/self-contained/crt2.o")).unwrap(), b"old");
        assert!(!path("target/rubbish").exists());
        assert!(!path("target.partial").exists());
        assert!(!path("target.replaced").exists());
    }

    #[test]
    fn a_missing_library_leaves_no_folder() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("target");
        assert!(install(&folder, vec![scratch.path().join("libcore-1.rlib")], Vec::new()).is_err());
        assert!(!folder.exists());
    }
}
