//! What functions are about, for the colours of the timeline and for sums of bytes.

/// The groups of calls that have a colour each, in the order of `GROUPS` in `page/lanes.js`. A call on a socket is of `Network`
/// whatever its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Group {
    /// Names, attributes, directories.
    Names,
    /// Contents, to the guest.
    Read,
    /// Contents, from the guest.
    Write,
    Network,
    Wait,
    Other,
}

/// Which way contents move: `in`, `out`, or not at all.
pub(super) fn direction(function: &str) -> &'static str {
    let (of, name) = function.split_once('.').unwrap_or(("", function));
    match (of, name) {
        ("input-stream" | "incoming-datagram-stream", _) | ("descriptor", "read") => "in",
        ("output-stream" | "outgoing-datagram-stream", _) | ("descriptor", "write") => "out",
        _ => "",
    }
}

pub(super) fn group(interface: &str, function: &str) -> Group {
    match function {
        "poll" | "pollable.block" => return Group::Wait,
        "descriptor.read" | "descriptor.read-via-stream" => return Group::Read,
        "descriptor.write"
        | "descriptor.write-via-stream"
        | "descriptor.append-via-stream"
        | "descriptor.set-size"
        | "descriptor.sync"
        | "descriptor.sync-data" => return Group::Write,
        _ => {}
    }
    match interface {
        "wasi:filesystem/types" | "wasi:filesystem/preopens" => Group::Names,
        "wasi:io/streams" if function.starts_with("input-stream.") => Group::Read,
        "wasi:io/streams" => Group::Write,
        _ if interface.starts_with("wasi:sockets/") => Group::Network,
        _ => Group::Other,
    }
}
