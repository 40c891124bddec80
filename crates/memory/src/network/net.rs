//! The table of sockets: what any of them is, who has which port, how much they hold together.
//!
//! A socket is its number here; a connection is two sockets that know each other's. One that waits for `accept` is in the
//! table already, and in its listener's queue.
//!
//! The host's memory is bounded: by the number of sockets, by each one's buffers, and by the bytes in all buffers together. Bytes
//! beyond that wait (in a stream) or are lost (in a message), as in a network that is too small.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use callgate_system::{AddressFamily, Code, Kind, Nanoseconds, Result, SocketOption};

use super::faults::Fate;
use super::options::Options;
use super::ports::{Number, Ports, Space, overlap, plain, require_own};
use super::tcp::Stage;
use super::udp::Mailbox;

/// Sockets at once, those waiting to be accepted too.
const SOCKETS: usize = 16_384;

/// Bytes that all sockets hold together.
const BYTES: usize = 64 << 20;

/// The network of one system.
pub(crate) struct Net {
    sockets: BTreeMap<Number, Sock>,
    next: Number,
    pub(super) ports: Ports,
    /// Streams that listen, by their port.
    pub(super) listeners: BTreeSet<(Space, u16, Number)>,
    pub(super) fate: Fate,
    held: usize,
    /// True if something changed that a guest may wait for.
    changed: bool,
}

/// One socket.
pub(super) struct Sock {
    pub(super) kind: Kind,
    pub(super) family: AddressFamily,
    pub(super) options: Options,
    /// The address it was bound to; of a stream with a peer, the one it really has.
    pub(super) local: Option<SocketAddr>,
    /// True if connecting chose the port.
    pub(super) implicit: bool,
    pub(super) role: Role,
}

pub(super) enum Role {
    Stream(Stage),
    Datagram(Mailbox),
}

impl Sock {
    pub(super) fn space(&self) -> Space {
        Space::of(self.kind, self.family)
    }

    /// This machine, in its family.
    pub(super) fn here(&self) -> IpAddr {
        match self.family {
            AddressFamily::Ipv4 => IpAddr::V4(Ipv4Addr::LOCALHOST),
            AddressFamily::Ipv6 => IpAddr::V6(Ipv6Addr::LOCALHOST),
        }
    }

    /// Every address of this machine, in its family.
    pub(super) fn anywhere(&self) -> IpAddr {
        match self.family {
            AddressFamily::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            AddressFamily::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }

    /// The address that a peer sees.
    pub(super) fn source(&self) -> Option<SocketAddr> {
        let local = self.local?;
        let ip = if local.ip().is_unspecified() { self.here() } else { local.ip() };
        Some(SocketAddr::new(ip, local.port()))
    }

    pub(super) fn stage(&self) -> Result<&Stage> {
        match &self.role {
            Role::Stream(stage) => Ok(stage),
            Role::Datagram(_) => Err(Code::Unsupported.into()),
        }
    }

    pub(super) fn stage_mut(&mut self) -> Result<&mut Stage> {
        match &mut self.role {
            Role::Stream(stage) => Ok(stage),
            Role::Datagram(_) => Err(Code::Unsupported.into()),
        }
    }

    pub(super) fn mailbox(&self) -> Result<&Mailbox> {
        match &self.role {
            Role::Datagram(mailbox) => Ok(mailbox),
            Role::Stream(_) => Err(Code::Unsupported.into()),
        }
    }

    pub(super) fn mailbox_mut(&mut self) -> Result<&mut Mailbox> {
        match &mut self.role {
            Role::Datagram(mailbox) => Ok(mailbox),
            Role::Stream(_) => Err(Code::Unsupported.into()),
        }
    }
}

impl Net {
    pub(super) fn new(fate: Fate) -> Self {
        Self {
            sockets: BTreeMap::new(),
            next: 0,
            ports: Ports::default(),
            listeners: BTreeSet::new(),
            fate,
            held: 0,
            changed: false,
        }
    }

    /// A socket without an address.
    pub(super) fn add(&mut self, kind: Kind, family: AddressFamily) -> Result<Number> {
        if self.sockets.len() >= SOCKETS {
            return Err(Code::NewSocketLimit.into());
        }
        let role = match kind {
            Kind::Stream => Role::Stream(Stage::Apart),
            Kind::Datagram => Role::Datagram(Mailbox::default()),
        };
        let sock = Sock { kind, family, options: Options::default(), local: None, implicit: false, role };
        self.next += 1;
        self.sockets.insert(self.next, sock);
        Ok(self.next)
    }

    /// A socket of whoever has its number.
    pub(super) fn sock(&self, number: Number) -> Result<&Sock> {
        self.sockets.get(&number).ok_or(Code::BadDescriptor.into())
    }

