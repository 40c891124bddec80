//! The identity of a file.

use callgate_system::{Follow, Identity, Result};

use crate::Check;
use crate::stage::{BOTH, Stage, open_directory};

cases! { "identity";
    "one file through two handles and its name", "File::stat" => handles;
    "one directory through every path to it", "Directory::stat" => directories;
    "one file through a hard link", "Directory::link" => hard_link;
    "one file before and after a rename", "Directory::rename" => rename;
    "a symbolic link is another file than its target", "Directory::stat" => symlink;
    "files that exist at once differ", "Directory::stat" => different;
    "a file unlinked while open differs from its successor", "File::stat" => successor;
}

fn identity(stage: &Stage<'_>, path: &str) -> Result<Identity> {
    stage.root.stat(path, Follow::No).map(|stat| stat.identity)
}

fn handles(stage: &Stage<'_>) -> Check {
    let first = stage.file("f", "text")?;
    let second = fine!(stage.open("f", BOTH));
    same!(fine!(first.stat()).identity, fine!(second.stat()).identity);
    same!(fine!(first.stat()).identity, fine!(identity(stage, "f")));
    Ok(())
}

fn directories(stage: &Stage<'_>) -> Check {
    let directory = stage.directory("d")?;
    let one = fine!(directory.metadata()).identity;
    for path in ["d", "d/", "./d", "d/."] {
        same!(fine!(identity(stage, path)), one);
    }
    same!(fine!(fine!(open_directory(&*stage.root, "d")).metadata()).identity, one);
    same!(fine!(identity(stage, "d/..")), fine!(stage.root.metadata()).identity);
    Ok(())
}

fn hard_link(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    fine!(stage.root.link("f", Follow::No, &*stage.root, "g"));
    same!(fine!(identity(stage, "f")), fine!(identity(stage, "g")));
    Ok(())
}

fn rename(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let before = fine!(identity(stage, "f"));
    stage.directory("d")?;
    fine!(stage.root.rename("f", &*stage.root, "d/g"));
    same!(fine!(identity(stage, "d/g")), before);
    same!(fine!(file.stat()).identity, before);
    Ok(())
}

fn symlink(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    stage.symlink("f", "l")?;
    holds!(fine!(identity(stage, "f")) != fine!(identity(stage, "l")));
    same!(fine!(stage.root.stat("l", Follow::Yes)).identity, fine!(identity(stage, "f")));
    Ok(())
}

fn different(stage: &Stage<'_>) -> Check {
    let mut seen = std::collections::HashSet::new();
    seen.insert(fine!(stage.root.metadata()).identity);
    for name in 0..50 {
        let name = name.to_string();
        stage.file(&name, "")?;
        holds!(seen.insert(fine!(identity(stage, &name))));
    }
    Ok(())
}

fn successor(stage: &Stage<'_>) -> Check {
    let old = stage.file("f", "old")?;
    fine!(stage.root.unlink_file("f"));
    let new = stage.file("f", "new")?;
    holds!(fine!(old.stat()).identity != fine!(new.stat()).identity);
    Ok(())
}
