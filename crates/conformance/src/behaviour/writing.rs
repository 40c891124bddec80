//! Writing files, and appending to them.

use std::sync::Arc;

use callgate_system::{File, Result};

use crate::Check;
use crate::stage::{ATTRIBUTES, BOTH, READ, Stage, WRITE, read, read_all, write_all};

cases! { "writing";
    "at an offset, over what is there", "File::write_at" => at_offset;
    "past the end, the gap reading as zeros", "File::write_at" => gap;
    "a far gap reads as zeros", "File::write_at" => far_gap;
    "nothing changes nothing", "File::write_at" => nothing;
    "an offset above i64::MAX is invalid", "File::write_at" => huge_offset;
    "next to i64::MAX is refused", "File::write_at" => largest_offset;
    "without the right is a bad descriptor", "File::write_at" => no_right;
    "eight megabytes", "File::write_at" => megabytes;
    "a program file's bytes, all 256, come back", "File::write_at" => all_bytes;
    "append writes at the end", "File::append" => append;
    "append without the right is a bad descriptor", "File::append" => append_no_right;
    "append of nothing changes nothing", "File::append" => append_nothing;
    "append finds the end that another handle made", "File::append" => append_two_handles;
    "append follows set-size", "File::append" => append_after_set_size;
    "a write at an offset after an append stays at its offset", "File::append" => write_after_append;
    "appends of four threads never mix", "File::append" => append_atomically;
    "sync and sync-data succeed on a file", "File::sync" => sync;
    "sync-data after a write", "File::sync_data" => sync_data;
    "advice changes nothing", "File::advise" => advise;
    "advice on any range is taken or invalid", "File::advise" => advise_extremes;
}

fn at_offset(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    fine!(write_all(&*file, b"ab", 3));
    same!(fine!(stage.content("f")), b"012ab56789");
    fine!(write_all(&*file, b"XYZ", 9));
    same!(fine!(stage.content("f")), b"012ab5678XYZ");
    Ok(())
}

fn gap(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "ab")?;
    fine!(write_all(&*file, b"c", 5));
    same!(fine!(stage.content("f")), b"ab\0\0\0c");
    Ok(())
}

fn far_gap(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "a")?;
    fine!(write_all(&*file, b"z", 10_000_000));
    same!(fine!(file.stat()).size, 10_000_001);
    holds!(fine!(read(&*file, 1, 100_000)).iter().all(|byte| *byte == 0));
    same!(fine!(read(&*file, 9_999_999, 10)), b"\0z");
    Ok(())
}

