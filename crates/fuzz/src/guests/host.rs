//! The host that guests are let loose on: the whole of callgate, mounts ([`Mounts`]), a port of this machine.
//!
//! Hazard: guests may open connections, so they are permitted to this process's own port alone, and to listen on loopback.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use callgate_conformance::Ground;
use callgate_system::{Quota, System};
use callgate_trace::{Recording, format::Text};
use callgate_wasi::{Exit, Program, Rule, Sandbox};
use fastrand::Rng;

use crate::mounts::Mounts;

/// Bytes of linear memory that a guest may have.
const MEMORY: u64 = 16 << 20;

/// The time limit of a guest.
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

/// The limits and permissions that a guest gets besides its mounts.
pub(crate) struct Grants {
    quota: Option<Quota>,
    handles: usize,
    network: bool,
}

impl Grants {
    /// More or less.
    pub(crate) fn at_random(random: &mut Rng) -> Self {
        let quota = Quota { bytes: random.u64(0..200_000), entries: random.u64(0..20) };
        let quota = random.bool().then_some(quota);
        Self { quota, handles: [8, 50, 1_000, 1_000][random.usize(0..4)], network: random.bool() }
    }

    /// All that there is.
    pub(crate) fn all() -> Self {
        Self { quota: None, handles: 1_000, network: true }
    }
}

/// Runs `program` as a guest with everything there is to abuse. An effect outside of its mounts is an error.
pub(crate) fn run(
    program: &Program,
    system: Arc<dyn System>,
    ground: Box<dyn Ground>,
    loopback: &Loopback,
    grants: &Grants,
    argument: &str,
    trace: Option<Box<dyn Write + Send>>,
) -> Result<Exit> {
    let mounts = Mounts::new(ground, grants.quota)?;
    let mut guest = Sandbox::new(Arc::clone(&system));
    guest.arguments([argument, "argument"]).environment("NAME", "value").timeout(TIMEOUT).max_memory(MEMORY);
    guest.max_handles(grants.handles);
    mounts.give(&mut guest)?;
    if grants.network {
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
    if let Some(trace) = trace {
        let recording = Recording::of(guest.id(), argument, [argument]);
        guest.observer(Arc::new(recording.start(&system, Box::new(Text::default()), trace)));
    }
    let exit = guest.run(program)?;
    loopback.clear();
    mounts.checked()?;
    Ok(exit)
}
