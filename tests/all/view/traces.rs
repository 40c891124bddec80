//! Stored traces as `docs/trace.md` has them, made up.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

/// Writes a trace, a call after the other.
pub(super) struct Trace<W> {
    out: W,
    calls: u64,
    at: u64,
}

impl<W: Write> Trace<W> {
    pub(super) fn new(mut out: W, program: &str, arguments: &[&str]) -> io::Result<Self> {
        let started = json!({ "seconds": 1_795_679_857, "nanoseconds": 506_412_123 });
        let header = json!({
            "trace": "callgate", "version": 1, "callgate": "0.1.0", "guest": 1, "program": program,
            "arguments": arguments, "backend": "linux", "started": started,
        });
        writeln!(out, "{header}")?;
        Ok(Self { out, calls: 0, at: 0 })
    }

    /// A call that begins when the one before has ended; `rest` has its other members.
    pub(super) fn call(&mut self, took: u64, function: &str, args: Value, rest: Value) -> io::Result<()> {
        self.calls += 1;
        let (interface, call) = function.split_once(' ').unwrap_or(("callgate", function));
        let mut line = json!({ "seq": self.calls, "at": self.at, "took": took, "interface": interface, "call": call, "args": args });
        self.at += took + 100;
        for (name, value) in rest.as_object().into_iter().flatten() {
            line[name] = value.clone();
        }
        writeln!(self.out, "{line}")
    }

    pub(super) fn end(mut self) -> io::Result<W> {
        let end = json!({ "end": "exited with code 0", "calls": self.calls, "at": self.at });
        writeln!(self.out, "{end}")?;
        Ok(self.out)
    }
}

pub(super) fn file(id: u64, name: &str) -> Value {
    json!({ "handle": id, "name": name, "mount": "/src" })
}

pub(super) const OPEN_AT: &str = "wasi:filesystem/types descriptor.open-at";
pub(super) const READ: &str = "wasi:filesystem/types descriptor.read";
pub(super) const POLL: &str = "wasi:io/poll poll";

/// One of everything, and `reads` reads of a file.
pub(super) fn small(reads: usize) -> String {
    let mut trace = Trace::new(Vec::new(), "target/rg.wasm", &["rg.wasm", "-c", "two words"]).expect("memory takes it");
    write(&mut trace, reads).expect("memory takes it");
    String::from_utf8(trace.end().expect("memory takes it")).expect("it is text")
}

fn write<W: Write>(trace: &mut Trace<W>, reads: usize) -> io::Result<()> {
    let missing = json!({ "code": "no-entry", "native": { "family": "errno", "code": 2, "name": "ENOENT" } });
    let open = |path: &str| json!({ "dir": file(3, "/src"), "path": { "path": path }, "how": ["read"] });
    trace.call(9000, OPEN_AT, open("missing.txt"), json!({ "error": missing }))?;
    trace.call(7000, OPEN_AT, open("lib/main.rs"), json!({ "ok": file(4, "/src/lib/main.rs") }))?;
    for read in 0..reads {
        let args = json!({ "file": file(4, "/src/lib/main.rs"), "length": 4096, "offset": read * 4096 });
        let contents = json!({ "bytes": 4096, "data": "fn main() {\\x0a" });
        trace.call(1000, READ, args, json!({ "ok": contents, "bytes": 4096 }))?;
    }
    trace.call(2_000_000, POLL, json!({ "count": { "count": 2 } }), json!({ "ok": { "count": 1 } }))?;
    let connect = json!({ "socket": { "handle": 5, "name": "tcp" }, "remote_address": { "address": "10.0.0.5:443" } });
    let refused = json!({ "reason": "missing-rule", "add": "--net connect=10.0.0.5:443" });
    let denied = json!({ "error": { "code": "access-denied" }, "refused": refused });
    trace.call(500, "wasi:sockets/tcp tcp-socket.start-connect", connect, denied)?;
    trace.call(300, "drop", json!({ "handle": file(4, "/src/lib/main.rs") }), json!({ "ok": "done" }))
}

/// Numbers that look random and are the same in every run (an LCG of Knuth's).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// The calls of a program that goes through a large tree, reads its files, and talks to peers meanwhile: `calls`, and a few to end with.
/// Returns their number.
pub(super) fn large<W: Write>(out: W, calls: u64) -> io::Result<u64> {
    let mut trace = Trace::new(out, "search.wasm", &["search.wasm", "--index", "/src"])?;
    let mut numbers = Numbers(1);
    while trace.calls < calls {
        visit(&mut trace, &mut numbers, calls)?;
    }
    let written = trace.calls;
    trace.end()?.flush()?;
    Ok(written)
}

/// One file: found, opened, read to its end, and sometimes told to a peer.
fn visit<W: Write>(trace: &mut Trace<W>, numbers: &mut Numbers, calls: u64) -> io::Result<()> {
    let number = numbers.below(60_000);
    let path = format!("crates/part-{}/src/module_{}/file_{number}.rs", number % 40, number % 700);
    let name = format!("/src/{path}");
    let id = 4 + numbers.below(12);
    let identity = json!({ "device": "fe00", "file": format!("{:x}", 0x60_0000 + number) });
    let at = json!({ "dir": file(3, "/src"), "follow": "nofollow", "path": { "path": path } });
    trace.call(
        1500 + numbers.below(2000),
        "wasi:filesystem/types descriptor.metadata-hash-at",
        at,
        json!({ "ok": identity }),
    )?;
    let open = json!({ "dir": file(3, "/src"), "path": { "path": path }, "how": ["read"] });
    trace.call(2500 + numbers.below(4000), OPEN_AT, open, json!({ "ok": file(id, &name) }))?;
    for part in 0..=numbers.below(12) {
        let length = numbers.below(4096) + 1;
        let mut data = String::new();
        for _ in 0..8 {
            write!(data, "{:04x}", numbers.below(1 << 16)).map_err(io::Error::other)?;
        }
        let args = json!({ "file": file(id, &name), "length": 65536, "offset": part * 65536 });
        let contents = json!({ "ok": { "bytes": length, "data": data }, "bytes": length });
        trace.call(400 + numbers.below(3000), READ, args, contents)?;
        if trace.calls + 4 >= calls {
            break;
        }
    }
    if numbers.below(8) == 0 {
        let peer = format!("tcp 10.0.0.{}:443", numbers.below(250));
        let args =
            json!({ "stream": { "handle": 30, "name": peer }, "contents": { "bytes": 900, "data": "POST /index" } });
        trace.call(5000, "wasi:io/streams output-stream.write", args, json!({ "ok": "done", "bytes": 900 }))?;
        trace.call(20_000 + numbers.below(200_000), POLL, json!({ "count": 1 }), json!({ "ok": { "count": 1 } }))?;
    }
    trace.call(300, "drop", json!({ "handle": file(id, &name) }), json!({ "ok": "done" }))
}
