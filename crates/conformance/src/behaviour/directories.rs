//! Listing directories.

use std::collections::BTreeMap;

use callgate_system::{Code, Directory, Entries, FileType, Follow};

use crate::Check;
use crate::stage::{ATTRIBUTES, Stage, names, open_directory};

cases! { "directories";
    "an empty one has no entries", "Directory::read_entries" => empty;
    "one entry", "Directory::read_entries" => one;
    "a thousand entries, each once", "Entries::next" => thousand;
    "what a reading holds does not grow with the directory", "Entries::next" => bounded;
    "after the last, none, again and again", "Entries::next" => after_last;
    "kinds are right or not told", "Entries::next" => kinds;
    "two readings are independent", "Directory::read_entries" => independent;
    "a reading starts at the first, each time", "Directory::read_entries" => again;
    "what is neither made nor removed meanwhile comes once", "Entries::next" => concurrent;
    "a reading outlives its directory's handle", "Entries::next" => outlives;
    "a name of bytes is an error for itself only", "Entries::next" => bytes;
    "only names of bytes", "Entries::next" => only_bytes;
    "long names, and many", "Entries::next" => long_names;
    "odd names", "Entries::next" => odd_names;
    "a directory removed meanwhile is no entry", "Directory::read_entries" => removed;
    "a directory opened for attributes only lists too", "Directory::read_entries" => for_attributes;
}

/// Every name, with how often it came.
fn counted(entries: &mut dyn Entries) -> Check<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    while let Some(entry) = fine!(entries.next()) {
        *counts.entry(entry.name).or_default() += 1;
    }
    Ok(counts)
}

/// Makes so many files; their names are long, so that few of them are more than one system call tells.
fn fill(stage: &Stage<'_>, count: usize) -> Check<Vec<String>> {
    let mut names: Vec<String> = (0..count).map(|n| format!("{}{n:04}", "file".repeat(50))).collect();
    names.iter().try_for_each(|name| stage.file(name, "").map(drop))?;
    names.sort_unstable();
    Ok(names)
}

fn empty(stage: &Stage<'_>) -> Check {
    same!(fine!(names(&*stage.root)), [""; 0]);
    same!(fine!(names(&*stage.directory("d")?)), [""; 0]);
    Ok(())
}

fn one(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    same!(fine!(names(&*stage.root)), ["f"]);
    Ok(())
}

fn thousand(stage: &Stage<'_>) -> Check {
    let made = fill(stage, 1000)?;
    same!(fine!(names(&*stage.root)), made);
    Ok(())
}

fn bounded(stage: &Stage<'_>) -> Check {
    let of_few = fine!(stage.root.read_entries()).holds();
    fill(stage, 1000)?;
    let mut entries = fine!(stage.root.read_entries());
    same!(entries.holds(), of_few);
    holds!((1..=64 << 10).contains(&of_few));
    same!(counted(&mut *entries)?.len(), 1000);
    same!(entries.holds(), of_few);
    Ok(())
}

fn after_last(stage: &Stage<'_>) -> Check {
    fill(stage, 3)?;
    let mut entries = fine!(stage.root.read_entries());
    same!(counted(&mut *entries)?.len(), 3);
    for _ in 0..3 {
        same!(fine!(entries.next()), None);
    }
    Ok(())
}

fn kinds(stage: &Stage<'_>) -> Check {
    stage.file("f", "")?;
    stage.directory("d")?;
    stage.symlink("f", "l")?;
    let mut entries = fine!(stage.root.read_entries());
    let mut seen = 0;
    while let Some(entry) = fine!(entries.next()) {
        let kind = fine!(stage.root.stat(&entry.name, Follow::No)).kind;
        holds!(entry.kind == kind || entry.kind == FileType::Unknown);
        seen += 1;
    }
    same!(seen, 3);
    Ok(())
}

fn independent(stage: &Stage<'_>) -> Check {
    fill(stage, 300)?;
    let other = fine!(open_directory(&*stage.root, "."));
    let mut readings =
        [fine!(stage.root.read_entries()), fine!(stage.root.read_entries()), fine!(other.read_entries())];
    let mut counts = [(); 3].map(|()| BTreeMap::<String, usize>::new());
    for step in 0..310 {
        for (index, reading) in readings.iter_mut().enumerate() {
            // The second goes at half the pace.
            let turn = index != 1 || step % 2 == 0;
            if turn && let Some(entry) = fine!(reading.next()) {
                *counts[index].entry(entry.name).or_default() += 1;
            }
        }
    }
    while let Some(entry) = fine!(readings[1].next()) {
        *counts[1].entry(entry.name).or_default() += 1;
    }
    for counts in counts {
        same!(counts.len(), 300);
        holds!(counts.values().all(|count| *count == 1));
    }
    Ok(())
}

