//! What a call touches: a file, a peer, a name that is looked up, a stream of the process.
//!
//! Hazard: the path of a file is the name of a directory's handle and the path behind it, joined as text; a symbolic link may have led
//! elsewhere.

use callgate_system::Untrusted;

use crate::stored::{Call, Value};

/// Bytes of a path that are kept.
const PATH: usize = 1024;

/// The places that a call touches, as lines of the page's table: kind, mount and path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) first: Option<String>,
    /// The new name of a rename or a link.
    pub(super) other: Option<String>,
}

struct Handle<'a> {
    name: &'a str,
    mount: Option<&'a str>,
}

fn handle<'a>(value: &'a Value<'_>) -> Option<Handle<'a>> {
    let Value::Handle { name, mount, .. } = value else { return None };
    Some(Handle { name, mount: mount.as_deref() })
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

/// What `call` touches.
pub(super) fn touched(call: &Call<'_>) -> Touched {
    let mut handles = call.args.iter().filter_map(|(_, value)| handle(value));
    let (first, second) = (handles.next(), handles.next());
    let mut paths = call.args.iter().filter_map(|(_, value)| match value {
        Value::Path(path) => Some(&**path),
        _ => None,
    });
    if let Some((path, handle)) = paths.next().zip(first.as_ref()) {
        let other = paths.next().map(|path| below(second.as_ref().unwrap_or(handle), path));
        return Touched { first: Some(below(handle, path)), other };
    }
    let other = second.filter(|handle| handle.mount.is_some()).map(|handle| below(&handle, ""));
    Touched { first: place(call, first), other }
}

fn below(handle: &Handle<'_>, path: &str) -> String {
    line("file", handle.mount.unwrap_or(""), &joined(handle.name, path))
}

/// The place of a call without a path.
fn place(call: &Call<'_>, handle: Option<Handle<'_>>) -> Option<String> {
    let protocol = if call.interface.contains("udp") { "udp" } else { "tcp" };
    if let Some(Value::Address(address)) = call.args.get("remote_address") {
        return Some(line("peer", "", &format!("{protocol} {}", &**address)));
    }
    if let Some(Value::Address(address)) = call.args.get("local_address") {
        return Some(line("local", "", &format!("{protocol} {}", &**address)));
    }
    if let (Some(Value::Text(name)), "ip-name-lookup.resolve-addresses") = (call.args.get("name"), &*call.call) {
        return Some(line("name", "", name));
    }
    let handle = handle.filter(|handle| !handle.name.is_empty())?;
    match (handle.mount, handle.name.split_once(' ')) {
        (Some(_), _) => Some(below(&handle, "")),
        // A connection, or a stream of one, is named after its peer.
        (None, Some(("tcp" | "udp", _))) => Some(line("peer", "", handle.name)),
        (None, None) if matches!(handle.name, "tcp" | "udp") => Some(line("socket", "", handle.name)),
        (None, _) => Some(line("process", "", handle.name)),
    }
}
