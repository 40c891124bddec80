//! The host that guests are let loose on: the whole of callgate, a tree with an outside that must not change, a port of this machine.
//!
//! Hazard: guests may open connections, so they are permitted to this process's own port alone, and to listen on loopback.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use callgate_conformance::Ground;
use callgate_system::{Directory, System};
use callgate_wasi::{Access, Exit, Guest, Program, Rule};
use fastrand::Rng;

/// Bytes of linear memory that a guest may have.
const MEMORY: u64 = 16 << 20;

/// What a guest may use of the time.
const TIMEOUT: Duration = Duration::from_millis(50);

/// A port where somebody listens, over TCP and UDP, and nobody answers.
pub(crate) struct Loopback {
    tcp: TcpListener,
    udp: UdpSocket,
    pub(crate) port: u16,
}

impl Loopback {
    pub(crate) fn new() -> Result<Self> {
        for _ in 0..100 {
            let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no loopback")?;
            let port = tcp.local_addr()?.port();
            // Somebody else may have the other port of this number.
            let Ok(udp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) else { continue };
            tcp.set_nonblocking(true)?;
            udp.set_nonblocking(true)?;
            return Ok(Self { tcp, udp, port });
        }
        bail!("no port is free for both TCP and UDP")
    }

    /// Takes what came, so that the next guest finds room.
    fn clear(&self) {
        while self.tcp.accept().is_ok() {}
        let mut bytes = [0; 16];
        while !matches!(self.udp.recv(&mut bytes), Err(error) if error.kind() == io::ErrorKind::WouldBlock) {}
    }
}

/// Runs `program` as a guest with everything there is to abuse. What it did outside its mounts is an error.
pub(crate) fn run(
    program: &Program,
    system: Arc<dyn System>,
    ground: &dyn Ground,
    loopback: &Loopback,
    random: &mut Rng,
) -> Result<Exit> {
    let root = ground.root();
    furnish(ground, &*root);
    let outside = ground.outside();
    let mut guest = Guest::new(system);
    guest.arguments(["hostile", "argument"]).environment("NAME", "value").timeout(TIMEOUT).max_memory(MEMORY);
    guest.max_handles([8, 50, 1_000, 1_000][random.usize(0..4)]);
    guest.mount_directory(Arc::clone(&root), "/", Access::ReadWrite)?;
    guest.mount_directory(root, "/fixed", Access::ReadOnly)?;
    if random.bool() {
        let port = loopback.port;
        let rules = [
            "listen=127.0.0.1",
            "resolve=localhost",
            &format!("connect=127.0.0.1:{port}"),
            &format!("udp=127.0.0.1:{port}"),
        ];
        for rule in rules {
            guest.permit(rule.parse::<Rule>()?);
        }
    }
    if random.bool() {
        guest.trace(Box::new(io::sink()));
    }
    let exit = guest.run(program)?;
    loopback.clear();
    if ground.outside() != outside {
        bail!("what lies outside the mounts was changed");
    }
    Ok(exit)
}

/// A file, a directory, and links that lead out.
fn furnish(ground: &dyn Ground, root: &dyn Directory) {
    // A host without links has guests without them.
    let _ = root.create_directory("a");
    ground.make_file(b"f", b"content");
    ground.make_file(b"a/f", b"content");
    ground.make_file(b"caf\xe9", b"");
    for (text, name) in [("../outside", "out"), ("/etc", "absolute"), ("loop", "loop"), ("a", "to_a")] {
        ground.make_symlink(text.as_bytes(), name);
    }
}
