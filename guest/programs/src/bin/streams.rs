//! The streams of `wasi:io` over files. Argument 1: a mount.

use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, create, is_closed, mount, open, run, same};
use wasip2::filesystem::types::Descriptor;
use wasip2::io::streams::InputStream;

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        writing(&root)?;
        reading(&root)?;
        zeroes(&root)?;
        appending(&root)?;
        splicing(&root)?;
        handles(&root)?;
        println!("streams: all well");
        Ok(())
    })
}

fn content(file: &Descriptor) -> Outcome<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let (bytes, end) = file.read(1 << 20, content.len() as u64).context("read")?;
        check("an empty read is one at the end", end || !bytes.is_empty())?;
        content.extend(bytes);
        if end {
            same("as long as stat says", content.len() as u64, file.stat().context("stat")?.size)?;
            return Ok(content);
        }
    }
}

fn writing(root: &Descriptor) -> Outcome {
    let file = create(root, "written")?;
    let out = file.write_via_stream(3).context("write-via-stream")?;
    check("a file has room", out.check_write().context("check-write")? >= 4096)?;
    out.write(b"four").context("write")?;
    out.flush().context("flush")?;
    out.subscribe().block();
    out.check_write().context("check-write after a flush")?;
    out.blocking_flush().context("blocking-flush")?;
    out.blocking_write_and_flush(b" five").context("blocking-write-and-flush")?;
    out.check_write().context("check-write")?;
    out.write(b"").context("a write of nothing")?;
    out.blocking_flush().context("blocking-flush")?;
    same("what was written at 3", content(&file)?, b"\0\0\0four five".to_vec())?;
    let pollable = out.subscribe();
    check("a file's stream is ready", pollable.ready())?;
    pollable.block();
    drop(pollable);
    drop(out);

    let two = [file.write_via_stream(0).context("first stream")?, file.write_via_stream(1).context("second stream")?];
    for (out, byte) in two.iter().zip([b"A", b"B"]) {
        out.blocking_write_and_flush(byte).context("blocking-write-and-flush")?;
    }
    same("two streams, two offsets", content(&file)?[..3].to_vec(), b"AB\0".to_vec())?;
    let room = two[0].check_write().context("check-write")?.min(100_000);
    two[0].write(&vec![b'z'; usize::try_from(room)?]).context("a write as large as permitted")?;
    two[0].blocking_flush().context("blocking-flush")?;
    same("its length", file.stat()?.size, (room + 1).max(12))
}

fn reading(root: &Descriptor) -> Outcome {
    let file = create(root, "read")?;
    same("write", file.write(b"0123456789", 0).context("write")?, 10)?;
    same("read at an offset", file.read(3, 4).context("read")?.0, b"456".to_vec())?;
    same("read past the end", file.read(100, 8).context("read")?.0, b"89".to_vec())?;
    same("read behind the end", file.read(100, 1000).context("read")?, (Vec::new(), true))?;

    let input = file.read_via_stream(2).context("read-via-stream")?;
    same("a read of nothing", input.read(0).context("read")?, Vec::new())?;
    same("the first bytes", input.blocking_read(3).context("blocking-read")?, b"234".to_vec())?;
    same("skip", input.blocking_skip(2).context("blocking-skip")?, 2)?;
    let pollable = input.subscribe();
    pollable.block();
    check("ready before the end", pollable.ready())?;
    same("the rest", input.read(100).context("read")?, b"789".to_vec())?;
    same("a read of nothing where the end was not met yet", input.read(0).context("read")?, Vec::new())?;
    check("closed at the end", is_closed(&input.blocking_read(1)))?;
    check("and again", is_closed(&input.read(1)))?;
    check("skip is closed too", is_closed(&input.blocking_skip(1)))?;
    of_nothing("at the end", &input, true)?;
    pollable.block();
    check("ready at the end", pollable.ready())?;
    drop(pollable);
    same("write at the end", file.write(b"ab", 10).context("write")?, 2)?;
    same("a file that has grown goes on", input.read(1).context("read")?, b"a".to_vec())?;
    of_nothing("in a file that has grown", &input, false)?;
    drop(input);

    let input = file.read_via_stream(0).context("read-via-stream")?;
    let mut skipped = 0;
    while let Ok(count) = input.blocking_skip(4) {
        skipped += count;
    }
    same("skipped in all", skipped, 12)?;
    let behind = file.read_via_stream(u64::MAX);
    check("a stream behind every end reads nothing", behind.is_ok_and(|input| input.blocking_read(1).is_err()))
}

