//! The attributes that stat tells, and the times that can be set.

use callgate_system::{FileType, Follow, NewTimestamp, Result, Stat, Timestamp};

use crate::stage::{ATTRIBUTES, READ, Stage, WRITE, write_all};
use crate::{Check, Failure};

cases! { "attributes";
    "a file's kind, size and links", "Directory::stat" => of_file;
    "a directory's kind", "Directory::metadata" => of_directory;
    "a symbolic link's kind and size", "Directory::stat" => of_symlink;
    "an open file tells the same as its name", "File::stat" => file_stat;
    "links are counted", "File::stat" => links_counted;
    "both times are set", "Directory::set_times" => set_both;
    "both times of an open file are set", "File::set_times" => set_file;
    "both times of an open directory are set", "Directory::set_own_times" => set_own;
    "a link's own times are set", "Directory::set_times" => set_link;
    "no-change leaves a time", "Directory::set_times" => no_change;
    "now is about now", "Directory::set_times" => now;
    "a handle without write sets times", "File::set_times" => set_without_write;
    "writing makes the modification later", "File::stat" => write_modifies;
    "nanoseconds are kept", "Directory::set_times" => nanoseconds;
    "nanoseconds of a second or more are invalid", "Directory::set_times" => bad_nanoseconds;
    "nanoseconds of a second or more are invalid on a file", "File::set_times" => bad_nanoseconds_file;
    "nanoseconds of a second or more are invalid on a directory", "Directory::set_own_times" => bad_nanoseconds_own;
    "a time before the epoch is kept or refused", "Directory::set_times" => before_epoch;
    "extreme seconds end well", "Directory::set_times" => extremes;
    "extreme seconds end well on a file", "File::set_times" => extremes_file;
    "times of a missing name are no entry", "Directory::set_times" => missing;
    "a directory syncs", "Directory::sync" => sync_directory;
}

const fn at(seconds: i64, nanoseconds: u32) -> NewTimestamp {
    NewTimestamp::At(Timestamp { seconds, nanoseconds })
}

fn times(stat: &Stat) -> (Option<Timestamp>, Option<Timestamp>) {
    (stat.accessed, stat.modified)
}

/// True if a stat shows these times, or those that a file system rounds them down to (2 s is the coarsest step there is).
fn shows(stat: &Stat, accessed: i64, modified: i64) -> bool {
    let about = |time: Option<Timestamp>, want: i64| time.is_none_or(|time| (want - 1..=want).contains(&time.seconds));
    about(stat.accessed, accessed) && about(stat.modified, modified)
}

fn of_file(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let stat = fine!(stage.root.stat("f", Follow::No));
    same!((stat.kind, stat.size, stat.links), (FileType::RegularFile, 4, 1));
    same!(fine!(stage.root.stat("f", Follow::Yes)), stat);
    Ok(())
}

fn of_directory(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    let stat = fine!(directory.metadata());
    same!(stat.kind, FileType::Directory);
    same!(fine!(stage.root.stat("d", Follow::No)), stat);
    same!(fine!(directory.stat(".", Follow::No)), stat);
    Ok(())
}

fn of_symlink(stage: &Stage<'_>) -> Check {
    stage.symlink("some/where", "l")?;
    let stat = fine!(stage.root.stat("l", Follow::No));
    same!((stat.kind, stat.size), (FileType::SymbolicLink, 10));
    refused!(stage.root.stat("l", Follow::Yes), NoEntry);
    Ok(())
}

fn file_stat(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for how in [READ, WRITE, ATTRIBUTES] {
        same!(fine!(fine!(stage.open("f", how)).stat()), fine!(file.stat()));
    }
    same!(fine!(file.stat()), fine!(stage.root.stat("f", Follow::No)));
    Ok(())
}

fn links_counted(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for (name, links) in [("g", 2), ("h", 3)] {
        fine!(stage.root.link("f", Follow::No, &*stage.root, name));
        same!(fine!(file.stat()).links, links);
    }
    fine!(stage.root.unlink_file("f"));
    same!(fine!(file.stat()).links, 2);
    same!(fine!(stage.root.stat("g", Follow::No)).links, 2);
    Ok(())
}

