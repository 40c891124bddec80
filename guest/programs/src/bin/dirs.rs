//! Directories by `std::fs`: made, listed, renamed, removed. Argument 1: a directory.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, kind_of_reading, refused, run, same};

fn main() -> ExitCode {
    run(|| {
        let root = argument(1)?;
        let root = Path::new(&root);
        fs::create_dir_all(root.join("a/b/c")).context("create_dir_all")?;
        fs::create_dir_all(root.join("a/b/c")).context("create_dir_all again")?;
        check("a directory is one", fs::metadata(root.join("a/b")).context("metadata")?.is_dir())?;
        many(root)?;
        refusals(root)?;
        fs::rename(root.join("a"), root.join("z")).context("rename a directory")?;
        check("its content went with it", fs::exists(root.join("z/b/c")).context("exists")?)?;
        fs::remove_dir_all(root.join("z")).context("remove_dir_all")?;
        check("it is gone", !fs::exists(root.join("z")).context("exists")?)?;
        println!("dirs: all well");
        Ok(())
    })
}

/// Enough entries that they don't fit into one buffer of any system.
fn many(root: &Path) -> Outcome {
    let directory = root.join("a/many");
    fs::create_dir(&directory).context("create_dir")?;
    check("a new directory is empty", fs::read_dir(&directory).context("read_dir")?.next().is_none())?;
    let names: BTreeSet<_> = (0..1500).map(|index| format!("entry {}{index:04}", "n".repeat(index % 200))).collect();
    for name in &names {
        fs::write(directory.join(name), name).context("write")?;
    }
    fs::create_dir(directory.join("sub")).context("create_dir")?;
    let mut seen = BTreeSet::new();
    let mut directories = 0;
    for entry in fs::read_dir(&directory).context("read_dir")? {
        let entry = entry.context("an entry")?;
        let name = entry.file_name().into_string().unwrap_or_default();
        if entry.file_type().context("file_type")?.is_dir() {
            same("the only directory", name.as_str(), "sub")?;
            directories += 1;
        } else {
            same("an entry's own length", entry.metadata().context("metadata")?.len(), name.len() as u64)?;
            check(format!("{name} comes once"), seen.insert(name.clone()))?;
        }
    }
    same("directories listed", directories, 1)?;
    check("every file is listed, and no other", seen == names)
}

fn refusals(root: &Path) -> Outcome {
    let kind = |error: std::io::Error| error.kind();
    // std has no kind for it on this target.
    let number = |error: std::io::Error| error.raw_os_error();
    const NOT_EMPTY: &[Option<i32>] = &[Some(55)];
    let at = |path: &str| root.join(path);
    refused("create_dir twice", fs::create_dir(at("a")).map_err(kind), &[ErrorKind::AlreadyExists])?;
    refused("create_dir below nothing", fs::create_dir(at("no/where")).map_err(kind), &[ErrorKind::NotFound])?;
    refused("remove_dir of a full one", fs::remove_dir(at("a")).map_err(number), NOT_EMPTY)?;
    refused("remove_dir of a missing one", fs::remove_dir(at("no")).map_err(kind), &[ErrorKind::NotFound])?;
    fs::write(at("file"), "x").context("write")?;
    refused("remove_dir of a file", fs::remove_dir(at("file")).map_err(kind), &[ErrorKind::NotADirectory])?;
    refused("read_dir of a file", fs::read_dir(at("file")).map_err(kind), &[ErrorKind::NotADirectory])?;
    let read = fs::read(at("a")).map_err(|error| kind_of_reading(&error));
    refused("reading a directory", read, &[ErrorKind::IsADirectory])?;
    refused("writing to a directory", fs::write(at("a"), "x").map_err(kind), &[ErrorKind::IsADirectory])?;
    refused("a file over a directory", fs::rename(at("file"), at("a")).map_err(kind), &[ErrorKind::IsADirectory])?;
    refused("a directory over a file", fs::rename(at("a"), at("file")).map_err(kind), &[ErrorKind::NotADirectory])?;
    refused("into itself", fs::rename(at("a"), at("a/b/self")).map_err(kind), &[ErrorKind::InvalidInput])?;
    refused("over a full one", fs::rename(at("a/b"), at("a/many")).map_err(number), NOT_EMPTY)?;
    check("remove_file of a directory is refused", fs::remove_file(at("a")).is_err())
}
