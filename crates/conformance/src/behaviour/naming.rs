//! Making, renaming and removing names; what is open meanwhile stays open.

use callgate_system::{FileType, Follow};

use super::stranger::Stranger;
use crate::Check;
use crate::stage::{READ, Stage, names, open_file, read_all, write_all};

cases! { "naming";
    "a rename moves the content", "Directory::rename" => rename;
    "a rename replaces a file", "Directory::rename" => rename_over_file;
    "a rename over an open file leaves its handle the old content", "Directory::rename" => rename_over_open;
    "a renamed open file stays open", "Directory::rename" => rename_open;
    "a directory replaces an empty directory", "Directory::rename" => directory_over_empty;
    "a directory over a non-empty one is refused", "Directory::rename" => directory_over_full;
    "a file over a directory is refused", "Directory::rename" => file_over_directory;
    "a directory over a file is refused", "Directory::rename" => directory_over_file;
    "a directory into itself is refused", "Directory::rename" => into_itself;
    "a rename onto itself changes nothing", "Directory::rename" => onto_itself;
    "a rename onto a hard link of the same file changes nothing", "Directory::rename" => onto_hard_link;
    "a rename moves a link, not its target", "Directory::rename" => rename_link;
    "a rename replaces a link, not its target", "Directory::rename" => rename_over_link;
    "a rename into another directory's handle", "Directory::rename" => rename_across;
    "a rename onto an own parent is refused", "Directory::rename" => onto_parent;
    "a rename to another system is cross-device", "Directory::rename" => rename_stranger;
    "unlinked while open, the content stays", "Directory::unlink_file" => unlink_open;
    "unlink of a link leaves its target", "Directory::unlink_file" => unlink_link;
    "unlink of a directory is refused", "Directory::unlink_file" => unlink_directory;
    "a removed directory is gone", "Directory::remove_directory" => remove;
    "a full directory stays", "Directory::remove_directory" => remove_full;
    "a removed link to a directory is refused", "Directory::remove_directory" => remove_link;
    "a new directory is empty", "Directory::create_directory" => create;
    "a directory over a dangling link exists", "Directory::create_directory" => create_over_dangling;
    "names are kept as they are", "Directory::create_directory" => odd_names;
}

fn rename(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    fine!(stage.root.rename("f", &*stage.root, "g"));
    same!(fine!(names(&*stage.root)), ["g"]);
    same!(fine!(stage.content("g")), b"text");
    Ok(())
}

fn rename_over_file(stage: &Stage<'_>) -> Check {
    stage.file("f", "new")?;
    stage.file("g", "old")?;
    fine!(stage.root.rename("f", &*stage.root, "g"));
    same!(fine!(names(&*stage.root)), ["g"]);
    same!(fine!(stage.content("g")), b"new");
    Ok(())
}

fn rename_over_open(stage: &Stage<'_>) -> Check {
    stage.file("f", "new")?;
    let old = stage.file("g", "old")?;
    fine!(stage.root.rename("f", &*stage.root, "g"));
    same!(fine!(read_all(&*old)), b"old");
    fine!(write_all(&*old, b"O", 0));
    same!(fine!(stage.content("g")), b"new");
    same!(fine!(old.stat()).links, 0);
    Ok(())
}

fn rename_open(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(stage.root.rename("f", &*stage.root, "g"));
    fine!(write_all(&*file, b"T", 0));
    same!(fine!(stage.content("g")), b"Text");
    Ok(())
}

fn directory_over_empty(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.file("d/f", "text")?;
    stage.directory("e")?;
    fine!(stage.root.rename("d", &*stage.root, "e"));
    same!(fine!(names(&*stage.root)), ["e"]);
    same!(fine!(stage.content("e/f")), b"text");
    Ok(())
}

fn directory_over_full(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.directory("e")?;
    stage.file("e/f", "text")?;
    refused!(stage.root.rename("d", &*stage.root, "e"), NotEmpty);
    same!(fine!(names(&*stage.root)), ["d", "e"]);
    same!(fine!(stage.content("e/f")), b"text");
    Ok(())
}

fn file_over_directory(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.directory("d")?;
    refused!(stage.root.rename("f", &*stage.root, "d"), IsDirectory);
    same!(fine!(names(&*stage.root)), ["d", "f"]);
    Ok(())
}

fn directory_over_file(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.directory("d")?;
    refused!(stage.root.rename("d", &*stage.root, "f"), NotDirectory);
    same!(fine!(names(&*stage.root)), ["d", "f"]);
    Ok(())
}

fn into_itself(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    let below = stage.directory("d/s")?;
    for path in ["d/x", "d/s/x", "d/s"] {
        refused!(stage.root.rename("d", &*stage.root, path), Invalid);
    }
    refused!(stage.root.rename("d", &*directory, "x"), Invalid);
    refused!(stage.root.rename("d", &*below, "x"), Invalid);
    same!(fine!(names(&*directory)), ["s"]);
    Ok(())
}