fn set_both(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    stage.directory("d")?;
    for path in ["f", "d"] {
        fine!(stage.root.set_times(path, Follow::Yes, at(1_000_000_000, 0), at(1_500_000_000, 0)));
        holds!(shows(&fine!(stage.root.stat(path, Follow::No)), 1_000_000_000, 1_500_000_000));
    }
    Ok(())
}

fn set_file(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    fine!(file.set_times(at(1_000_000_000, 0), at(1_500_000_000, 0)));
    holds!(shows(&fine!(file.stat()), 1_000_000_000, 1_500_000_000));
    Ok(())
}

fn set_own(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    fine!(directory.set_own_times(at(1_000_000_000, 0), at(1_500_000_000, 0)));
    holds!(shows(&fine!(directory.metadata()), 1_000_000_000, 1_500_000_000));
    let before = times(&fine!(directory.metadata()));
    fine!(directory.set_own_times(NewTimestamp::NoChange, NewTimestamp::NoChange));
    same!(times(&fine!(directory.metadata())), before);
    Ok(())
}

fn set_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    stage.symlink("f", "l")?;
    let before = times(&fine!(stage.root.stat("f", Follow::No)));
    fine!(stage.root.set_times("l", Follow::No, at(1_000_000_000, 0), at(1_500_000_000, 0)));
    holds!(shows(&fine!(stage.root.stat("l", Follow::No)), 1_000_000_000, 1_500_000_000));
    same!(times(&fine!(stage.root.stat("f", Follow::No))), before);
    Ok(())
}

fn no_change(stage: &Stage<'_>) -> Check {
    use NewTimestamp::NoChange;
    let file = stage.file("f", "")?;
    fine!(file.set_times(at(1_000_000_000, 0), at(1_500_000_000, 0)));
    fine!(stage.root.set_times("f", Follow::Yes, NoChange, at(1_600_000_000, 0)));
    holds!(shows(&fine!(file.stat()), 1_000_000_000, 1_600_000_000));
    fine!(file.set_times(at(1_100_000_000, 0), NoChange));
    holds!(shows(&fine!(file.stat()), 1_100_000_000, 1_600_000_000));
    fine!(file.set_times(NoChange, NoChange));
    holds!(shows(&fine!(file.stat()), 1_100_000_000, 1_600_000_000));
    stage.directory("d")?;
    for missing in ["no", "d/no"] {
        refused!(stage.root.set_times(missing, Follow::Yes, NoChange, NoChange), NoEntry);
        refused!(stage.root.set_times(missing, Follow::No, NoChange, NoChange), NoEntry);
    }
    Ok(())
}

fn now(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    fine!(file.set_times(at(1_000_000_000, 0), at(1_000_000_000, 0)));
    let before = stage.system.clock().wall().seconds;
    fine!(file.set_times(NewTimestamp::Now, NewTimestamp::NoChange));
    fine!(stage.root.set_times("f", Follow::Yes, NewTimestamp::NoChange, NewTimestamp::Now));
    let after = stage.system.clock().wall().seconds;
    // A file system's clock lags by a tick, and may round to 2 s.
    let about_now = |time: Option<Timestamp>| time.is_none_or(|time| (before - 2..=after + 2).contains(&time.seconds));
    let stat = fine!(file.stat());
    holds!(about_now(stat.accessed) && about_now(stat.modified));
    Ok(())
}

fn set_without_write(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    for (how, second) in [(READ, 1_000_000_000), (ATTRIBUTES, 1_100_000_000)] {
        let file = fine!(stage.open("f", how));
        fine!(file.set_times(at(second, 0), at(second, 0)));
        holds!(shows(&fine!(file.stat()), second, second));
    }
    Ok(())
}

fn write_modifies(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    fine!(file.set_times(at(1_000_000_000, 0), at(1_000_000_000, 0)));
    fine!(write_all(&*file, b"x", 0));
    holds!(fine!(file.stat()).modified.is_none_or(|time| time.seconds > 1_000_000_000));
    Ok(())
}

fn nanoseconds(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    fine!(stage.root.set_times("f", Follow::Yes, at(1_000_000_000, 123_456_789), at(1_000_000_000, 999_999_999)));
    let stat = fine!(file.stat());
    // Rounded down to what the file system stores: 1 ns, 100 ns, or whole seconds.
    holds!(stat.accessed.is_none_or(|time| [123_456_789, 123_456_700, 0].contains(&time.nanoseconds)));
    holds!(stat.modified.is_none_or(|time| [999_999_999, 999_999_900, 0].contains(&time.nanoseconds)));
    Ok(())
}

