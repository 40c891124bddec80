//! One module on one system.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use callgate_system::{AddressFamily, Kind, Socket, System};
use callgate_trace::{Recording, format::Jsonl};
use callgate_wasi::{Exit, Runtime, Sandbox};

use super::script::Script;
use super::wasm::RUN;
use crate::files::survey::Tree;
use crate::mounts::Mounts;

/// Bytes of linear memory that a module may have, unless it begins with more.
const MEMORY: u64 = 16 << 20;

/// The outcome of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The end of the run.
    pub(crate) end: String,
    /// The answers of its calls, where it returned them.
    pub(crate) answers: Vec<u64>,
    /// The tree that it left.
    pub(crate) tree: Tree,
}

/// The arguments of a module, the first being its name, and a variable of its environment.
pub(crate) const ARGUMENTS: [&str; 2] = ["hostile", "argument"];
pub(crate) const VARIABLE: (&str, &str) = ("NAME", "value");

/// The beginning of the end of a run that had no more time.
pub(crate) const TIME_OVER: &str = "time over";

/// Runs the module of `script`, which stands at `path`, for no longer than `timeout`.
pub(crate) fn run(
    (runtime, timeout): (&Runtime, Duration),
    path: &Path,
    script: &Script,
    system: Arc<dyn System>,
    mounts: &Mounts,
    is_observed: bool,
) -> Result<Done> {
    let Ok(program) = runtime.load(path) else {
        return Ok(Done { end: "not loaded".to_owned(), answers: Vec::new(), tree: Tree::new() });
    };
    let mut guest = Sandbox::new(Arc::clone(&system));
    guest.arguments(ARGUMENTS).environment(VARIABLE.0, VARIABLE.1).timeout(timeout);
    guest.max_memory(script.memory.bytes().max(MEMORY)).max_handles(script.handles);
    mounts.give(&mut guest)?;
    let address = guest.listen((Ipv4Addr::LOCALHOST, 0).into())?;
    // The progress of a peer is a matter of time, so a tame module gets no peer.
    let _peer = if script.tame { None } else { Some(peer(&*system, address)?) };
    if script.is_invoked() {
        guest.invoke(RUN, [] as [&str; 0]);
    }
    if is_observed {
        let trace = Recording::of(guest.id(), ARGUMENTS[0], ARGUMENTS);
        guest.observer(Arc::new(trace.start(&system, Box::new(Jsonl::default()), Box::new(io::sink()))));
    }
    let exit = guest.run(&program);

    let tree = mounts.checked()?;
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

/// Somebody who has connected, and sent something.
fn peer(system: &dyn System, address: SocketAddr) -> Result<Arc<dyn Socket>> {
    let socket = system.network().socket(Kind::Stream, AddressFamily::of(address.ip()))?;
    // Neither need be over yet.
    let _ = socket.connect(address);
    let _ = socket.finish_connect();
    let _ = socket.send(b"hello");
    Ok(socket)
}
