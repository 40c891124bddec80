//! One module on one system: a tree with a mount that may be changed, one that may not, and much beside them that must neither be seen
//! nor changed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use callgate_conformance::Ground;
use callgate_system::{AddressFamily, Directory, Kind, Opened, Socket, System};
use callgate_wasi::{Access, Exit, Guest, Runtime};

use super::script::{Launch, Script};
use super::wasm::{RUN, SECRET};
use crate::files::how;
use crate::files::survey::{Tree, survey};
use crate::files::world::World;

/// Bytes of linear memory that a module may have, unless it begins with more.
const MEMORY: u64 = 16 << 20;

/// The mounts below the ground's root.
const WRITABLE: &str = "w";
const READ_ONLY: &str = "r";

/// What a run did.
pub(crate) struct Done {
    /// How it ended.
    pub(crate) end: String,
    /// What its calls answered, where it returned them.
    pub(crate) answers: Vec<u64>,
    /// What it left.
    pub(crate) tree: Tree,
}

/// How the end of a run begins that had no more time.
pub(crate) const TIME_OVER: &str = "time over";

/// Runs the module of `script`, which stands at `path`, for no longer than `timeout`.
pub(crate) fn run(
    (runtime, timeout): (&Runtime, Duration),
    path: &Path,
    script: &Script,
    system: Arc<dyn System>,
    ground: Box<dyn Ground>,
) -> Result<Done> {
    let Ok(program) = runtime.load(path) else {
        return Ok(Done { end: "not loaded".to_owned(), answers: Vec::new(), tree: Tree::new() });
    };
    let root = ground.root();
    furnish(&*ground, &*root).context("the ground can't be furnished")?;
    let world = World::new(ground);
    let (before, outside) = (survey(&world), world.ground.outside());

    let mut guest = Guest::new(Arc::clone(&system));
    guest.arguments(["hostile", "argument"]).environment("NAME", "value").timeout(timeout);
    guest.max_memory(script.memory.bytes().max(MEMORY)).max_handles(script.handles);
    guest.mount_directory(directory(&*root, WRITABLE)?, "/", Access::ReadWrite)?;
    guest.mount_directory(directory(&*root, READ_ONLY)?, "/fixed", Access::ReadOnly)?;
    let address = guest.listen((Ipv4Addr::LOCALHOST, 0).into())?;
    // How far a peer has got is a matter of time.
    let _peer = if script.tame { None } else { Some(peer(&*system, address)?) };
    if !matches!(script.launch, Launch::Command | Launch::Twice) {
        guest.invoke(RUN, [] as [&str; 0]);
    }
    let exit = guest.run(&program);

    let tree = survey(&world);
    ensure!(world.ground.outside() == outside, "what lies outside was changed");
    unchanged(&before, &tree)?;
    unseen(&tree)?;
    let mut answers = Vec::new();
    let end = match exit {
        Ok(Exit::Returned(results)) => {
            let results: Result<Vec<_>, _> = results.iter().map(|result| result.parse::<i64>()).collect();
            answers = results?.into_iter().map(|result| result as u64).collect();
            ensure!(answers.pop() == Some(0), "its memory holds what lies beside the mounts");
            "returned".to_owned()
        }
        Ok(Exit::Trap(trap)) => format!("trap: {}", trap.reason),
        Ok(Exit::TimedOut(_)) => TIME_OVER.to_owned(),
        Ok(other) => other.to_string(),
        Err(error) => format!("not started: {error}"),
    };
    Ok(Done { end, answers, tree })
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
        // What the host can't make is missing for the guest.
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

/// Somebody who has connected, and sent something.
fn peer(system: &dyn System, address: SocketAddr) -> Result<Arc<dyn Socket>> {
    let socket = system.network().socket(Kind::Stream, AddressFamily::of(address.ip()))?;
    // Neither need be over yet.
    let _ = socket.connect(address);
    let _ = socket.finish_connect();
    let _ = socket.send(b"hello");
    Ok(socket)
}

/// All but what lies below the writable mount has to be as it was.
fn unchanged(before: &Tree, after: &Tree) -> Result<()> {
    let others = |tree: &Tree| -> Tree {
        let is_below = |path: &str| path == WRITABLE || path.starts_with("w/");
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
    for (path, node) in tree.iter().filter(|(path, _)| path.starts_with("w/")) {
        let content = node.as_ref().ok().and_then(|node| node.content.as_ref().ok());
        ensure!(!holds(path.as_bytes()) && !content.is_some_and(|content| holds(content)), "{path} tells a secret");
    }
    Ok(())
}