/// Every way of naming a time that is none; `set` must refuse each, and `stat` must show no change.
fn refuse_nanoseconds(
    set: impl Fn(NewTimestamp, NewTimestamp) -> Result<()>,
    stat: impl Fn() -> Result<Stat>,
) -> Check {
    let good = at(1_000_000_000, 0);
    let before = times(&fine!(stat()));
    for bad in [1_000_000_000, 1_000_000_001, 0x3FFF_FFFE, 0x3FFF_FFFF, u32::MAX].map(|nanoseconds| at(1, nanoseconds))
    {
        for other in [good, bad, NewTimestamp::NoChange, NewTimestamp::Now] {
            refused!(set(bad, other), Invalid);
            refused!(set(other, bad), Invalid);
        }
    }
    same!(times(&fine!(stat())), before);
    Ok(())
}

fn bad_nanoseconds(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    let set = |accessed, modified| stage.root.set_times("f", Follow::Yes, accessed, modified);
    refuse_nanoseconds(set, || stage.root.stat("f", Follow::No))?;
    let set = |accessed, modified| stage.root.set_times("f", Follow::No, accessed, modified);
    refuse_nanoseconds(set, || stage.root.stat("f", Follow::No))
}

fn bad_nanoseconds_file(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    refuse_nanoseconds(|accessed, modified| file.set_times(accessed, modified), || file.stat())
}

fn bad_nanoseconds_own(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    refuse_nanoseconds(|accessed, modified| directory.set_own_times(accessed, modified), || directory.metadata())
}

fn before_epoch(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    let set = stage.root.set_times("f", Follow::Yes, at(-2, 500_000_000), at(-86_400, 0));
    if fine_or_refused!(set, Invalid).is_some() {
        holds!(shows(&fine!(file.stat()), -2, -86_400));
        holds!(fine!(file.stat()).accessed.is_none_or(|time| time.nanoseconds < 1_000_000_000));
    }
    Ok(())
}

/// Sets every extreme time; each is taken or refused, the last always refused, and stat goes on working.
fn extreme_times(set: impl Fn(NewTimestamp) -> Result<()>, stat: impl Fn() -> Result<Stat>) -> Check {
    let edges = [i64::from(i32::MIN), i64::from(i32::MAX), i64::from(u32::MAX)];
    let beyond = [i64::MIN, i64::MIN + 1, i64::MIN / 2, i64::MAX / 1_000_000_000, i64::MAX - 1, i64::MAX];
    for second in edges.into_iter().chain(edges.map(|edge| edge + 1)).chain(edges.map(|edge| edge - 1)).chain(beyond) {
        for nanosecond in [0, 999_999_999] {
            if second == i64::MAX {
                refused!(set(at(second, nanosecond)), Invalid);
            }
            fine_or_refused!(set(at(second, nanosecond)), Invalid | Overflow);
            let stat = fine!(stat());
            let sound = |time: Option<Timestamp>| time.is_none_or(|time| time.nanoseconds < 1_000_000_000);
            holds!(sound(stat.accessed) && sound(stat.modified) && sound(stat.changed));
        }
    }
    Ok(())
}

fn extremes(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    extreme_times(|time| stage.root.set_times("f", Follow::Yes, time, time), || stage.root.stat("f", Follow::No))?;
    extreme_times(|time| stage.root.set_times("f", Follow::No, time, time), || stage.root.stat("f", Follow::No))
}

fn extremes_file(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "")?;
    extreme_times(|time| file.set_times(time, time), || file.stat())
}

fn missing(stage: &Stage<'_>) -> Check {
    refused!(stage.root.set_times("no", Follow::Yes, NewTimestamp::Now, NewTimestamp::Now), NoEntry);
    refused!(stage.root.set_times("no", Follow::No, NewTimestamp::Now, NewTimestamp::Now), NoEntry);
    Ok(())
}

fn sync_directory(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    fine!(directory.sync());
    stage.root.sync().map_err(|error| Failure::wrong("the root to sync", error.to_string()))
}
