//! What a call touches: a file, a peer, a name that is looked up, a stream of the process.
//!
//! Hazards: the path of a file is the name of a directory's handle and the path behind it, joined as text; a symbolic link may have led elsewhere. A trace
//! tells the socket of a connection and its first stream, but not the second one. That one is known where a single
//! connection lacks it; otherwise its peer is not told.

use std::collections::{HashMap, HashSet};

use callgate_system::Untrusted;

use crate::stored::{Call, Outcome, Value};

/// Bytes of a path that are kept.
const PATH: usize = 1024;

/// Handles of connections that are remembered at a time; programs have fewer handles than that, unless somebody else made the file.
const CONNECTIONS: usize = 100_000;

/// The places that a call touches, as lines of the page's table: kind, mount and path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) first: Option<String>,
    /// The new name of a rename or a link.
    pub(super) other: Option<String>,
}

/// The connections of the guest that are open.
#[derive(Default)]
pub(super) struct Connections {
    /// The connection of each handle that is of one.
    of: HashMap<u64, u64>,
    all: HashMap<u64, Connection>,
    made: u64,
    /// Those whose streams no call told of yet.
    lacking_input: HashSet<u64>,
    lacking_output: HashSet<u64>,
}

#[derive(Default)]
struct Connection {
    peer: Option<String>,
    handles: u32,
}

struct Handle<'a> {
    id: u64,
    name: &'a str,
    mount: Option<&'a str>,
}

fn handle<'a>(value: &'a Value<'_>) -> Option<Handle<'a>> {
    let Value::Handle { id, name, mount } = value else { return None };
    Some(Handle { id: *id, name, mount: mount.as_deref() })
}

fn line(kind: &str, mount: &str, path: &str) -> String {
    let [mount, path] = [mount, path].map(|text| Untrusted::new(text).at_most(PATH));
    format!("{kind}\t{mount}\t{path}")
}

/// A path below a directory, as text: without `.`, and with each `..` taking the name before it.
fn joined(directory: &str, path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in directory.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let root = if directory.starts_with('/') { "/" } else { "" };
    format!("{root}{}", names.join("/"))
}

impl Connections {
    /// What `call` touches; takes note of the connections that it makes.
    pub(super) fn touched(&mut self, call: &Call<'_>) -> Touched {
        let mut handles = call.args.iter().filter_map(|(_, value)| handle(value));
        let (first, second) = (handles.next(), handles.next());
        self.note(call, first.as_ref());
        let mut paths = call.args.iter().filter_map(|(_, value)| match value {
            Value::Path(path) => Some(&**path),
            _ => None,
        });
        let below = |handle: &Handle<'_>, path| line("file", handle.mount.unwrap_or(""), &joined(handle.name, path));
        if let Some((path, handle)) = paths.next().zip(first.as_ref()) {
            let other = paths.next().map(|path| below(second.as_ref().unwrap_or(handle), path));
            return Touched { first: Some(below(handle, path)), other };
        }
        let other = second.filter(|handle| handle.mount.is_some()).map(|handle| below(&handle, ""));
        Touched { first: self.place(call, first), other }
    }

    fn place(&self, call: &Call<'_>, handle: Option<Handle<'_>>) -> Option<String> {
        if let Some(address) = remote(call) {
            return Some(line("peer", "", &format!("{} {address}", protocol(call))));
        }
        if let Some(Value::Address(address)) = call.args.get("local_address") {
            return Some(line("local", "", &format!("{} {}", protocol(call), &**address)));
        }
        if let (Some(Value::Text(name)), "ip-name-lookup.resolve-addresses") = (call.args.get("name"), &*call.call) {
            return Some(line("name", "", name));
        }
        let handle = handle?;
        if let Some(mount) = handle.mount {
            return Some(line("file", mount, &joined(handle.name, "")));
        }
        let connection = self.of.get(&handle.id).and_then(|connection| self.all.get(connection));
        match connection.filter(|_| is_socket(handle.name)).and_then(|connection| connection.peer.clone()) {
            Some(peer) => Some(peer),
            None if is_socket(handle.name) => Some(line("peer", "", &format!("{} (peer not told)", handle.name))),
            None if handle.name.is_empty() => None,
            None => Some(line("process", "", handle.name)),
        }
    }

