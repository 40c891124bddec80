//! Calls that must fail, each once: prints its name and the code that it failed with, so that hosts can be compared line by line.
//! Argument 1: an empty mount.

use std::process::ExitCode;

use programs::{Context, Failure, Outcome, argument, create, mount, open, open_directory, run};
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags as Flags, ErrorCode as Code, NewTimestamp, OpenFlags, PathFlags,
};

const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;
const NOFOLLOW: PathFlags = PathFlags::empty();

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        root.create_directory_at("full").context("create-directory-at")?;
        root.create_directory_at("full/er").context("create-directory-at")?;
        root.create_directory_at("empty").context("create-directory-at")?;
        create(&root, "file")?.write(b"content", 0).context("write")?;
        opening(&root)?;
        names(&root)?;
        moving(&root)?;
        descriptors(&root)
    })
}

fn failed<T>(call: &str, result: Result<T, Code>) -> Outcome {
    match result {
        Ok(_) => Err(Failure::new(format!("{call} succeeded"))),
        Err(code) => {
            println!("{call}: {}", code.name());
            Ok(())
        }
    }
}

fn opening(root: &Descriptor) -> Outcome {
    let write = Flags::READ | Flags::WRITE;
    let at = |path: &str, how, flags| root.open_at(FOLLOW, path, how, flags);
    let none = OpenFlags::empty();
    failed("open what is missing", open(root, "missing"))?;
    failed("open below what is missing", open(root, "missing/x"))?;
    failed("open below a file", open(root, "file/x"))?;
    failed("open a file by a slash", open(root, "file/"))?;
    failed("open outside", open(root, "../x"))?;
    failed("open an absolute path", open(root, "/x"))?;
    failed("open nothing", open(root, ""))?;
    failed("open a name of 256 bytes", open(root, &"n".repeat(256)))?;
    failed("open a name with NUL", open(root, "fi\0le"))?;
    failed("open a file as a directory", open_directory(root, "file"))?;
    failed("open a directory to write", at("full", none, write))?;
    failed("truncate a directory", at("full", OpenFlags::TRUNCATE, write))?;
    failed("create over a directory", at("full", OpenFlags::CREATE, write))?;
    failed("create anew over a file", at("file", OpenFlags::CREATE | OpenFlags::EXCLUSIVE, write))?;
    failed("create in what is missing", at("missing/x", OpenFlags::CREATE, write))?;
    failed("create a directory by open", at("new", OpenFlags::CREATE | OpenFlags::DIRECTORY, Flags::READ))
}

fn names(root: &Descriptor) -> Outcome {
    failed("stat what is missing", root.stat_at(FOLLOW, "missing"))?;
    failed("stat below a file", root.stat_at(NOFOLLOW, "file/x"))?;
    failed("hash what is missing", root.metadata_hash_at(FOLLOW, "missing"))?;
    failed("make a directory over a file", root.create_directory_at("file"))?;
    failed("make a directory over a directory", root.create_directory_at("empty"))?;
    failed("make a directory in what is missing", root.create_directory_at("missing/x"))?;
    failed("make a directory outside", root.create_directory_at("../x"))?;
    failed("remove a full directory", root.remove_directory_at("full"))?;
    failed("remove a file as a directory", root.remove_directory_at("file"))?;
    failed("remove a missing directory", root.remove_directory_at("missing"))?;
    failed("remove a directory by a dot", root.remove_directory_at("empty/."))?;
    failed("unlink a directory", root.unlink_file_at("empty"))?;
    failed("unlink what is missing", root.unlink_file_at("missing"))?;
    failed("unlink a file by a slash", root.unlink_file_at("file/"))?;
    failed("read a file as a link", root.readlink_at("file"))?;
    failed("read a missing link", root.readlink_at("missing"))?;
    failed("link to an absolute path", root.symlink_at("/etc", "link"))?;
    failed("link over a file", root.symlink_at("full", "file"))?;
    failed("set times of what is missing", root.set_times_at(FOLLOW, "missing", NewTimestamp::Now, NewTimestamp::Now))
}

fn moving(root: &Descriptor) -> Outcome {
    failed("rename what is missing", root.rename_at("missing", root, "x"))?;
    failed("rename into what is missing", root.rename_at("file", root, "missing/x"))?;
    failed("rename into itself", root.rename_at("full", root, "full/er/x"))?;
    failed("rename outside", root.rename_at("file", root, "../x"))?;
    failed("rename a file over a directory", root.rename_at("file", root, "empty"))?;
    failed("rename a directory over a file", root.rename_at("empty", root, "file"))?;
    failed("rename a directory over a full one", root.rename_at("empty", root, "full"))?;
    failed("hard link of what is missing", root.link_at(NOFOLLOW, "missing", root, "x"))?;
    failed("hard link over a file", root.link_at(NOFOLLOW, "file", root, "file"))?;
    failed("hard link of a directory", root.link_at(NOFOLLOW, "empty", root, "x"))?;
    failed("hard link outside", root.link_at(NOFOLLOW, "file", root, "../x"))
}

fn descriptors(root: &Descriptor) -> Outcome {
    let flags = |flags| root.open_at(FOLLOW, "file", OpenFlags::empty(), flags);
    let (readable, writable) = (flags(Flags::READ)?, flags(Flags::WRITE)?);
    failed("read what is open to write", writable.read(1, 0))?;
    failed("write what is open to read", readable.write(b"x", 0))?;
    failed("cut what is open to read", readable.set_size(0))?;
    failed("cut to more than a file can be", writable.set_size(u64::MAX))?;
    failed("write behind where a file can end", writable.write(b"x", u64::MAX))?;
    failed("read a directory's bytes", root.read(1, 0))?;
    failed("list a file", readable.read_directory())?;
    failed("open below a file's handle", readable.open_at(FOLLOW, "x", OpenFlags::empty(), Flags::READ))
}
