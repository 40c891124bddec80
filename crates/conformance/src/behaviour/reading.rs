//! Reading files.

use callgate_system::File;

use crate::Check;
use crate::stage::{ATTRIBUTES, READ, Stage, WRITE, read};

cases! { "reading";
    "at an offset", "File::read_at" => at_offset;
    "at the end is 0", "File::read_at" => at_end;
    "past the end is 0", "File::read_at" => past_end;
    "an empty file is 0", "File::read_at" => empty_file;
    "without spare capacity is 0", "File::read_at" => no_capacity;
    "appends to what the buffer holds", "File::read_at" => appends;
    "takes no more than the spare capacity", "File::read_at" => spare_capacity;
    "a large buffer for a small file", "File::read_at" => large_buffer;
    "a megabyte comes back as written", "File::read_at" => megabyte;
    "an offset above i64::MAX is invalid", "File::read_at" => huge_offset;
    "at i64::MAX is the end or invalid", "File::read_at" => largest_offset;
    "without the right is a bad descriptor", "File::read_at" => no_right;
    "a failed read leaves the buffer as it was", "File::read_at" => failed_read;
    "in place, from the front", "File::read_into" => in_place;
    "in place, more than a megabyte", "File::read_into" => much_in_place;
    "in place, nothing past the end", "File::read_into" => nothing_in_place;
    "in place without the right is a bad descriptor", "File::read_into" => in_place_without_right;
    "from two threads at once", "File::read_at" => two_threads;
}

fn at_offset(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    same!(fine!(read(&*file, 3, 4)), b"3456");
    same!(fine!(read(&*file, 0, 2)), b"01");
    same!(fine!(read(&*file, 8, 4)), b"89");
    Ok(())
}

fn in_place(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    let mut buffer = *b"......";
    let count = fine!(file.read_into(&mut buffer, 7));
    holds!((1..=3).contains(&count));
    let read = &b"789"[..count];
    same!(buffer.as_slice(), [read, &b"......"[count..]].concat());
    same!(fine!(file.read_into(&mut [], 0)), 0);
    Ok(())
}

/// A short read is none of an error; the rest comes by reading on.
fn much_in_place(stage: &Stage<'_>) -> Check {
    let content: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    let file = stage.file("f", &content)?;
    let mut buffer = vec![0; content.len() + 10];
    let mut filled = 0;
    loop {
        let count = fine!(file.read_into(&mut buffer[filled..], filled as u64));
        if count == 0 {
            break;
        }
        filled += count;
    }
    same!(filled, content.len());
    holds!(buffer.starts_with(&content));
    Ok(())
}

fn nothing_in_place(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let mut buffer = [b'.'; 4];
    for offset in [4, 5, 1 << 50] {
        same!(fine!(file.read_into(&mut buffer, offset)), 0);
    }
    refused!(file.read_into(&mut buffer, 1 << 63), Invalid);
    same!(buffer, *b"....");
    Ok(())
}

fn in_place_without_right(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for how in [WRITE, ATTRIBUTES] {
        refused!(fine!(stage.open("f", how)).read_into(&mut [0; 4], 0), BadDescriptor);
    }
    Ok(())
}

fn expect_nothing(file: &dyn File, offset: u64) -> Check {
    let mut buffer = Vec::with_capacity(16);
    same!(fine!(file.read_at(&mut buffer, offset)), 0);
    same!(buffer, b"");
    Ok(())
}

fn at_end(stage: &Stage<'_>) -> Check {
    expect_nothing(&*stage.file("f", "text")?, 4)
}

fn past_end(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    [5, 4096, 1 << 32, 1 << 50].into_iter().try_for_each(|offset| expect_nothing(&*file, offset))
}

fn empty_file(stage: &Stage<'_>) -> Check {
    expect_nothing(&*stage.file("f", "")?, 0)
}

fn no_capacity(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let mut buffer = Vec::new();
    same!(fine!(file.read_at(&mut buffer, 0)), 0);
    same!(buffer.capacity(), 0);
    Ok(())
}

fn appends(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let mut buffer = Vec::with_capacity(64);
    buffer.extend_from_slice(b"before ");
    let count = fine!(file.read_at(&mut buffer, 0));
    holds!((1..=4).contains(&count));
    same!(buffer, [b"before ", &b"text"[..count]].concat());
    Ok(())
}

fn spare_capacity(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    let mut buffer = Vec::with_capacity(4);
    let capacity = buffer.capacity();
    let count = fine!(file.read_at(&mut buffer, 0));
    holds!(count >= 1 && count <= capacity);
    same!(buffer.len(), count);
    same!(buffer.capacity(), capacity);
    same!(buffer, &b"0123456789"[..count]);
    Ok(())
}

fn large_buffer(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let mut buffer = Vec::with_capacity(8 << 20);
    holds!((1..=4).contains(&fine!(file.read_at(&mut buffer, 0))));
    Ok(())
}

fn megabyte(stage: &Stage<'_>) -> Check {
    let bytes: Vec<u8> = (0..1 << 20).map(|n: u32| (n ^ (n >> 8)).to_le_bytes()[0]).collect();
    let file = stage.file("f", &bytes)?;
    holds!(fine!(read(&*file, 0, bytes.len())) == bytes);
    holds!(fine!(read(&*file, 777_777, 1000)) == bytes[777_777..778_777]);
    Ok(())
}

fn huge_offset(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for offset in [1 << 63, (1 << 63) + 1, u64::MAX] {
        refused!(file.read_at(&mut Vec::with_capacity(4), offset), Invalid);
    }
    Ok(())
}

fn largest_offset(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let mut buffer = Vec::with_capacity(4);
    let count = fine_or_refused!(file.read_at(&mut buffer, i64::MAX as u64), Invalid);
    same!((count.unwrap_or(0), buffer.len()), (0, 0));
    Ok(())
}

fn no_right(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for how in [WRITE, ATTRIBUTES] {
        let file = fine!(stage.open("f", how));
        refused!(file.read_at(&mut Vec::with_capacity(4), 0), BadDescriptor);
    }
    Ok(())
}

fn failed_read(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let file = fine!(stage.open("f", WRITE));
    let mut buffer = b"before".to_vec();
    buffer.reserve(16);
    refused!(file.read_at(&mut buffer, 0), BadDescriptor);
    same!(buffer, b"before");
    Ok(())
}

fn two_threads(stage: &Stage<'_>) -> Check {
    let bytes: Vec<u8> = (0..64_u8).flat_map(|n| [n; 64]).collect();
    stage.file("f", &bytes)?;
    let file = fine!(stage.open("f", READ));
    let is_right = |at: usize| read(&*file, at as u64, 64).is_ok_and(|got| got == bytes[at..at + 64]);
    let all_right = &|step: usize| (0..500).all(|n| is_right(n * step % 64 * 64));
    let right = std::thread::scope(|scope| {
        let threads = [1, 3].map(|step| scope.spawn(move || all_right(step)));
        threads.map(|thread| thread.join().expect("no panic"))
    });
    same!(right, [true; 2]);
    Ok(())
}
