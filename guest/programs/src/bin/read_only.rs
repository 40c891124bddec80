//! A read-only mount: everything can be read, nothing changed. Argument 1: the mount, with `file` ("content") and `sub/`;
//! argument 2: `links`, where there is `link` (to `file`) too, or `plain`.

use std::process::ExitCode;

use programs::{Context, Outcome, argument, mount, open, refused, run, same};
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode as Code, NewTimestamp, OpenFlags, PathFlags};

const NO: &[Code] = &[Code::ReadOnly, Code::NotPermitted];
const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;
const READ: DescriptorFlags = DescriptorFlags::READ;

fn main() -> ExitCode {
    run(|| {
        let path = argument(1)?;
        let root = mount(&path)?;
        let links = argument(2)? == "links";
        let before = state(&root)?;
        same("entries by std", std::fs::read_dir(&path).context("read_dir")?.count(), if links { 3 } else { 2 })?;
        opens(&root)?;
        names(&root)?;
        if links {
            link(&root)?;
        }
        handles(&root)?;
        same("the mount afterwards", state(&root)?, before)?;
        println!("read_only: nothing changed");
        Ok(())
    })
}

/// The state that could have changed: content, size, modification times, names.
fn state(root: &Descriptor) -> Outcome<String> {
    let file = open(root, "file").context("open")?;
    let (content, _) = file.read(100, 0).context("read")?;
    let time = |stat: Option<wasip2::clocks::wall_clock::Datetime>| stat.map(|time| (time.seconds, time.nanoseconds));
    let times =
        [file.stat()?, root.stat()?, root.stat_at(FOLLOW, "sub")?].map(|it| time(it.data_modification_timestamp));
    let mut names = Vec::new();
    let entries = root.read_directory().context("read-directory")?;
    while let Some(entry) = entries.read_directory_entry().context("read-directory-entry")? {
        names.push(entry.name);
    }
    names.sort();
    Ok(format!("{content:?} {times:?} {names:?} {:?}", root.readlink_at("link")))
}

fn opens(root: &Descriptor) -> Outcome {
    let write = READ | DescriptorFlags::WRITE;
    let open_at = |path: &str, how, flags| root.open_at(FOLLOW, path, how, flags).map(drop);
    refused("open for writing", open_at("file", OpenFlags::empty(), write), NO)?;
    refused("open for writing only", open_at("file", OpenFlags::empty(), DescriptorFlags::WRITE), NO)?;
    refused("truncate and read", open_at("file", OpenFlags::TRUNCATE, READ), NO)?;
    refused("truncate and write", open_at("file", OpenFlags::TRUNCATE, write), NO)?;
    refused("truncate without rights", open_at("file", OpenFlags::TRUNCATE, DescriptorFlags::empty()), NO)?;
    refused("create", open_at("new", OpenFlags::CREATE, write), NO)?;
    refused("create and read", open_at("new", OpenFlags::CREATE, READ), NO)?;
    refused("create exclusively", open_at("new", OpenFlags::CREATE | OpenFlags::EXCLUSIVE, READ), NO)?;
    // A C library may ask for it whenever it opens a directory; it is granted or not, and changes nothing.
    let flags = READ | DescriptorFlags::MUTATE_DIRECTORY;
    match root.open_at(FOLLOW, "sub", OpenFlags::DIRECTORY, flags) {
        Ok(sub) => refused("create-directory-at by a handle to change things with", sub.create_directory_at("x"), NO),
        Err(error) => refused::<(), _>("a directory to be changed", Err(error), NO),
    }
}

fn names(root: &Descriptor) -> Outcome {
    refused("create-directory-at", root.create_directory_at("new"), NO)?;
    refused("remove-directory-at", root.remove_directory_at("sub"), NO)?;
    refused("unlink-file-at", root.unlink_file_at("file"), NO)?;
    refused("rename-at", root.rename_at("file", root, "new"), NO)?;
    refused("link-at", root.link_at(PathFlags::empty(), "file", root, "new"), NO)?;
    refused("symlink-at", root.symlink_at("file", "new"), NO)?;
    let now = || NewTimestamp::Now;
    refused("set-times-at", root.set_times_at(FOLLOW, "file", now(), now()), NO)
}

fn link(root: &Descriptor) -> Outcome {
    let write = READ | DescriptorFlags::WRITE;
    refused("open a link for writing", root.open_at(FOLLOW, "link", OpenFlags::empty(), write).map(drop), NO)?;
    refused("unlink-file-at of a link", root.unlink_file_at("link"), NO)?;
    refused("rename-at over a file", root.rename_at("link", root, "file"), NO)?;
    let now = || NewTimestamp::Now;
    refused("set-times-at of a link", root.set_times_at(PathFlags::empty(), "link", now(), now()), NO)?;
    same("its text", root.readlink_at("link").context("readlink-at")?, "file".to_owned())
}

/// By handles that were opened for reading: what `open-at` granted is all there is.
fn handles(root: &Descriptor) -> Outcome {
    const NO: &[Code] = &[Code::ReadOnly, Code::NotPermitted, Code::BadDescriptor];
    let now = || NewTimestamp::Now;
    let file = open(root, "file").context("open")?;
    refused("write", file.write(b"x", 0), NO)?;
    refused("write-via-stream", file.write_via_stream(0).map(drop), NO)?;
    refused("append-via-stream", file.append_via_stream().map(drop), NO)?;
    refused("set-size", file.set_size(0), NO)?;
    refused("set-times", file.set_times(now(), now()), NO)?;
    refused("set-times of the mount", root.set_times(now(), now()), NO)?;
    let sub = root.open_at(FOLLOW, "sub", OpenFlags::DIRECTORY, READ).context("open of sub")?;
    refused("set-times of sub", sub.set_times(now(), now()), NO)?;
    refused("create below sub", sub.open_at(FOLLOW, "x", OpenFlags::CREATE, READ).map(drop), NO)?;
    refused("create-directory-at below sub", sub.create_directory_at("x"), NO)?;
    refused("rename-at into sub", root.rename_at("file", &sub, "x"), NO)
}
