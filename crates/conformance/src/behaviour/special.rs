//! Pipes, devices and sockets in the file system: nothing about them may wait.

use std::sync::mpsc;
use std::time::Duration;

use callgate_system::{File, FileType, Follow, OpenHow, Result};

use crate::stage::{ATTRIBUTES, BOTH, CREATE, READ, Stage, WRITE, open_file};
use crate::{Check, Failure};

cases! { "special";
    "a pipe's kind is told without opening it", "Directory::stat" => fifo_kind;
    "a pipe opens to read at once", "Directory::open" => fifo_read;
    "a pipe without a reader is no such device to write", "Directory::open" => fifo_write;
    "a pipe without a reader is no such device to create or truncate", "Directory::open" => fifo_create;
    "a pipe opens for its attributes at once", "Directory::open" => fifo_attributes;
    "a pipe open both ways has no size to set", "File::set_size" => fifo_set_size;
    "a pipe is listed, renamed, linked and unlinked", "Directory::unlink_file" => fifo_names;
    "a device's kind is told", "Directory::stat" => device_kind;
    "a device is read and written at once", "File::read_at" => device_read;
    "a socket's kind is told", "Directory::stat" => socket_kind;
    "a socket does not open", "Directory::open" => socket_open;
}

/// Runs `call` on a thread of its own: a call that waits is a failure, not a suite that hangs. The time allowed is far
/// beyond what any machine needs, so nothing but a wait can exceed it.
fn at_once<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Check<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(call()));
    receiver.recv_timeout(Duration::from_secs(20)).map_err(|_| Failure::wrong("an answer at once", "it waits"))
}

fn open_at_once(stage: &Stage<'_>, path: &'static str, how: OpenHow) -> Check<Result<std::sync::Arc<dyn File>>> {
    let root = std::sync::Arc::clone(&stage.root);
    at_once(move || open_file(&*root, path, how))
}

fn fifo_kind(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    same!(fine!(stage.root.stat("p", Follow::No)).kind, FileType::Fifo);
    same!(fine!(stage.root.stat("p", Follow::Yes)).kind, FileType::Fifo);
    Ok(())
}

fn fifo_read(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    let file = fine!(open_at_once(stage, "p", READ)?);
    same!(fine!(file.stat()).kind, FileType::Fifo);
    refused!(at_once(move || file.read_at(&mut Vec::with_capacity(4), 0))?, WouldBlock | InvalidSeek);
    Ok(())
}

fn fifo_write(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    refused!(open_at_once(stage, "p", WRITE)?.map(drop), NoSuchDevice);
    Ok(())
}

fn fifo_create(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    let write_only = OpenHow { read: false, ..CREATE };
    refused!(open_at_once(stage, "p", write_only)?.map(drop), NoSuchDevice);
    refused!(open_at_once(stage, "p", OpenHow { truncate: true, ..write_only })?.map(drop), NoSuchDevice);
    refused!(open_at_once(stage, "p", OpenHow { exclusive: true, ..write_only })?.map(drop), Exist);
    refused!(open_at_once(stage, "p", OpenHow { directory: true, ..READ })?.map(drop), NotDirectory);
    Ok(())
}

fn fifo_attributes(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    let file = fine!(open_at_once(stage, "p", ATTRIBUTES)?);
    same!(fine!(file.stat()).kind, FileType::Fifo);
    refused!(at_once(move || file.read_at(&mut Vec::with_capacity(4), 0))?, BadDescriptor);
    Ok(())
}

fn fifo_set_size(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    let file = fine!(open_at_once(stage, "p", BOTH)?);
    refused!(file.set_size(0), Invalid);
    refused!(at_once(move || file.write_at(b"x", 0))?, WouldBlock | InvalidSeek);
    Ok(())
}

fn fifo_names(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Fifo, "p")?;
    fine!(stage.root.rename("p", &*stage.root, "q"));
    fine!(stage.root.link("q", Follow::No, &*stage.root, "r"));
    same!(fine!(crate::stage::names(&*stage.root)), ["q", "r"]);
    fine!(stage.root.unlink_file("q"));
    same!(fine!(stage.root.stat("r", Follow::No)).kind, FileType::Fifo);
    Ok(())
}

fn device_kind(stage: &Stage<'_>) -> Check {
    stage.special(FileType::CharacterDevice, "n")?;
    same!(fine!(stage.root.stat("n", Follow::No)).kind, FileType::CharacterDevice);
    Ok(())
}

fn device_read(stage: &Stage<'_>) -> Check {
    stage.special(FileType::CharacterDevice, "n")?;
    // A file system may be mounted without devices: then it says so.
    let Some(file) = fine_or_refused!(open_at_once(stage, "n", BOTH)?, Access | NotPermitted) else { return Ok(()) };
    let read = at_once(move || (file.read_at(&mut Vec::with_capacity(4), 0), file.write_at(b"text", 0)))?;
    same!(fine_or_refused!(read.0, InvalidSeek | WouldBlock).unwrap_or(0), 0);
    same!(fine_or_refused!(read.1, InvalidSeek | WouldBlock).unwrap_or(4), 4);
    Ok(())
}

fn socket_kind(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Socket, "s")?;
    same!(fine!(stage.root.stat("s", Follow::No)).kind, FileType::Socket);
    Ok(())
}

fn socket_open(stage: &Stage<'_>) -> Check {
    stage.special(FileType::Socket, "s")?;
    refused!(open_at_once(stage, "s", READ)?.map(drop), NoSuchDevice);
    Ok(())
}
