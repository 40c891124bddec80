//! Containment of one directory in another, by which mounts that contradict each other are found.

use std::sync::Arc;

use callgate_system::{Directory, Follow};

use super::Stranger;
use crate::stage::Stage;
use crate::{Check, Failure};

cases! { "identity";
    "a directory lies within itself, however it was opened", "Directory::lies_within" => itself;
    "a directory lies within those above it, and they don't within it", "Directory::lies_within" => above;
    "directories side by side, with names that begin alike, don't", "Directory::lies_within" => beside;
    "a directory that was opened by a link lies where it is", "Directory::lies_within" => by_link;
    "a directory that was moved lies where it is now, or that isn't told", "Directory::lies_within" => moved;
    "no directory lies within one of another system", "Directory::lies_within" => stranger;
}

/// A new directory, opened as the root of a mount.
fn root(stage: &Stage<'_>, path: &str) -> Check<Arc<dyn Directory>> {
    if stage.root.stat(path, Follow::Yes).is_err() {
        stage.directory(path)?;
    }
    opened(stage, path)
}

fn opened(stage: &Stage<'_>, path: &str) -> Check<Arc<dyn Directory>> {
    let Some(top) = stage.ground.host_path() else { return Err(Failure::Skip("the host has no paths".into())) };
    let opened = stage.system.open_root(format!("{top}/root/{path}").as_ref());
    opened.map_err(|error| Failure::in_set_up("a root", error))
}

fn itself(stage: &Stage<'_>) -> Check {
    let directory = root(stage, "d")?;
    holds!(fine!(directory.lies_within(&*directory)));
    let again = opened(stage, "d/../d/.")?;
    holds!(fine!(directory.lies_within(&*again)));
    holds!(fine!(again.lies_within(&*directory)));
    Ok(())
}

fn above(stage: &Stage<'_>) -> Check {
    let (a, b, c) = (root(stage, "a")?, root(stage, "a/b")?, root(stage, "a/b/c")?);
    for (inner, outer) in [(&b, &a), (&c, &a), (&c, &b), (&a, &stage.root), (&c, &stage.root)] {
        holds!(fine!(inner.lies_within(&**outer)));
        holds!(!fine!(outer.lies_within(&**inner)));
    }
    Ok(())
}

fn beside(stage: &Stage<'_>) -> Check {
    let all = [root(stage, "d")?, root(stage, "dd")?, root(stage, "e")?, root(stage, "e/d")?];
    for (inner, outer) in [(0, 1), (1, 0), (0, 2), (2, 0), (3, 0), (0, 3), (3, 1)] {
        holds!(!fine!(all[inner].lies_within(&*all[outer])));
    }
    Ok(())
}

fn by_link(stage: &Stage<'_>) -> Check {
    let (d, inner) = (root(stage, "d")?, root(stage, "d/inner")?);
    root(stage, "e")?;
    stage.symlink("../d/inner", "e/link")?;
    let (e, link) = (opened(stage, "e")?, opened(stage, "e/link")?);
    holds!(fine!(link.lies_within(&*d)));
    holds!(fine!(link.lies_within(&*inner)));
    holds!(!fine!(link.lies_within(&*e)));
    Ok(())
}

fn moved(stage: &Stage<'_>) -> Check {
    let (from, to) = (root(stage, "from")?, root(stage, "to")?);
    let inner = root(stage, "from/inner")?;
    // Somebody may hold it so that it can't be moved.
    let was_moved = stage.root.rename("from/inner", &*stage.root, "to/inner").is_ok();
    for (outer, expected) in [(&from, !was_moved), (&to, was_moved)] {
        if let Ok(lies_within) = inner.lies_within(&**outer) {
            same!(lies_within, expected);
        }
    }
    Ok(())
}

fn stranger(stage: &Stage<'_>) -> Check {
    let directory = root(stage, "d")?;
    holds!(!fine!(directory.lies_within(&Stranger)));
    Ok(())
}
