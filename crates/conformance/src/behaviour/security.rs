//! Attacks that have worked on systems like this one, as far as the path table does not have them already. That table has the
//! re-appended slash, the outside link with create and write, and truncating or statting a directory, for every call.

use std::sync::Arc;

use callgate_system::{Code, Directory, Follow, OpenHow};

use crate::stage::{CREATE, EXCLUSIVE, READ, Stage, WRITE, names, open_directory};
use crate::{Check, Failure};

cases! { "security";
    "outside link, create and write: not permitted (CVE-2024-38358)", "Directory::open" => outside_create;
    "outside directory by a re-appended slash (GHSA-hp8f-xmx4-4qrg)", "Directory::open" => reappended_slash;
    "both ends of a rename by a re-appended slash (GHSA-hp8f-xmx4-4qrg)", "Directory::rename" => reappended_rename;
    "device names are plain names, or refused on NT (CVE-2024-51745)", "Directory::open" => device_names;
    "a link swapped in after an open changes nothing (escape by race)", "Directory::open" => swapped_link;
    "a directory swapped for an outside link is refused", "Directory::open" => swapped_directory;
    "a path as long as a guest can make it is refused", "Directory::open" => endless_path;
    "a thousand levels deep, and up again", "Directory::open" => deep;
}

/// Runs `attack`, and fails where it has changed anything outside.
fn outside_unchanged(stage: &Stage<'_>, attack: impl FnOnce() -> Check) -> Check {
    let before = stage.ground.outside().ok_or_else(|| Failure::Skip("the host shows no outside".into()))?;
    attack()?;
    same!(stage.ground.outside(), Some(before));
    Ok(())
}

fn outside_create(stage: &Stage<'_>) -> Check {
    stage.symlink("../outside/new", "l")?;
    stage.symlink("../outside/secret", "m")?;
    outside_unchanged(stage, || {
        for path in ["l", "m", "./l", "../root/l"] {
            for how in [CREATE, WRITE, OpenHow { truncate: true, ..CREATE }] {
                refused!(stage.root.open(path, how).map(drop), NotPermitted);
            }
        }
        refused!(stage.root.open("l", EXCLUSIVE).map(drop), Exist);
        Ok(())
    })
}

fn reappended_slash(stage: &Stage<'_>) -> Check {
    stage.directory("a")?;
    stage.symlink("evil/", "a/link")?;
    stage.symlink("../../outside", "a/evil")?;
    outside_unchanged(stage, || {
        for follow in [Follow::Yes, Follow::No] {
            refused!(stage.root.open("a/link/", OpenHow { follow, directory: true, ..READ }).map(drop), NotPermitted);
            refused!(stage.root.open("a/link/secret", OpenHow { follow, ..READ }).map(drop), NotPermitted);
            refused!(stage.root.stat("a/link/", follow), NotPermitted);
        }
        let refused = NotPermittedOr(&[Code::Exist, Code::NotDirectory, Code::IsDirectory, Code::Invalid]);
        refused.check(stage.root.create_directory("a/link/new"))?;
        refused.check(stage.root.create_directory("a/link/"))?;
        refused.check(stage.root.remove_directory("a/link/d"))?;
        refused.check(stage.root.remove_directory("a/link/"))?;
        refused.check(stage.root.unlink_file("a/link/secret"))?;
        refused.check(stage.root.unlink_file("a/link/"))?;
        refused.check(stage.root.open("a/link/new", CREATE).map(drop))?;
        refused.check(stage.root.read_link("a/link/").map(drop))
    })
}

