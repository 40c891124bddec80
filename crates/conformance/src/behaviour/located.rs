//! Strict directories, and the places that paths reach. That they answer as other directories do is in `paths/located.rs`.

use std::sync::Arc;

use callgate_system::{Code, Directory, Ending, FileType, Follow, Names, locate};

use crate::stage::{CREATE, READ, Stage, content, names, open_directory};
use crate::{Check, Failure};

cases! { "located";
    "a strict directory follows no link, nor do those below it", "Directory::strict" => follows_none;
    "a strict directory takes no path that climbs", "Directory::strict" => climbs_never;
    "a strict directory is the same directory, and itself stays as it was", "Directory::strict" => same_directory;
    "what is located is acted on where it was found, however names change", "Directory::strict" => renamed_between;
    "a name swapped for a link after it was located is a loop", "Directory::strict" => swapped_between;
    "a chain of links is located at its end, in the directory there", "Directory::strict" => chain;
    "what is missing is located where it would be made", "Directory::strict" => dangling;
    "a path that can't be located tells how far it led", "Directory::strict" => unlocated;
    "names are told apart as is said", "Directory::names" => told_apart;
    "a name is listed as it was made", "Directory::listed_name" => listed;
    "a name that is missing is not listed", "Directory::listed_name" => not_listed;
}

const FILE: Ending = Ending::File(Follow::Yes);

fn strict(stage: &Stage<'_>) -> Check<Arc<dyn Directory>> {
    stage.root.strict().map_err(|error| Failure::in_set_up("a strict directory", error))
}

/// `d/s/f`, and links to all of it.
fn plant(stage: &Stage<'_>) -> Check<Arc<dyn Directory>> {
    stage.directory("d")?;
    stage.directory("d/s")?;
    stage.file("d/s/f", "text")?;
    for (text, path) in [("d", "ld"), ("d/s/f", "lf"), ("s", "d/ls"), ("../s", "d/s/round"), ("f", "d/s/lf")] {
        stage.symlink(text, path)?;
    }
    strict(stage)
}

fn follows_none(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    let below = fine!(open_directory(&*strict, "d/s"));
    let links = [
        (&strict, "ld/s"),
        (&strict, "lf"),
        (&strict, "d/ls/f"),
        (&strict, "d/s/round/f"),
        (&below, "lf"),
        (&below, "round/f"),
    ];
    for (at, path) in links {
        refused!(at.open(path, READ).map(drop), Loop);
        refused!(at.open(path, CREATE).map(drop), Loop);
        refused!(at.stat(path, Follow::Yes), Loop);
    }
    for path in ["ld/s/f", "d/ls/f"] {
        refused!(strict.unlink_file(path), Loop);
        refused!(strict.rename(path, &*strict, "new"), Loop);
        refused!(strict.rename("d/s/f", &*strict, path), Loop);
        refused!(strict.link(path, Follow::No, &*strict, "new"), Loop);
        refused!(strict.link("d/s/f", Follow::No, &*strict, path), Loop);
        refused!(strict.symlink("text", path), Loop);
        refused!(strict.read_link(path), Loop);
        refused!(strict.create_directory(path), Loop);
        refused!(strict.remove_directory(path), Loop);
    }
    refused!(strict.link("lf", Follow::Yes, &*strict, "new"), Loop);
    same!(fine!(strict.stat("lf", Follow::No)).kind, FileType::SymbolicLink);
    same!(fine!(strict.read_link("lf")), "d/s/f");
    same!(fine!(content(&*below, "f")), b"text");
    Ok(())
}

fn climbs_never(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    for path in ["d/..", "d/../d", "d/s/../s/f", "..", "../root", "d/s/.."] {
        refused!(strict.stat(path, Follow::Yes), Loop);
        refused!(strict.open(path, READ).map(drop), Loop);
        refused!(strict.unlink_file(path), Loop);
    }
    Ok(())
}

fn same_directory(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    same!(fine!(strict.metadata()).identity, fine!(stage.root.metadata()).identity);
    same!(fine!(names(&*strict)), fine!(names(&*stage.root)));
    same!(fine!(stage.root.stat("lf", Follow::Yes)).kind, FileType::RegularFile);
    // Both ways, as the two directories of a call.
    fine!(strict.rename("d/s/f", &*stage.root, "g"));
    fine!(stage.root.rename("g", &*strict, "d/s/f"));
    Ok(())
}