fn again(stage: &Stage<'_>) -> Check {
    let mut made = fill(stage, 100)?;
    for _ in 0..3 {
        same!(fine!(names(&*stage.root)), made);
    }
    fine!(fine!(stage.root.read_entries()).next());
    stage.file("late", "")?;
    made.push("late".into());
    same!(fine!(names(&*stage.root)), made);
    Ok(())
}

fn concurrent(stage: &Stage<'_>) -> Check {
    let made = fill(stage, 400)?;
    let mut entries = fine!(stage.root.read_entries());
    let mut counts = BTreeMap::<String, usize>::new();
    for _ in 0..10 {
        if let Some(entry) = fine!(entries.next()) {
            *counts.entry(entry.name).or_default() += 1;
        }
    }
    let is_removed = |name: &str| name.ends_with(['1', '3', '5', '7', '9']);
    for name in made.iter().filter(|name| is_removed(name)) {
        fine!(stage.root.unlink_file(name));
    }
    for n in 0..50 {
        stage.file(&format!("late-{n}"), "")?;
    }
    for (name, count) in counted(&mut *entries)? {
        *counts.entry(name).or_default() += count;
    }
    for name in made.iter().filter(|name| !is_removed(name)) {
        same!((name, counts.get(name)), (name, Some(&1)));
    }
    holds!(counts.values().all(|count| *count == 1));
    Ok(())
}

fn outlives(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    for n in 0..200 {
        stage.file(&format!("d/{n}"), "")?;
    }
    let mut entries = fine!(directory.read_entries());
    drop(directory);
    same!(counted(&mut *entries)?.len(), 200);
    Ok(())
}

fn bytes(stage: &Stage<'_>) -> Check {
    fill(stage, 20)?;
    stage.raw_file(b"\xFF")?;
    stage.raw_file(b"a\xC3(z")?;
    let mut entries = fine!(stage.root.read_entries());
    let (mut good, mut bad) = (0, 0);
    loop {
        match entries.next() {
            Ok(Some(_)) => good += 1,
            Ok(None) => break,
            Err(error) => {
                same!(error.code, Code::IllegalByteSequence);
                bad += 1;
            }
        }
    }
    same!((good, bad), (20, 2));
    Ok(())
}

fn only_bytes(stage: &Stage<'_>) -> Check {
    stage.raw_file(b"\xFE")?;
    let mut entries = fine!(stage.root.read_entries());
    refused!(entries.next(), IllegalByteSequence);
    same!(fine!(entries.next()), None);
    Ok(())
}

fn long_names(stage: &Stage<'_>) -> Check {
    let mut made: Vec<String> = (0..200).map(|n| format!("{n:03}{}", "x".repeat(252))).collect();
    made.push("é".repeat(127));
    for name in &made {
        stage.file(name, "")?;
    }
    made.sort_unstable();
    same!(fine!(names(&*stage.root)), made);
    Ok(())
}

fn odd_names(stage: &Stage<'_>) -> Check {
    let mut odd = ["a\nb", "\\", "*?", "a\tb", "\"", "...", ":", "\u{7f}", "CON"];
    for name in odd {
        stage.raw_file(name.as_bytes())?;
    }
    odd.sort_unstable();
    same!(fine!(names(&*stage.root)), odd);
    for name in odd {
        same!(fine!(stage.content(name)), b"raw");
    }
    Ok(())
}

fn removed(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    fine!(stage.root.remove_directory("d"));
    refused!(directory.read_entries().and_then(|mut entries| entries.next()), NoEntry);
    Ok(())
}

fn for_attributes(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.file("d/f", "")?;
    let callgate_system::Opened::Directory(directory) = fine!(stage.root.open("d", ATTRIBUTES)) else {
        return Err(crate::Failure::wrong("a directory", "a file"));
    };
    let directory: &dyn Directory = &*directory;
    same!(fine!(names(directory)), ["f"]);
    Ok(())
}
