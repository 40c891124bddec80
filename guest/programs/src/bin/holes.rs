//! Files with holes that nobody has paid for, in mounts that may grow by 64 KiB, and every way to fill them for nothing. Arguments: the mount,
//! with the files `a` and `b` (8 MiB, nothing but a hole), `dense` (100,000 bytes) and `tiny` (10 bytes) in it; the same directory mounted
//! once more; and the way.

use std::process::ExitCode;

use programs::{Context, Failure, Outcome, argument, create, mount, refused, run, same};
use wasip2::filesystem::types::{Descriptor, ErrorCode as Code};

const NO: &[Code] = &[Code::Quota];
const BYTES: u64 = 64 << 10;
const SIZE: u64 = 8 << 20;
const PAGE: u64 = 4096;

fn main() -> ExitCode {
    run(|| {
        let (root, again) = (mount(&argument(1)?)?, mount(&argument(2)?)?);
        match argument(3)?.as_str() {
            "pieces" => pieces(&root),
            "bytes" => bytes(&root),
            "mounts" => mounts(&root, &again),
            "sizes" => sizes(&root),
            "cut" => cut(&root),
            "unlinked" => unlinked(&root),
            "own" => own(&root),
            "dense" => dense(&root),
            way => Err(Failure::new(format!("{way} is no way"))),
        }?;
        println!("holes: paid");
        Ok(())
    })
}

/// Writes pieces of `length` at every `step` from `start` until no more are taken; the bytes that were.
fn fill(file: &Descriptor, start: u64, length: usize, step: u64) -> Outcome<u64> {
    let (mut taken, mut offset) = (0, start);
    while offset < SIZE {
        match file.write(&[7; 8192][..length], offset) {
            Ok(written) => taken += written,
            Err(Code::Quota) => return Ok(taken),
            Err(error) => return Err(error).context("write"),
        }
        offset += step;
    }
    Ok(taken)
}

/// In two files, by three handles, now here and now there.
fn pieces(root: &Descriptor) -> Outcome {
    let files = [create(root, "a")?, create(root, "b")?, create(root, "a")?];
    let (mut taken, mut refusals) = (0, 0);
    for number in 0..200 {
        let file = &files[number % 3];
        match file.write(&[7; 3 * PAGE as usize], number as u64 * 10 * PAGE) {
            Ok(written) => taken += written,
            Err(Code::Quota) => refusals += 1,
            Err(error) => return Err(error).context("write"),
        }
    }
    same("bytes in the holes of two files", taken, BYTES)?;
    same("pieces refused", refusals, 200 - 6)?;
    refused("a byte in a hole", files[1].write(b"x", SIZE - 1), NO)?;
    refused("a byte behind the end", files[1].write(b"x", SIZE), NO)
}

/// A byte takes the block it is in.
fn bytes(root: &Descriptor) -> Outcome {
    same("single bytes, each in a block of its own", fill(&create(root, "a")?, 5, 1, PAGE)?, BYTES / PAGE)?;
    refused("a byte in another file", create(root, "b")?.write(b"x", 5), NO)
}

/// Each of two mounts has a quota; what one has filled is no hole to the other.
fn mounts(root: &Descriptor, again: &Descriptor) -> Outcome {
    let (here, there) = (create(root, "a")?, create(again, "a")?);
    same("bytes through one mount", fill(&here, 0, 8192, 8192)?, BYTES)?;
    same("bytes through the other", fill(&there, BYTES, 8192, 8192)?, BYTES)?;
    refused("more through the one", here.write(b"x", 4 * BYTES), NO)?;
    refused("more through the other", there.write(b"x", 4 * BYTES), NO)
}

fn sizes(root: &Descriptor) -> Outcome {
    let a = create(root, "a")?;
    same("bytes in the hole", fill(&a, 0, 8192, 8192)?, BYTES)?;
    for size in [SIZE / 2, BYTES] {
        a.set_size(size).context("a smaller size")?;
        refused("the hole once more", a.set_size(size + 1), NO)?;
        refused("a byte elsewhere", create(root, "b")?.write(b"x", 0), NO)?;
    }
    a.set_size(0).context("size 0")?;
    same("bytes after what was paid for went", fill(&create(root, "b")?, 0, 8192, 8192)?, BYTES)?;
    refused("the old size", a.set_size(SIZE), NO)
}

/// Holes that go give no room.
fn cut(root: &Descriptor) -> Outcome {
    let new = create(root, "new")?;
    same("bytes of a new file", fill(&new, 0, 8192, 8192)?, BYTES)?;
    create(root, "a")?.set_size(0).context("set-size")?;
    refused("a byte after a hole was cut", new.write(b"x", BYTES), NO)?;
    root.unlink_file_at("b").context("unlink")?;
    refused("a byte after a hole was removed", new.write(b"x", BYTES), NO)?;
    root.unlink_file_at("a").context("unlink")?;
    refused("a byte after an empty file was removed", new.write(b"x", BYTES), NO)
}

fn unlinked(root: &Descriptor) -> Outcome {
    let (a, b) = (create(root, "a")?, create(root, "b")?);
    root.unlink_file_at("a").context("unlink")?;
    same("bytes in a file without a name", fill(&a, 0, 8192, 8192)?, BYTES)?;
    refused("a byte in another", b.write(b"x", 0), NO)?;
    drop(a);
    same("bytes when it is closed", fill(&b, 0, 8192, 8192)?, BYTES)
}

/// Holes that were paid for as growth are free, also when the file was closed meanwhile.
fn own(root: &Descriptor) -> Outcome {
    let new = create(root, "new")?;
    new.set_size(BYTES).context("set-size")?;
    same("bytes in half of it", new.write(&[7; BYTES as usize / 2], 0)?, BYTES / 2)?;
    drop(new);
    let new = create(root, "new")?;
    same("bytes in all of it", new.write(&[7; BYTES as usize], 0)?, BYTES)?;
    refused("a byte in a hole that was there before", create(root, "a")?.write(b"x", 0), NO)?;
    drop(new);
    root.unlink_file_at("new").context("unlink")?;
    same("bytes after it was removed", fill(&create(root, "a")?, 0, 8192, 8192)?, BYTES)
}

/// Overwriting bytes that are no hole costs nothing of the quota.
fn dense(root: &Descriptor) -> Outcome {
    same("bytes of a new file", fill(&create(root, "new")?, 0, 8192, 8192)?, BYTES)?;
    let (dense, tiny) = (create(root, "dense")?, create(root, "tiny")?);
    for _ in 0..3 {
        same("bytes written over others", dense.write(&[7; 100_000], 0)?, 100_000)?;
        same("bytes written over a few", tiny.write(&[7; 10], 0)?, 10)?;
    }
    refused("a byte in a hole", create(root, "a")?.write(b"x", 0), NO)
}
