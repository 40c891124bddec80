//! The mounts of a hostile guest: one that it may change, within a quota or without, one that it may not, links between them and out
//! of both, and secrets beside them that must neither be seen nor changed.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use callgate_conformance::Ground;
use callgate_system::{Directory, FileType, Opened, Quota};
use callgate_wasi::{Access, Sandbox};

use crate::files::how;
use crate::files::survey::{Node, Tree, survey};
use crate::files::world::World;

/// The places of the mounts below the ground's root.
const WRITABLE: &str = "w";
const READ_ONLY: &str = "r";

/// The guest paths of the mounts.
const AT: [&str; 2] = ["/", "/fixed"];

/// A text that no guest may see.
pub(crate) const SECRET: [u8; 8] = *b"NEVERSEE";

/// Furnished ground, and how it was before the guest.
pub(crate) struct Mounts {
    world: World,
    before: Tree,
    outside: Option<String>,
    quota: Option<Quota>,
    /// True if the second mount may be changed as well.
    are_writable: bool,
}

impl Mounts {
    /// Furnishes the ground.
    pub(crate) fn new(ground: Box<dyn Ground>, quota: Option<Quota>) -> Result<Self> {
        furnish(&*ground, &*ground.root()).context("the ground can't be furnished")?;
        let world = World::new(ground);
        let (before, outside) = (survey(&world), world.ground.outside());
        Ok(Self { world, before, outside, quota, are_writable: false })
    }

    /// The same, and both may be changed, as by a host that knows no mount that may not.
    pub(crate) fn writable(ground: Box<dyn Ground>) -> Result<Self> {
        Ok(Self { are_writable: true, ..Self::new(ground, None)? })
    }

    /// The host paths of the mounts, each with the guest's name for it; `None` where that is no place that another process could open.
    pub(crate) fn places(&self) -> Option<[(String, &'static str); 2]> {
        let path = self.world.ground.host_path()?;
        let place = |mount: &str| format!("{path}/root/{mount}");
        Some([(place(WRITABLE), AT[0]), (place(READ_ONLY), AT[1])])
    }

    /// Gives them to a guest.
    pub(crate) fn give(&self, guest: &mut Sandbox) -> Result<()> {
        let root = self.world.ground.root();
        let access = self.quota.map_or(Access::ReadWrite, Access::Within);
        let second = if self.are_writable { Access::ReadWrite } else { Access::ReadOnly };
        guest.mount_directory(directory(&*root, WRITABLE)?, AT[0], access)?;
        guest.mount_directory(directory(&*root, READ_ONLY)?, AT[1], second)?;
        Ok(())
    }

    /// The tree that the guest left.
    ///
    /// # Errors
    /// If it did something that it may not.
    pub(crate) fn checked(&self) -> Result<Tree> {
        let tree = survey(&self.world);
        ensure!(self.world.ground.outside() == self.outside, "what lies outside was changed");
        let changeable = if self.are_writable { &[WRITABLE, READ_ONLY][..] } else { &[WRITABLE] };
        unchanged(&self.before, &tree, changeable)?;
        unseen(&tree)?;
        if let Some(quota) = self.quota {
            let (before, after) = (held(&self.before), held(&tree));
            let within = |before: u64, after: u64, most: u64| after <= before.saturating_add(most);
            ensure!(
                within(before.bytes, after.bytes, quota.bytes),
                "{before:?} became {after:?} by a quota of {quota:?}"
            );
            ensure!(within(before.entries, after.entries, quota.entries), "{before:?} became {after:?} by {quota:?}");
        }
        Ok(tree)
    }
}

/// Two mounts alike, links between them and out of them, and secrets beside.
fn furnish(ground: &dyn Ground, root: &dyn Directory) -> Result<()> {
    for mount in [WRITABLE, READ_ONLY] {
        let at = |path: &str| format!("{mount}/{path}");
        for path in ["", "a", "a/b"] {
            root.create_directory(at(path).trim_end_matches('/'))?;
        }
        for path in ["f", "a/f"] {
            ensure!(ground.make_file(at(path).as_bytes(), b"content"), "no file");
        }
        // A file that the host can't make is missing for the guest.
        ground.make_file(&[mount.as_bytes(), b"/caf\xe9"].concat(), b"");
        let other = if mount == WRITABLE { "../r" } else { "../w" };
        let links = [
            ("over", other),
            ("up", ".."),
            ("out", "../../outside"),
            ("absolute", "/etc"),
            ("loop", "loop"),
            ("to_a", "a"),
        ];
        for (name, text) in links {
            ground.make_symlink(text.as_bytes(), &at(name));
        }
    }
    let secret = String::from_utf8_lossy(&SECRET);
    root.create_directory("beside.d")?;
    for path in ["beside".to_owned(), format!("beside.d/{secret}"), "beside.d/x".to_owned()] {
        ensure!(ground.make_file(path.as_bytes(), &SECRET), "no secret");
    }
    Ok(())
}

fn directory(root: &dyn Directory, path: &str) -> Result<Arc<dyn Directory>> {
    match root.open(path, how("read directory").0)? {
        Opened::Directory(directory) => Ok(directory),
        Opened::File(_) => bail!("{path} is no directory"),
    }
}

/// Everything below the writable mount.
fn writable(tree: &Tree) -> impl Iterator<Item = (&String, &Result<Node, callgate_system::Code>)> {
    tree.iter().filter(|(path, _)| path.starts_with("w/"))
}

/// All but what lies below `changeable` mounts has to be as it was.
fn unchanged(before: &Tree, after: &Tree, changeable: &[&str]) -> Result<()> {
    let others = |tree: &Tree| -> Tree {
        let is_below = |path: &str| changeable.contains(&path.split('/').next().unwrap_or_default());
        tree.iter().filter(|(path, _)| !is_below(path)).map(|(path, node)| (path.clone(), node.clone())).collect()
    };
    let (before, after) = (others(before), others(after));
    let different = before.keys().chain(after.keys()).find(|path| before.get(*path) != after.get(*path));
    if let Some(path) = different {
        bail!("{path} was changed from {:?} to {:?}", before.get(path), after.get(path));
    }
    Ok(())
}

/// Below the writable mount there must be nothing of what lies beside it.
fn unseen(tree: &Tree) -> Result<()> {
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET);
    for (path, node) in writable(tree) {
        let content = node.as_ref().ok().and_then(|node| node.content.as_ref().ok());
        ensure!(!holds(path.as_bytes()) && !content.is_some_and(|content| holds(content)), "{path} tells a secret");
    }
    Ok(())
}

/// The amounts that a quota counts: each file once, and each name.
fn held(tree: &Tree) -> Quota {
    let mut held = Quota { bytes: 0, entries: 0 };
    for (path, node) in writable(tree) {
        held.entries += 1;
        let Ok(node) = node else { continue };
        if node.seen.kind == FileType::RegularFile && node.first == *path {
            held.bytes = held.bytes.saturating_add(node.seen.size.unwrap_or(0));
        }
    }
    held
}