/// Checks that a read of nothing says `closed` exactly if `closed` is true, in all four ways to read. None of them blocks.
fn of_nothing(when: &str, input: &InputStream, closed: bool) -> Outcome {
    same(format!("read of nothing {when}"), is_closed(&input.read(0)), closed)?;
    same(format!("blocking-read of nothing {when}"), is_closed(&input.blocking_read(0)), closed)?;
    same(format!("skip of nothing {when}"), is_closed(&input.skip(0)), closed)?;
    same(format!("blocking-skip of nothing {when}"), is_closed(&input.blocking_skip(0)), closed)
}

fn zeroes(root: &Descriptor) -> Outcome {
    let file = create(root, "zeroes")?;
    same("write", file.write(&[1; 40], 0).context("write")?, 40)?;
    let out = file.write_via_stream(10).context("write-via-stream")?;
    check("room for zeroes", out.check_write().context("check-write")? >= 10)?;
    out.write_zeroes(10).context("write-zeroes")?;
    out.blocking_flush().context("blocking-flush")?;
    out.blocking_write_zeroes_and_flush(5).context("blocking-write-zeroes-and-flush")?;
    let mut expected = vec![1; 40];
    expected[10..25].fill(0);
    same("zeroes where they belong", content(&file)?, expected)
}

fn appending(root: &Descriptor) -> Outcome {
    let file = create(root, "appended")?;
    let (one, two) = (file.append_via_stream().context("append-via-stream")?, file.append_via_stream()?);
    for (out, text) in [(&one, "a1 "), (&two, "b1 "), (&one, "a2 "), (&two, "b2")] {
        out.blocking_write_and_flush(text.as_bytes()).context("blocking-write-and-flush")?;
    }
    file.set_size(3).context("set-size")?;
    one.blocking_write_and_flush(b"end").context("blocking-write-and-flush")?;
    same("each at the end as it was then", content(&file)?, b"a1 end".to_vec())
}

fn splicing(root: &Descriptor) -> Outcome {
    let bytes: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
    let (from, to) = (create(root, "spliced from")?, create(root, "spliced to")?);
    let mut written = 0;
    while written < bytes.len() {
        written += usize::try_from(from.write(&bytes[written..], written as u64).context("write")?)?;
    }
    let (input, out) = (from.read_via_stream(0).context("read-via-stream")?, to.write_via_stream(0)?);
    same("a splice of nothing", out.splice(&input, 0).context("splice")?, 0)?;
    check("splice moves no more than asked", out.splice(&input, 1000).context("splice")? <= 1000)?;
    while out.blocking_splice(&input, 50_000).is_ok() {}
    out.blocking_flush().ok();
    check("the copy is the original", content(&to)? == bytes)?;
    check("the source is at its end", is_closed(&input.blocking_read(1)))
}

/// A stream keeps its file; a descriptor opened for one direction gives no stream of the other.
fn handles(root: &Descriptor) -> Outcome {
    let file = create(root, "outlived")?;
    let out = file.write_via_stream(0).context("write-via-stream")?;
    drop(file);
    out.blocking_write_and_flush(b"still").context("writing after the descriptor is closed")?;
    let file = open(root, "outlived")?;
    root.unlink_file_at("outlived").context("unlink-file-at")?;
    same("reading after the name is gone", content(&file)?, b"still".to_vec())?;
    check("no output stream of a file opened for reading", file.write_via_stream(0).is_err())?;
    check("no appending stream of it either", file.append_via_stream().is_err())?;
    check("no input stream of a directory", root.read_via_stream(0).is_err())?;
    check("no output stream of a directory", root.write_via_stream(0).is_err())
}
