//! The states of a UDP socket, and its two streams of datagrams.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use callgate_system::{AddressFamily, Code, Interest, Kind, Result, Socket, SocketOption, System};

use super::Named;
use super::shared::{Flag, lock};

/// Bytes of the longest datagram.
const LONGEST: usize = 65_535;

/// Datagrams that one call moves at the most. All that one call receives is below 4 MiB then, and there is one call at a time; so none of
/// it is charged.
pub(crate) const BATCH: u64 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Binding(SocketAddr),
    Bound(SocketAddr),
}

/// Whom the newest streams are for.
#[derive(Default)]
struct Talk {
    peer: Option<SocketAddr>,
    /// True once other streams have replaced them, which makes them good for nothing.
    is_over: Arc<Flag>,
}

/// A UDP socket.
pub(crate) struct UdpSocket {
    socket: Arc<dyn Socket>,
    state: Mutex<State>,
    talk: Mutex<Talk>,
}

impl UdpSocket {
    /// A socket without an address.
    pub(crate) fn new(system: &dyn System, family: AddressFamily) -> Result<Self> {
        let socket = system.network().socket(Kind::Datagram, family)?;
        Ok(Self { socket, state: Mutex::new(State::Fresh), talk: Mutex::default() })
    }

    pub(crate) fn family(&self) -> AddressFamily {
        self.socket.family()
    }

    pub(crate) fn start_bind(&self, local: SocketAddr) -> Result<()> {
        match self.state() {
            State::Fresh => {}
            State::Binding(_) => return Err(Code::Already.into()),
            State::Bound(_) => return Err(Code::InvalidState.into()),
        }
        self.socket.bind(local)?;
        *lock(&self.state) = State::Binding(local);
        Ok(())
    }

    pub(crate) fn finish_bind(&self) -> Result<()> {
        let State::Binding(local) = self.state() else { return Err(Code::NotInProgress.into()) };
        *lock(&self.state) = State::Bound(local);
        Ok(())
    }

    /// The two streams, with `peer` alone or with everybody. Those of an earlier call are of no use any more.
    pub(crate) fn streams(&self, peer: Option<SocketAddr>) -> Result<(IncomingDatagrams, OutgoingDatagrams)> {
        let State::Bound(local) = self.state() else { return Err(Code::InvalidState.into()) };
        let mut talk = lock(&self.talk);
        match peer {
            Some(peer) => self.socket.connect(peer)?,
            None if talk.peer.is_some() => self.socket.disconnect()?,
            None => {}
        }
        talk.is_over.set(true);
        *talk = Talk { peer, is_over: Arc::default() };
        let stream = || Datagrams { socket: Arc::clone(&self.socket), peer, is_over: Arc::clone(&talk.is_over) };
        let receivable = Interest::Receivable(Arc::clone(&self.socket));
        let sendable = Interest::Sendable(Arc::clone(&self.socket));
        let incoming = IncomingDatagrams { stream: stream(), receivable, local };
        Ok((incoming, OutgoingDatagrams { stream: stream(), sendable, full: Flag::default() }))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        match self.state() {
            State::Bound(_) => self.socket.local_address(),
            _ => Err(Code::InvalidState.into()),
        }
    }

    pub(crate) fn remote_address(&self) -> Result<SocketAddr> {
        lock(&self.talk).peer.ok_or_else(|| Code::InvalidState.into())
    }

    pub(crate) fn option(&self, option: SocketOption) -> Result<u64> {
        self.socket.option(option)
    }

    pub(crate) fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.socket.set_option(option, value)
    }

    fn state(&self) -> State {
        *lock(&self.state)
    }
}

/// One direction.
struct Datagrams {
    socket: Arc<dyn Socket>,
    peer: Option<SocketAddr>,
    is_over: Arc<Flag>,
}

impl Datagrams {
    /// Errors on a stream that a later one has replaced.
    fn is_current(&self) -> Result<()> {
        if self.is_over.get() { Err(Code::InvalidState.into()) } else { Ok(()) }
    }
}

/// Datagrams that come.
pub(crate) struct IncomingDatagrams {
    stream: Datagrams,
    receivable: Interest,
    /// The local address as the guest asked for it.
    local: SocketAddr,
}

impl IncomingDatagrams {
    /// The datagrams that are there, at most `max_results`. Those that came from others before there was a peer are not shown. Nor
    /// are those from an address that `admits` refuses; it is asked with the address of the sender, and with this socket's own.
    pub(crate) fn receive(
        &self,
        max_results: u64,
        admits: impl Fn(SocketAddr, SocketAddr) -> bool,
    ) -> Result<Vec<(Vec<u8>, SocketAddr)>> {
        self.stream.is_current()?;
        let mut received = Vec::new();
        // Counted are all that come: a flood of those that are not shown ends the call too.
        for _ in 0..max_results.min(BATCH) {
            let mut datagram = Vec::with_capacity(LONGEST);
            match self.stream.socket.receive_from(&mut datagram) {
                Ok((_, from)) if self.is_of_peer(from) && admits(from, self.local) => {
                    datagram.shrink_to_fit();
                    received.push((datagram, from));
                }
                Ok(_) => {}
                Err(error) if error.code == Code::WouldBlock => break,
                // Datagrams that came before an error would be lost with it. The error shows again, or is of no use any more.
                Err(_) if !received.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(received)
    }

    fn is_of_peer(&self, from: SocketAddr) -> bool {
        self.stream.peer.is_none_or(|peer| peer.ip() == from.ip() && peer.port() == from.port())
    }

    /// The event to wait for before a datagram is there.
    pub(crate) fn receivable(&self) -> &Interest {
        &self.receivable
    }
}

/// Datagrams that go.
pub(crate) struct OutgoingDatagrams {
    stream: Datagrams,
    sendable: Interest,
    /// True if the system had no room for the last datagram.
    full: Flag,
}

impl OutgoingDatagrams {
    /// The destination of a datagram to `remote`: the peer, where `remote` names nobody.
    ///
    /// # Errors
    /// `Invalid` where `remote` names nobody and there is no peer, or where it names another than the peer.
    pub(crate) fn destination(&self, remote: Option<SocketAddr>) -> Result<SocketAddr> {
        match (self.stream.peer, remote) {
            (Some(peer), None) => Ok(peer),
            (None, Some(remote)) => Ok(remote),
            (Some(peer), Some(remote)) if peer == remote => Ok(peer),
            _ => Err(Code::Invalid.into()),
        }
    }

    /// Sends one datagram. True if there was room.
    pub(crate) fn send(&self, data: &[u8], destination: SocketAddr) -> Result<bool> {
        self.stream.is_current()?;
        let sent = match self.stream.peer {
            Some(_) => self.stream.socket.send(data).map(drop),
            None => self.stream.socket.send_to(data, destination),
        };
        let room = !matches!(sent, Err(error) if error.code == Code::WouldBlock);
        self.full.set(!room);
        if room { sent.map(|()| true) } else { Ok(false) }
    }

    /// True if the system had no room for the last datagram.
    pub(crate) fn was_full(&self) -> bool {
        self.full.get()
    }

    /// The event to wait for before there is room.
    pub(crate) fn sendable(&self) -> &Interest {
        &self.sendable
    }
}

impl Named for UdpSocket {
    fn name(&self) -> &str {
        "udp"
    }
}

impl Named for IncomingDatagrams {
    fn name(&self) -> &str {
        "udp"
    }
}

impl Named for OutgoingDatagrams {
    fn name(&self) -> &str {
        "udp"
    }
}
