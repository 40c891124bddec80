//! The life of a file by `std::fs`: create, write, read, seek, append, truncate, rename, remove. Argument 1: a
//! directory.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, refused, run, same};

fn main() -> ExitCode {
    run(|| {
        let directory = argument(1)?;
        let directory = Path::new(&directory);
        write_and_read(directory)?;
        open_options(directory)?;
        sizes(directory)?;
        names(directory)?;
        large(directory)?;
        println!("files: all well");
        Ok(())
    })
}

fn write_and_read(directory: &Path) -> Outcome {
    let path = directory.join("a.txt");
    let mut file = File::create_new(&path).context("create_new")?;
    file.write_all(b"hello, ").context("write")?;
    file.write_all(b"file\n").context("write on")?;
    drop(file);
    same("what was written", fs::read_to_string(&path).context("read_to_string")?, "hello, file\n".to_owned())?;

    let mut file = File::open(&path).context("open")?;
    same("seek from the end", file.seek(SeekFrom::End(-5)).context("seek")?, 7)?;
    let mut tail = String::new();
    file.read_to_string(&mut tail).context("read after seek")?;
    same("the tail", tail.as_str(), "file\n")?;
    same("reading at the end", file.read(&mut [0; 8]).context("read at the end")?, 0)?;
    same("seek back", file.seek(SeekFrom::Start(2)).context("seek")?, 2)?;
    let mut two = [0; 2];
    file.read_exact(&mut two).context("read_exact")?;
    same("two bytes", &two, b"ll")?;
    check("a seek before the start is refused", file.seek(SeekFrom::Current(-100)).is_err())?;
    check("writing to a file opened for reading is refused", file.write(b"x").is_err())
}

fn open_options(directory: &Path) -> Outcome {
    let path = directory.join("a.txt");
    let mut append = OpenOptions::new().append(true).open(&path).context("open for append")?;
    append.write_all(b"more\n").context("append")?;
    append.seek(SeekFrom::Start(0)).context("seek on an appending file")?;
    append.write_all(b"last\n").context("append after seek")?;
    drop(append);
    same("after appending", fs::read(&path).context("read")?, b"hello, file\nmore\nlast\n".to_vec())?;

    let mut middle = OpenOptions::new().write(true).open(&path).context("open for writing")?;
    middle.write_all(b"HELLO").context("overwrite")?;
    check("reading a file opened for writing is refused", middle.read(&mut [0; 1]).is_err())?;
    drop(middle);
    same("after overwriting", fs::read(&path).context("read")?, b"HELLO, file\nmore\nlast\n".to_vec())?;

    let exclusive = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| error.kind());
    refused("create_new of a file that is there", exclusive, &[ErrorKind::AlreadyExists])?;
    let missing = OpenOptions::new().write(true).open(directory.join("missing")).map_err(|error| error.kind());
    refused("writing to a missing file", missing, &[ErrorKind::NotFound])?;
    File::create(&path).context("create over it")?;
    same("truncated by create", fs::metadata(&path).context("metadata")?.len(), 0)
}

fn sizes(directory: &Path) -> Outcome {
    let path = directory.join("sized");
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).context("open")?;
    file.write_all(&[7; 10]).context("write")?;
    file.set_len(4).context("cut")?;
    same("length after a cut", file.metadata().context("metadata")?.len(), 4)?;
    file.set_len(8).context("extend")?;
    file.seek(SeekFrom::Start(0)).context("seek")?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).context("read_to_end")?;
    same("the extension reads as zeros", bytes, vec![7, 7, 7, 7, 0, 0, 0, 0])?;
    file.seek(SeekFrom::Start(1000)).context("seek behind the end")?;
    file.write_all(b"end").context("write behind the end")?;
    same("length after a gap", file.metadata().context("metadata")?.len(), 1003)?;
    file.sync_all().context("sync_all")?;
    file.sync_data().context("sync_data")?;
    drop(file);
    let bytes = fs::read(&path).context("read")?;
    check("the gap reads as zeros", bytes[8..1000].iter().all(|byte| *byte == 0) && bytes[1000..] == *b"end")
}

fn names(directory: &Path) -> Outcome {
    let (old, new) = (directory.join("old name"), directory.join("neuer Name ☃"));
    fs::write(&old, b"content").context("write")?;
    fs::write(&new, b"to be replaced").context("write")?;
    fs::rename(&old, &new).context("rename over a file")?;
    refused("the old name", fs::metadata(&old).map_err(|error| error.kind()), &[ErrorKind::NotFound])?;
    same("the new name", fs::read(&new).context("read")?, b"content".to_vec())?;
    same("copy", fs::copy(&new, directory.join("copy")).context("copy")?, 7)?;
    let metadata = fs::metadata(&new).context("metadata")?;
    check("a regular file is one", metadata.is_file() && !metadata.is_dir() && !metadata.is_symlink())?;

    let open = File::open(&new).context("open")?;
    fs::remove_file(&new).context("remove_file")?;
    check("a removed name is gone", !fs::exists(&new).context("exists")?)?;
    same("an open file outlives its name", open.metadata().context("metadata")?.len(), 7)?;
    refused("removing it again", fs::remove_file(&new).map_err(|error| error.kind()), &[ErrorKind::NotFound])
}

/// More than any buffer on the way, so that short reads and writes are met.
fn large(directory: &Path) -> Outcome {
    let path = directory.join("large");
    let content: Vec<u8> = (0_u32..3_000_001).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&path, &content).context("write 3 MB")?;
    check("3 MB come back as they went", fs::read(&path).context("read 3 MB")? == content)?;
    fs::remove_file(&path).context("remove_file")?;
    Ok(())
}