    pub(super) fn sock_mut(&mut self, number: Number) -> Result<&mut Sock> {
        self.sockets.get_mut(&number).ok_or(Code::BadDescriptor.into())
    }

    /// Takes a socket away, with its port.
    pub(super) fn remove(&mut self, number: Number) -> Option<Sock> {
        let sock = self.sockets.remove(&number)?;
        if let Some(local) = sock.local {
            self.ports.give(sock.space(), local.port(), number);
        }
        self.changed();
        Some(sock)
    }

    /// Gives a socket an address; port 0 becomes a free one.
    pub(super) fn take_address(&mut self, number: Number, local: SocketAddr) -> Result<()> {
        let space = self.sock(number)?.space();
        let port = if local.port() == 0 { self.ports.free(space)? } else { local.port() };
        self.ports.take(space, port, number);
        self.sock_mut(number)?.local = Some(SocketAddr::new(local.ip(), port));
        Ok(())
    }

    pub(super) fn bind(&mut self, number: Number, local: SocketAddr) -> Result<()> {
        let sock = self.sock(number)?;
        sock.family.check_local(sock.kind, local)?;
        let is_fresh = sock.local.is_none() && !matches!(sock.role, Role::Stream(Stage::Failed));
        if !is_fresh {
            return Err(Code::InvalidState.into());
        }
        require_own(local)?;
        // Streams share an address unless one of them listens, or was given it by connecting; messages share none.
        let refuses = |user: &Sock| match &user.role {
            Role::Stream(stage) => user.implicit || matches!(stage, Stage::Listening(_)),
            Role::Datagram(_) => true,
        };
        if local.port() != 0 && self.at(sock.space(), plain(local)).any(|(_, user)| refuses(user)) {
            return Err(Code::AddressInUse.into());
        }
        self.take_address(number, plain(local))
    }

    /// The sockets that have this address, or would get what is for it.
    pub(super) fn at(&self, space: Space, local: SocketAddr) -> impl Iterator<Item = (Number, &Sock)> {
        let users = self.ports.users(space, local.port());
        let users = users.filter_map(|number| Some((number, self.sockets.get(&number)?)));
        users.filter(move |(_, user)| user.local.is_some_and(|other| overlap(other.ip(), local.ip())))
    }

    pub(super) fn local_address(&self, number: Number) -> Result<SocketAddr> {
        let sock = self.sock(number)?;
        let has_peer = sock.mailbox().is_ok_and(|mailbox| mailbox.peer.is_some());
        let local = if has_peer { sock.source() } else { sock.local };
        local.ok_or(Code::InvalidState.into())
    }

    pub(super) fn option(&self, number: Number, option: SocketOption) -> Result<u64> {
        let sock = self.sock(number)?;
        has(sock.kind, option)?;
        Ok(sock.options.get(option))
    }

    pub(super) fn set_option(&mut self, number: Number, option: SocketOption, value: u64) -> Result<()> {
        let sock = self.sock_mut(number)?;
        has(sock.kind, option)?;
        sock.options.set(option, value)?;
        self.changed();
        Ok(())
    }

    /// Bytes that all sockets together can still take.
    pub(super) fn left(&self) -> usize {
        BYTES.saturating_sub(self.held)
    }

    pub(super) fn hold(&mut self, bytes: usize) {
        self.held += bytes;
    }

    pub(super) fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
        self.changed();
    }

    /// Notes that something changed that a guest may wait for.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// True if that was noted since the last time this was asked.
    pub(super) fn has_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The time of the first arrival after `after`.
    pub(crate) fn next_due(&self, after: Nanoseconds) -> Option<Nanoseconds> {
        if !self.fate.delays() {
            return None;
        }
        let next_due = |sock: &Sock| match &sock.role {
            Role::Stream(stage) => stage.next_due(after),
            Role::Datagram(mailbox) => mailbox.next_due(after),
        };
        self.sockets.values().filter_map(next_due).min()
    }

    pub(crate) fn is_receivable(&self, number: Number, now: Nanoseconds) -> bool {
        match self.sock(number).map(|sock| &sock.role) {
            Ok(Role::Stream(stage)) => stage.is_receivable(now),
            Ok(Role::Datagram(mailbox)) => mailbox.is_receivable(now),
            Err(_) => true,
        }
    }

    pub(crate) fn is_sendable(&self, number: Number, now: Nanoseconds) -> bool {
        match self.sock(number).map(|sock| &sock.role) {
            Ok(Role::Stream(stage)) => self.is_stream_sendable(number, stage, now),
            // A message that its receiver has no room for is lost.
            Ok(Role::Datagram(_)) | Err(_) => true,
        }
    }
}

fn has(kind: Kind, option: SocketOption) -> Result<()> {
    if option.is_of_streams() && kind == Kind::Datagram { Err(Code::Unsupported.into()) } else { Ok(()) }
}