fn nothing(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    same!(fine!(file.write_at(b"", 0)), 0);
    same!(fine!(file.write_at(b"", 100)), 0);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn huge_offset(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for offset in [1 << 63, (1 << 63) + 1, u64::MAX] {
        refused!(file.write_at(b"x", offset), Invalid);
    }
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn largest_offset(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    refused!(file.write_at(b"xx", i64::MAX as u64), Invalid | FileTooLarge | InsufficientSpace);
    refused!(file.write_at(b"xx", i64::MAX as u64 - 1), Invalid | FileTooLarge | InsufficientSpace);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn no_right(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for how in [READ, ATTRIBUTES] {
        let file = fine!(stage.open("f", how));
        refused!(file.write_at(b"x", 0), BadDescriptor);
    }
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn megabytes(stage: &Stage<'_>) -> Check {
    let bytes = vec![7; 8 << 20];
    let file = stage.file("f", "")?;
    fine!(write_all(&*file, &bytes, 0));
    holds!(fine!(read_all(&*file)) == bytes);
    Ok(())
}

fn all_bytes(stage: &Stage<'_>) -> Check {
    let bytes: Vec<u8> = (0..=255).chain(*b"\r\n\n\r\x1a\0").collect();
    stage.file("f", &bytes)?;
    same!(fine!(stage.content("f")), bytes);
    Ok(())
}

fn append_all(file: &dyn File, bytes: &[u8]) -> Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        written += file.append(&bytes[written..])?.max(1);
    }
    Ok(())
}

fn append(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(append_all(&*file, b" and"));
    fine!(append_all(&*file, b" more"));
    same!(fine!(stage.content("f")), b"text and more");
    let file = fine!(stage.open("f", WRITE));
    fine!(append_all(&*file, b"!"));
    same!(fine!(stage.content("f")), b"text and more!");
    Ok(())
}

fn append_no_right(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for how in [READ, ATTRIBUTES] {
        refused!(fine!(stage.open("f", how)).append(b"x"), BadDescriptor);
    }
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn append_nothing(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    same!(fine!(file.append(b"")), 0);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn append_two_handles(stage: &Stage<'_>) -> Check {
    let first = stage.file("f", "")?;
    let second = fine!(stage.open("f", BOTH));
    for (file, text) in [(&first, b"a"), (&second, b"b"), (&first, b"c"), (&first, b"d"), (&second, b"e")] {
        fine!(append_all(&**file, text));
    }
    same!(fine!(stage.content("f")), b"abcde");
    Ok(())
}

fn append_after_set_size(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    fine!(append_all(&*file, b"x"));
    fine!(file.set_size(2));
    fine!(append_all(&*file, b"y"));
    same!(fine!(stage.content("f")), b"01y");
    fine!(file.set_size(5));
    fine!(append_all(&*file, b"z"));
    same!(fine!(stage.content("f")), b"01y\0\0z");
    Ok(())
}

fn write_after_append(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(append_all(&*file, b"s"));
    fine!(write_all(&*file, b"T", 0));
    same!(fine!(stage.content("f")), b"Texts");
    Ok(())
}

fn append_atomically(stage: &Stage<'_>) -> Check {
    const RECORDS: usize = 2000;
    const WRITERS: [u8; 4] = *b"abcd";
    stage.file("f", "")?;
    let mut files = Vec::new();
    for byte in WRITERS {
        files.push((fine!(stage.open("f", WRITE)), byte));
    }
    let begin = std::sync::Barrier::new(files.len());
    let write = |file: &dyn File, byte: u8| {
        begin.wait();
        (0..RECORDS).try_for_each(|_| append_all(file, &[byte; 64]))
    };
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let spawn = |(file, byte): &(Arc<dyn File>, u8)| {
            let (file, byte, write) = (Arc::clone(file), *byte, &write);
            scope.spawn(move || write(&*file, byte))
        };
        let threads: Vec<_> = files.iter().map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().expect("an append doesn't panic")).collect()
    });
    for result in results {
        fine!(result);
    }
    let content = fine!(stage.content("f"));
    same!(content.len(), WRITERS.len() * RECORDS * 64);
    holds!(content.chunks(64).all(|record| record.iter().all(|byte| *byte == record[0])));
    for byte in WRITERS {
        same!(content.iter().filter(|other| **other == byte).count(), RECORDS * 64);
    }
    Ok(())
}

fn sync(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(file.sync());
    fine!(fine!(stage.open("f", READ)).sync());
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn sync_data(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(write_all(&*file, b"T", 0));
    fine!(file.sync_data());
    same!(fine!(stage.content("f")), b"Text");
    Ok(())
}

/// Every advice there is.
const ADVICE: [callgate_system::Advice; 6] = {
    use callgate_system::Advice::{DontNeed, NoReuse, Normal, Random, Sequential, WillNeed};
    [Normal, Sequential, Random, WillNeed, DontNeed, NoReuse]
};

fn advise(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for advice in ADVICE {
        for (offset, length) in [(0, 0), (0, 4), (2, 0), (2, 100), (1 << 40, 1 << 40)] {
            fine!(file.advise(offset, length, advice));
        }
    }
    same!(fine!(file.stat()).size, 4);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn advise_extremes(stage: &Stage<'_>) -> Check {
    const MAX: u64 = i64::MAX as u64;
    let file = stage.file("f", "text")?;
    for advice in ADVICE {
        for (offset, length) in [(MAX, MAX), (MAX, 1), (0, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX), (1 << 63, 1)]
        {
            fine_or_refused!(file.advise(offset, length, advice), Invalid);
        }
    }
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}