fn renamed_between(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    stage.directory("secret")?;
    stage.file("secret/f", "secret")?;
    let Ok(located) = locate(&strict, "ld/s/f", FILE) else { return Err(Failure::wrong("a place", "none")) };
    same!(located.place, "d/s/f");
    // Another directory takes the place of the one that was located. Some systems move no directory of which one is open.
    if fine_or_refused!(stage.root.rename("d", &*stage.root, "moved"), Access | Busy).is_some() {
        stage.directory("d")?;
        fine!(stage.root.rename("secret", &*stage.root, "d/s"));
        same!(fine!(stage.content("d/s/f")), b"secret");
    }
    same!(fine!(content(&*located.directory, &located.name)), b"text");
    Ok(())
}

fn swapped_between(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    stage.file("secret", "secret")?;
    let Ok(located) = locate(&strict, "lf", FILE) else { return Err(Failure::wrong("a place", "none")) };
    fine!(stage.root.unlink_file("d/s/f"));
    stage.symlink("../../secret", "d/s/f")?;
    refused!(located.directory.open(&located.name, READ).map(drop), Loop | NotPermitted);
    refused!(located.directory.stat(&located.name, Follow::Yes), Loop);
    Ok(())
}

fn chain(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    for (text, path) in [("ld/ls/round", "c1"), ("./c1/.", "c2"), ("c2/../s/lf", "c3"), ("c3", "c4")] {
        stage.symlink(text, path)?;
    }
    for (path, place) in
        [("c4", "d/s/f"), ("c2", "d/s"), ("c2/lf", "d/s/f"), ("c1//.//f", "d/s/f"), ("c2/..", "d"), (".", "")]
    {
        match locate(&strict, path, FILE) {
            Ok(located) => {
                same!(located.place, place);
                same!(
                    fine!(located.directory.stat(&located.name, Follow::No)).identity,
                    fine!(stage.root.stat(path, Follow::Yes)).identity
                );
            }
            Err(unlocated) => return Err(Failure::wrong(format!("{path} at {place}"), unlocated.error.to_string())),
        }
    }
    Ok(())
}

fn dangling(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    stage.symlink("ld/s/new", "l")?;
    let Ok(located) = locate(&strict, "l", FILE) else { return Err(Failure::wrong("a place", "none")) };
    same!(located.place, "d/s/new");
    fine!(located.directory.open(&located.name, CREATE).map(drop));
    same!(fine!(stage.root.stat("d/s/new", Follow::No)).kind, FileType::RegularFile);
    let Ok(named) = locate(&strict, "l", Ending::Name) else { return Err(Failure::wrong("a place", "none")) };
    same!(named.place, "l");
    Ok(())
}

fn unlocated(stage: &Stage<'_>) -> Check {
    let strict = plant(stage)?;
    for (path, place, code) in [
        ("ld/no/x", "d/no", Code::NoEntry),
        ("lf/x", "d/s/f", Code::NotDirectory),
        ("d/s/../../../root", "d/s", Code::NotPermitted),
    ] {
        match locate(&strict, path, FILE) {
            Ok(located) => return Err(Failure::wrong(format!("no {path}"), located.place)),
            Err(unlocated) => same!((unlocated.error.code, unlocated.place), (code, place.to_owned())),
        }
    }
    Ok(())
}

fn told_apart(stage: &Stage<'_>) -> Check {
    stage.file("name", "")?;
    match stage.root.names() {
        Names::Exact => refused!(stage.root.stat("NAME", Follow::No), NoEntry),
        // It may also be that the system can't tell.
        Names::IgnoringCase => drop(fine_or_refused!(stage.root.stat("NAME", Follow::No), NoEntry)),
    }
    Ok(())
}

fn listed(stage: &Stage<'_>) -> Check {
    for name in ["name", "With Some Longer Name.text", "ünïcode", "a~1"] {
        stage.file(name, "")?;
        same!(fine!(stage.root.listed_name(name)), name);
        let other = name.to_uppercase();
        if stage.root.stat(&other, Follow::No).is_ok() {
            same!(fine!(stage.root.listed_name(&other)), name);
        }
    }
    Ok(())
}

fn not_listed(stage: &Stage<'_>) -> Check {
    refused!(stage.root.listed_name("no"), NoEntry);
    Ok(())
}