fn onto_itself(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    let directory = stage.directory("d")?;
    stage.file("d/f", "below")?;
    fine!(stage.root.rename("f", &*stage.root, "f"));
    fine!(stage.root.rename("f", &*stage.root, "./d/../f"));
    fine!(stage.root.rename("d", &*stage.root, "d"));
    fine!(stage.root.rename("d/f", &*directory, "f"));
    same!(fine!(names(&*stage.root)), ["d", "f"]);
    same!(fine!(stage.content("f")), b"text");
    same!(fine!(stage.content("d/f")), b"below");
    Ok(())
}

fn onto_hard_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    fine!(stage.root.link("f", Follow::No, &*stage.root, "g"));
    fine!(stage.root.rename("f", &*stage.root, "g"));
    same!(fine!(names(&*stage.root)), ["f", "g"]);
    same!(fine!(stage.content("g")), b"text");
    Ok(())
}

fn rename_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.symlink("f", "l")?;
    fine!(stage.root.rename("l", &*stage.root, "m"));
    same!(fine!(stage.root.read_link("m")), "f");
    same!(fine!(names(&*stage.root)), ["f", "m"]);
    Ok(())
}

fn rename_over_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.file("g", "new")?;
    stage.symlink("f", "l")?;
    fine!(stage.root.rename("g", &*stage.root, "l"));
    same!(fine!(stage.content("f")), b"text");
    same!(fine!(stage.root.stat("l", Follow::No)).kind, FileType::RegularFile);
    same!(fine!(stage.content("l")), b"new");
    Ok(())
}

fn rename_across(stage: &Stage<'_>) -> Check {
    let (from, to) = (stage.directory("d")?, stage.directory("e")?);
    stage.file("d/f", "text")?;
    fine!(from.rename("f", &*to, "g"));
    same!(fine!(names(&*from)), [""; 0]);
    same!(fine!(read_all(&*fine!(open_file(&*to, "g", READ)))), b"text");
    refused!(to.rename("g", &*from, "../g"), NotPermitted);
    refused!(to.rename("../e/g", &*from, "g"), NotPermitted);
    same!(fine!(names(&*to)), ["g"]);
    Ok(())
}

fn onto_parent(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.directory("d/s")?;
    stage.file("d/f", "text")?;
    refused!(stage.root.rename("d/s", &*stage.root, "d"), NotEmpty);
    refused!(stage.root.rename("d/f", &*stage.root, "d"), IsDirectory | NotEmpty);
    same!(fine!(stage.content("d/f")), b"text");
    Ok(())
}

fn rename_stranger(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    refused!(stage.root.rename("f", &Stranger, "g"), CrossDevice);
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn unlink_open(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(stage.root.unlink_file("f"));
    refused!(stage.root.stat("f", Follow::No), NoEntry);
    same!(fine!(read_all(&*file)), b"text");
    fine!(write_all(&*file, b"s", 4));
    same!(fine!(read_all(&*file)), b"texts");
    same!(fine!(file.stat()).links, 0);
    stage.file("f", "new")?;
    same!(fine!(read_all(&*file)), b"texts");
    Ok(())
}

fn unlink_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.symlink("f", "l")?;
    fine!(stage.root.unlink_file("l"));
    same!(fine!(names(&*stage.root)), ["f"]);
    Ok(())
}

fn unlink_directory(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    refused!(stage.root.unlink_file("d"), IsDirectory);
    same!(fine!(names(&*stage.root)), ["d"]);
    Ok(())
}

fn remove(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    fine!(stage.root.remove_directory("d"));
    same!(fine!(names(&*stage.root)), [""; 0]);
    refused!(stage.root.remove_directory("d"), NoEntry);
    Ok(())
}

fn remove_full(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.file("d/f", "text")?;
    refused!(stage.root.remove_directory("d"), NotEmpty);
    same!(fine!(stage.content("d/f")), b"text");
    Ok(())
}

fn remove_link(stage: &Stage<'_>) -> Check {
    stage.directory("d")?;
    stage.symlink("d", "l")?;
    refused!(stage.root.remove_directory("l"), NotDirectory);
    same!(fine!(names(&*stage.root)), ["d", "l"]);
    Ok(())
}

fn create(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    same!(fine!(names(&*directory)), [""; 0]);
    refused!(stage.root.create_directory("d"), Exist);
    refused!(stage.root.create_directory("no/d"), NoEntry);
    Ok(())
}

fn create_over_dangling(stage: &Stage<'_>) -> Check {
    stage.symlink("no", "l")?;
    refused!(stage.root.create_directory("l"), Exist);
    same!(fine!(names(&*stage.root)), ["l"]);
    Ok(())
}

fn odd_names(stage: &Stage<'_>) -> Check {
    let odd = [" ", "-rf", "A", "a", "a b", "e\u{301}", "é", "日本語", "🦀", "~", "$HOME", "%41", "a.", "a'b", "#"];
    let distinct: Vec<&str> = if stage.system.name() == "linux" || stage.system.name() == "memory" {
        odd.to_vec()
    } else {
        // Elsewhere names may differ in case or normal form only, or may not end in a dot or a space.
        odd.into_iter().filter(|name| ![" ", "a", "e\u{301}", "a."].contains(name)).collect()
    };
    for name in &distinct {
        fine!(stage.root.create_directory(name));
    }
    let mut want = distinct;
    want.sort_unstable();
    same!(fine!(names(&*stage.root)), want);
    Ok(())
}
