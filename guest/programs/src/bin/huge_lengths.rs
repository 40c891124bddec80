//! Lengths far beyond what is there: each call gives what there is, or an error, and the host's memory stays small.
//! Argument 1: a mount.

use std::process::ExitCode;

use programs::{Context, argument, check, create, mount, run, same};
use wasip2::filesystem::types::{Advice, ErrorCode as Code};

const HUGE: [u64; 6] = [1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, i64::MAX as u64, u64::MAX];

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let file = create(&root, "small")?;
        file.write(b"0123456789", 0).context("write")?;
        for length in HUGE {
            same(format!("read of {length}"), file.read(length, 0).context("read")?.0, b"0123456789".to_vec())?;
            let input = file.read_via_stream(0).context("read-via-stream")?;
            same(
                format!("stream read of {length}"),
                input.blocking_read(length).context("read")?,
                b"0123456789".to_vec(),
            )?;
            let input = file.read_via_stream(0).context("read-via-stream")?;
            same(format!("skip of {length}"), input.blocking_skip(length).context("skip")?, 10)?;
            let input = file.read_via_stream(0).context("read-via-stream")?;
            let target = create(&root, "target")?;
            let out = target.write_via_stream(0).context("write-via-stream")?;
            check(format!("splice of {length} moves what is there"), out.blocking_splice(&input, length)? <= 10)?;
            file.advise(0, length.min(i64::MAX as u64), Advice::WillNeed).context("advise")?;
        }
        for offset in [1 << 63, u64::MAX - 1, u64::MAX] {
            let allowed = [Code::Invalid, Code::FileTooLarge, Code::Overflow];
            let is_allowed = |error: &Code| allowed.contains(error);
            check(format!("write at {offset}"), file.write(b"x", offset).is_err_and(|error| is_allowed(&error)))?;
            check(format!("set-size {offset}"), file.set_size(offset).is_err_and(|error| is_allowed(&error)))?;
            let read = file.read(1, offset);
            check(
                format!("read at {offset}"),
                read.is_err() || read.is_ok_and(|(bytes, end)| bytes.is_empty() && end),
            )?;
            if let Ok(out) = file.write_via_stream(offset) {
                check(format!("stream write at {offset}"), out.blocking_write_and_flush(b"x").is_err())?;
            }
        }
        // 8 GiB of nothing: what no memory of a guest holds is read in parts.
        let sparse = create(&root, "sparse")?;
        sparse.set_size(1 << 33).context("set-size")?;
        let part = sparse.read(u64::MAX, 0).context("read of everything")?.0.len();
        check(format!("a part is read, not {part} bytes"), (1..=1 << 28).contains(&part))?;
        let input = sparse.read_via_stream(0).context("read-via-stream")?;
        let part = input.blocking_read(u64::MAX).context("stream read of everything")?.len();
        check(format!("a part is streamed, not {part} bytes"), (1..=1 << 28).contains(&part))?;
        let long = "n/".repeat(1 << 20);
        check(
            "a path of 2 MiB is refused",
            root.stat_at(wasip2::filesystem::types::PathFlags::empty(), &long).is_err(),
        )?;
        check("a link text of 2 MiB is refused", root.symlink_at(&long, "link").is_err())?;
        println!("huge_lengths: all well");
        Ok(())
    })
}
