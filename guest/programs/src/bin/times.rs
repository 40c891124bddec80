//! A file's times: set, kept, read back; and times that no clock ever shows. Argument 1: a mount; argument 2: `files` or `links`.

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use programs::{Context, Outcome, argument, check, create, mount, refused, run, same};
use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{Descriptor, ErrorCode as Code, NewTimestamp, PathFlags};

fn main() -> ExitCode {
    run(|| {
        let path = argument(1)?;
        let root = mount(&path)?;
        by_descriptor(&root)?;
        if argument(2)? == "links" {
            of_links(&root)?;
        } else {
            by_std(Path::new(&path))?;
            extremes(&root)?;
        }
        println!("times: all well");
        Ok(())
    })
}

fn by_std(directory: &Path) -> Outcome {
    let path = directory.join("timed");
    fs::write(&path, "x").context("write")?;
    let modified = fs::metadata(&path).context("metadata")?.modified().context("modified")?;
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    check(format!("a new file is new, not {age:?} old"), age < Duration::from_secs(3600))?;

    let past = UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_000);
    let times = FileTimes::new().set_accessed(past + Duration::from_secs(1)).set_modified(past);
    File::options().write(true).open(&path).context("open")?.set_times(times).context("set_times")?;
    let metadata = fs::metadata(&path).context("metadata")?;
    same("the modification time", metadata.modified().context("modified")?, past)?;
    same("the access time", metadata.accessed().context("accessed")?, past + Duration::from_secs(1))
}

fn at(seconds: u64, nanoseconds: u32) -> NewTimestamp {
    NewTimestamp::Timestamp(Datetime { seconds, nanoseconds })
}

fn modified(file: &Descriptor) -> Outcome<(u64, u32)> {
    let time = file.stat().context("stat")?.data_modification_timestamp;
    let time = time.ok_or_else(|| programs::Failure::new("no modification time"))?;
    Ok((time.seconds, time.nanoseconds))
}

fn by_descriptor(root: &Descriptor) -> Outcome {
    let file = create(root, "by descriptor")?;
    file.set_times(NewTimestamp::NoChange, at(77, 5000)).context("set-times")?;
    same("what was set", modified(&file)?, (77, 5000))?;
    file.set_times(NewTimestamp::Now, NewTimestamp::NoChange).context("set-times of the access time")?;
    same("what was to stay", modified(&file)?, (77, 5000))?;
    file.set_times(NewTimestamp::NoChange, NewTimestamp::Now).context("set-times to now")?;
    check("now is after 2024", modified(&file)?.0 > 1_704_000_000)?;
    root.set_times_at(PathFlags::SYMLINK_FOLLOW, "by descriptor", at(1, 0), at(2, 0)).context("set-times-at")?;
    same("what set-times-at set", modified(&file)?, (2, 0))?;
    root.set_times(at(5, 0), at(6, 0)).context("set-times of a directory")?;
    same("a directory's time", modified(root)?, (6, 0))
}

/// A symbolic link has times of its own.
fn of_links(root: &Descriptor) -> Outcome {
    root.symlink_at("by descriptor", "timed link").context("symlink-at")?;
    let stat = |flags| Ok::<_, Code>(root.stat_at(flags, "timed link")?.data_modification_timestamp.map(|t| t.seconds));
    root.set_times_at(PathFlags::empty(), "timed link", at(8, 0), at(9, 0)).context("set-times-at of a link")?;
    same("the link's time", stat(PathFlags::empty())?, Some(9))?;
    same("its target's time", stat(PathFlags::SYMLINK_FOLLOW)?, Some(2))
}

/// Any answer but a crash is right for seconds that the file system may or may not hold; the nanoseconds of a second or
/// more are no time at all.
fn extremes(root: &Descriptor) -> Outcome {
    let file = create(root, "extreme")?;
    for nanoseconds in [1_000_000_000, 1_073_741_822, 1_073_741_823, u32::MAX] {
        refused(format!("{nanoseconds} ns"), file.set_times(at(1, nanoseconds), at(1, 0)), &[Code::Invalid])?;
        refused(format!("{nanoseconds} ns"), file.set_times(at(1, 0), at(1, nanoseconds)), &[Code::Invalid])?;
    }
    let i64_max = i64::MAX as u64;
    for seconds in [0, 1 << 31, 1 << 32, 1 << 34, 1 << 54, i64_max - 1, i64_max, i64_max + 1, u64::MAX - 1, u64::MAX] {
        match file.set_times(at(seconds, 999_999_999), at(seconds, 999_999_999)) {
            Ok(()) => {
                let kept = file.stat().context("stat of a file with an extreme time")?.data_modification_timestamp;
                println!("{seconds} s: kept as {:?}", kept.map(|time| (time.seconds, time.nanoseconds)));
                check("time is kept or cut, not wrapped", kept.is_none_or(|time| time.seconds <= seconds))?;
            }
            Err(error) => {
                println!("{seconds} s: {}", error.name());
                check("a refusal says why", matches!(error, Code::Invalid | Code::Overflow | Code::NotPermitted))?;
            }
        }
    }
    for seconds in [i64_max + 1, u64::MAX] {
        check(format!("{seconds} s is refused"), file.set_times(at(seconds, 0), at(0, 0)).is_err())?;
    }
    Ok(())
}