    /// Learns which handles are of which connection.
    fn note(&mut self, call: &Call<'_>, handle: Option<&Handle<'_>>) {
        let Some(handle) = handle else { return };
        let made = if let Outcome::Ok(value) = &call.outcome { self::handle(value).map(|made| made.id) } else { None };
        match (&*call.call, made) {
            ("drop", _) => self.forget(handle.id),
            ("tcp-socket.start-connect", _) | ("udp-socket.stream", Some(_)) => {
                let peer = remote(call).map(|address| line("peer", "", &format!("{} {address}", protocol(call))));
                self.forget(handle.id);
                self.add(handle.id, peer);
                made.into_iter().for_each(|made| self.join(made, handle.id));
            }
            ("tcp-socket.finish-connect", Some(input)) => {
                self.join(input, handle.id);
                self.lacking_output.extend(self.of.get(&handle.id));
            }
            ("tcp-socket.accept", Some(socket)) => {
                self.add(socket, None);
                self.lacking_input.extend(self.of.get(&socket));
                self.lacking_output.extend(self.of.get(&socket));
            }
            ("tcp-socket.remote-address", _) => {
                let Outcome::Ok(Value::Address(address)) = &call.outcome else { return };
                let connection = self.of.get(&handle.id).and_then(|connection| self.all.get_mut(connection));
                if let Some(connection) = connection {
                    connection.peer = Some(line("peer", "", &format!("tcp {}", &**address)));
                }
            }
            (function, _) if is_socket(handle.name) && !self.of.contains_key(&handle.id) => {
                self.guess(function, handle.id);
            }
            _ => {}
        }
    }

    /// A stream that no call told of: it is of the only connection that lacks it, if there is just one.
    fn guess(&mut self, function: &str, id: u64) {
        let lacking = match function.split_once('.') {
            Some(("input-stream", _)) => &mut self.lacking_input,
            Some(("output-stream", _)) => &mut self.lacking_output,
            _ => return,
        };
        if lacking.len() == 1 {
            for connection in lacking.drain() {
                self.of.insert(id, connection);
                self.all.entry(connection).and_modify(|connection| connection.handles += 1);
            }
        }
    }

    fn add(&mut self, id: u64, peer: Option<String>) {
        if self.of.len() < CONNECTIONS {
            self.made += 1;
            self.of.insert(id, self.made);
            self.all.insert(self.made, Connection { peer, handles: 1 });
        }
    }

    /// `id` is of the connection of `socket`, too.
    fn join(&mut self, id: u64, socket: u64) {
        if let Some(connection) = self.of.get(&socket).copied().filter(|_| self.of.len() < CONNECTIONS) {
            self.forget(id);
            self.of.insert(id, connection);
            self.all.entry(connection).and_modify(|connection| connection.handles += 1);
        }
    }

    fn forget(&mut self, id: u64) {
        let Some(connection) = self.of.remove(&id) else { return };
        let Some(left) = self.all.get_mut(&connection) else { return };
        left.handles -= 1;
        if left.handles == 0 {
            self.all.remove(&connection);
            self.lacking_input.remove(&connection);
            self.lacking_output.remove(&connection);
        }
    }
}

/// The names of the handles of sockets and of their streams.
fn is_socket(name: &str) -> bool {
    matches!(name, "tcp" | "udp")
}

fn protocol(call: &Call<'_>) -> &'static str {
    if call.interface.contains("udp") { "udp" } else { "tcp" }
}

fn remote<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    if let Some(Value::Address(address)) = call.args.get("remote_address") { Some(address) } else { None }
}
