//! Mounts that may grow by 64 KiB and 20 names, and every way around that. Arguments: the mount, `old` (100,000 bytes) in it;
//! the same directory mounted once more; a read-only mount, and the path of that directory in it; `links` for what only a system with all
//! kinds of links shows, or `plain`.

use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, create, mount, open, refused, run, same};
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode as Code, OpenFlags, PathFlags};

const NO: &[Code] = &[Code::Quota];
const BYTES: u64 = 64 << 10;
const NAMES: usize = 20;

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let links = argument(5)? == "links";
        bytes(&root)?;
        truncation(&root)?;
        if links {
            unlinked(&root)?;
        }
        elsewhere(&root, &mount(&argument(2)?)?, &mount(&argument(3)?)?, &argument(4)?)?;
        names(&root, links)?;
        println!("quota: kept");
        Ok(())
    })
}

/// Writes as much as is taken, and says how much that was.
fn fill(file: &Descriptor) -> Outcome<u64> {
    let mut offset = file.stat().context("stat")?.size;
    let before = offset;
    loop {
        match file.write(&[7; 5000], offset) {
            Ok(written) => offset += written,
            Err(Code::Quota) => return Ok(offset - before),
            Err(error) => return Err(error).context("write"),
        }
    }
}

fn bytes(root: &Descriptor) -> Outcome {
    let file = create(root, "a").context("create")?;
    same("bytes that a new file could take", fill(&file)?, BYTES)?;
    same("its size", file.stat()?.size, BYTES)?;
    refused("one more byte", file.write(b"x", BYTES), NO)?;
    refused("a byte far behind", file.write(b"x", 1 << 40), NO)?;
    refused("a larger size", file.set_size(BYTES + 1), NO)?;
    same("bytes written over others", file.write(&[8; 4096], 100)?, 4096)?;
    let stream = file.append_via_stream().context("append-via-stream")?;
    check("a stream at the end fails", stream.blocking_write_and_flush(b"x").is_err())?;
    let old = create(root, "old").context("open of old")?;
    refused("growth of what was there", old.write(b"x", 100_000), NO)?;
    same("a change in what was there", old.write(b"x", 99_999)?, 1)?;
    file.set_size(BYTES - 10).context("a smaller size")?;
    same("bytes given back", fill(&old)?, 10)?;
    root.unlink_file_at("a").context("unlink")?;
    drop(file);
    drop(stream);
    same("bytes given back by a removed file", fill(&old)?, BYTES - 10)?;
    old.set_size(0).context("set-size")?;
    root.unlink_file_at("old").context("unlink of old")
}

fn truncation(root: &Descriptor) -> Outcome {
    same("bytes after what was there was removed", fill(&create(root, "a")?)?, BYTES)?;
    let write = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let how = OpenFlags::CREATE | OpenFlags::TRUNCATE;
    let again = root.open_at(PathFlags::SYMLINK_FOLLOW, "a", how, write).context("truncate")?;
    same("bytes after truncation", fill(&again)?, BYTES)?;
    let b = create(root, "b").context("create b")?;
    root.rename_at("b", root, "a").context("rename over a")?;
    drop(again);
    same("bytes after a file was replaced", fill(&b)?, BYTES)?;
    drop(b);
    root.unlink_file_at("a").context("unlink")
}

/// A file without a name takes room as long as it is open.
fn unlinked(root: &Descriptor) -> Outcome {
    let (a, b) = (create(root, "a")?, create(root, "b")?);
    fill(&a)?;
    root.link_at(PathFlags::empty(), "a", root, "c").context("link")?;
    root.unlink_file_at("a").context("unlink")?;
    same("bytes while there is another name", fill(&b)?, 0)?;
    let reader = open(root, "c").context("open by the other name")?;
    root.unlink_file_at("c").context("unlink of the last name")?;
    drop(a);
    same("bytes while a file without a name is open", fill(&b)?, 0)?;
    drop(reader);
    same("bytes when it is closed", fill(&b)?, BYTES)?;
    root.unlink_file_at("b").context("unlink")
}

/// The same directory, mounted more than once.
fn elsewhere(root: &Descriptor, again: &Descriptor, fixed: &Descriptor, below: &str) -> Outcome {
    let file = create(root, "a").context("create")?;
    fill(&file)?;
    let other = create(again, "a").context("open by the other mount")?;
    let reader = open(fixed, &format!("{below}/a")).context("open by the read-only mount")?;
    root.unlink_file_at("a").context("unlink")?;
    drop(file);
    let b = create(root, "b").context("create b")?;
    same("bytes while the other mounts hold a file without a name", fill(&b)?, 0)?;
    drop(other);
    same("bytes while the read-only mount holds it", fill(&b)?, 0)?;
    drop(reader);
    same("bytes when all have closed it", fill(&b)?, BYTES)?;
    refused("rename to another mount", root.rename_at("b", again, "c"), &[Code::CrossDevice])?;
    refused("link to another mount", root.link_at(PathFlags::empty(), "b", again, "c"), &[Code::CrossDevice])?;
    root.unlink_file_at("b").context("unlink")
}

fn names(root: &Descriptor, links: bool) -> Outcome {
    for number in 0..NAMES - 4 {
        drop(create(root, &format!("file{number}")).context("create")?);
    }
    root.create_directory_at("dir").context("create-directory-at")?;
    for (target, name) in [("file0", "link"), ("dir/new", "dangling")] {
        if links {
            root.symlink_at(target, name).context("symlink-at")?;
        } else {
            drop(create(root, name).context("create")?);
        }
    }
    root.link_at(PathFlags::empty(), "file0", root, "hard").context("link-at")?;
    refused("one more file", create(root, "more").map(drop), NO)?;
    refused("one more directory", root.create_directory_at("more"), NO)?;
    if links {
        refused("a file through a dangling link", create(root, "dangling").map(drop), NO)?;
        refused("one more link", root.symlink_at("file0", "more"), NO)?;
    }
    refused("one more hard link", root.link_at(PathFlags::empty(), "file0", root, "more"), NO)?;
    refused("a directory that is there", root.create_directory_at("dir"), &[Code::Exist])?;
    create(root, "file1").context("open with create of what is there")?;
    root.rename_at("file1", root, "file2").context("rename over another")?;
    drop(create(root, "more").context("create in its place")?);
    root.remove_directory_at("dir").context("remove-directory-at")?;
    root.create_directory_at("dir2").context("create-directory-at in its place")
}