fn reappended_rename(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("a")?;
    stage.file("f", "text")?;
    stage.directory("d")?;
    stage.symlink("evil/", "a/link")?;
    stage.symlink("../../outside", "a/evil")?;
    outside_unchanged(stage, || {
        let refused = NotPermittedOr(&[Code::NotDirectory]);
        for (from, to) in [("a/link/", "x"), ("a/link/d", "x"), ("a/link/secret", "x"), ("a/link/d/", "x")] {
            refused.check(stage.root.rename(from, &*stage.root, to))?;
        }
        for (from, to) in
            [("f", "a/link/"), ("f", "a/link/f"), ("d", "a/link/"), ("d", "a/link/new/"), ("d", "a/link/d")]
        {
            refused.check(stage.root.rename(from, &*stage.root, to))?;
        }
        refused.check(stage.root.rename("d", &*directory, "link/d"))
    })?;
    same!(fine!(names(&*stage.root)), ["a", "d", "f"]);
    Ok(())
}

/// Refused as leaving the sandbox, or by what the name itself is.
struct NotPermittedOr(&'static [Code]);

impl NotPermittedOr {
    fn check(&self, result: callgate_system::Result<()>) -> Check {
        match result {
            Err(error) if error.code == Code::NotPermitted || self.0.contains(&error.code) => Ok(()),
            other => Err(Failure::wrong("not-permitted, or what the name itself allows", crate::check::said(&other))),
        }
    }
}

fn device_names(stage: &Stage<'_>) -> Check {
    let names = ["CON", "nul", "COM1", "COM¹", "LPT²", "CONIN$", "aux.txt", "PRN .x", "CLOCK$"];
    for name in names {
        if stage.system.name() == "nt" {
            holds!(stage.root.open(name, CREATE).is_err());
            holds!(stage.root.create_directory(&format!("{name}/x")).is_err());
        } else {
            stage.file(name, name)?;
            same!(fine!(stage.content(name)), name.as_bytes());
        }
    }
    Ok(())
}

fn swapped_link(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(stage.root.rename("f", &*stage.root, "g"));
    stage.symlink("../outside/secret", "f")?;
    outside_unchanged(stage, || {
        fine!(file.write_at(b"T", 0));
        refused!(stage.root.open("f", WRITE).map(drop), NotPermitted);
        same!(fine!(stage.content("g")), b"Text");
        Ok(())
    })
}

fn swapped_directory(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    fine!(stage.root.stat("d", Follow::Yes));
    fine!(stage.root.rename("d", &*stage.root, "e"));
    stage.symlink("../outside", "d")?;
    outside_unchanged(stage, || {
        refused!(stage.root.open("d/secret", READ).map(drop), NotPermitted);
        refused!(stage.root.unlink_file("d/secret"), NotPermitted);
        refused!(directory.stat("secret", Follow::Yes), NoEntry);
        Ok(())
    })
}

fn endless_path(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    for path in ["a".repeat(1 << 20), "d/../".repeat(1 << 18), "/".repeat(1 << 20), "../".repeat(1 << 18)] {
        refused!(stage.root.open(&path, READ).map(drop), NameTooLong | NotPermitted);
        refused!(stage.root.stat(&path, Follow::No), NameTooLong | NotPermitted);
        refused!(stage.root.rename("d", &*stage.root, &path), NameTooLong | NotPermitted);
    }
    Ok(())
}

fn deep(stage: &Stage<'_>) -> Check {
    let path = "d/".repeat(1000);
    let mut bottom = Arc::clone(&stage.root);
    for _ in 0..1000 {
        // Each in the one above: a walk down to it would make this quadratic.
        fine!(bottom.create_directory("d"));
        bottom = fine!(open_directory(&*bottom, "d"));
    }
    stage.file("f", "text")?;
    let up = format!("{}{}", "d/".repeat(700), "../".repeat(700));
    same!(fine!(stage.content(&format!("{up}f"))), b"text");
    refused!(stage.content(&format!("{up}../f")), NotPermitted);
    let root: &dyn Directory = &*stage.root;
    same!(fine!(root.stat(&path, Follow::No)).identity, fine!(bottom.metadata()).identity);
    fine!(root.create_directory(&format!("{path}e")));
    same!(fine!(names(&*bottom)), ["e"]);
    Ok(())
}
