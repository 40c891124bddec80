//! The states of a UDP socket, and its two streams of datagrams.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use callgate_gate::{NetworkAccess, NetworkRules};
use callgate_system::{AddressFamily, Code, Interest, Kind, Result, Socket, SocketOption, System};

use super::Named;

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

/// A UDP socket.
pub(crate) struct UdpSocket {
    socket: Arc<dyn Socket>,
    state: Cell<State>,
    peer: Cell<Option<SocketAddr>>,
    /// Told to the streams of an earlier peer, that they are of no use any more.
    generation: Rc<Cell<u64>>,
}

impl UdpSocket {
    /// A socket without an address.
    pub(crate) fn new(system: &dyn System, family: AddressFamily) -> Result<Self> {
        let socket = system.network().socket(Kind::Datagram, family)?;
        Ok(Self { socket, state: Cell::new(State::Fresh), peer: Cell::default(), generation: Rc::default() })
    }

    pub(crate) fn family(&self) -> AddressFamily {
        self.socket.family()
    }

    pub(crate) fn start_bind(&self, local: SocketAddr) -> Result<()> {
        match self.state.get() {
            State::Fresh => {}
            State::Binding(_) => return Err(Code::Already.into()),
            State::Bound(_) => return Err(Code::InvalidState.into()),
        }
        self.socket.bind(local)?;
        self.state.set(State::Binding(local));
        Ok(())
    }

    pub(crate) fn finish_bind(&self) -> Result<()> {
        let State::Binding(local) = self.state.get() else { return Err(Code::NotInProgress.into()) };
        self.state.set(State::Bound(local));
        Ok(())
    }

    /// The two streams, with `peer` alone or with everybody. Those of an earlier call are of no use any more.
    pub(crate) fn streams(&self, peer: Option<SocketAddr>) -> Result<(IncomingDatagrams, OutgoingDatagrams)> {
        let State::Bound(local) = self.state.get() else { return Err(Code::InvalidState.into()) };
        match peer {
            Some(peer) => self.socket.connect(peer)?,
            None if self.peer.get().is_some() => self.socket.disconnect()?,
            None => {}
        }
        self.peer.set(peer);
        self.generation.set(self.generation.get() + 1);
        let stream = || Datagrams {
            socket: Arc::clone(&self.socket),
            local,
            peer,
            generation: self.generation.get(),
            newest: Rc::clone(&self.generation),
        };
        let outgoing = OutgoingDatagrams { stream: stream(), full: Cell::new(false) };
        Ok((IncomingDatagrams { stream: stream() }, outgoing))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        match self.state.get() {
            State::Bound(_) => self.socket.local_address(),
            _ => Err(Code::InvalidState.into()),
        }
    }

    pub(crate) fn remote_address(&self) -> Result<SocketAddr> {
        self.peer.get().ok_or_else(|| Code::InvalidState.into())
    }

    pub(crate) fn option(&self, option: SocketOption) -> Result<u64> {
        self.socket.option(option)
    }

    pub(crate) fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.socket.set_option(option, value)
    }
}

/// One direction.
struct Datagrams {
    socket: Arc<dyn Socket>,
    /// The local address as the guest asked for it.
    local: SocketAddr,
    peer: Option<SocketAddr>,
    generation: u64,
    newest: Rc<Cell<u64>>,
}

impl Datagrams {
    /// Errors on a stream that a later one has replaced.
    fn is_current(&self) -> Result<()> {
        if self.generation == self.newest.get() { Ok(()) } else { Err(Code::InvalidState.into()) }
    }
}

/// Datagrams that come.
pub(crate) struct IncomingDatagrams {
    stream: Datagrams,
}

impl IncomingDatagrams {
    /// Those that are there, at most `max_results`. What came from others before there was a peer is not shown, nor what
    /// comes from an address that the rules say nothing of, unless they permit to receive at this socket's own.
    pub(crate) fn receive(&self, max_results: u64, rules: &NetworkRules) -> Result<Vec<(Vec<u8>, SocketAddr)>> {
        self.stream.is_current()?;
        let open_to_all = rules.permit(NetworkAccess::Udp(self.stream.local));
        let mut received = Vec::new();
        // Counted are all that come: a flood of those that are not shown ends the call too.
        for _ in 0..max_results.min(BATCH) {
            let mut datagram = Vec::with_capacity(LONGEST);
            match self.stream.socket.receive_from(&mut datagram) {
                Ok((_, from)) if self.is_of_peer(from) && (open_to_all || rules.permit(NetworkAccess::Udp(from))) => {
                    datagram.shrink_to_fit();
                    received.push((datagram, from));
                }
                Ok(_) => {}
                Err(error) if error.code == Code::WouldBlock => break,
                // What came before an error would be lost with it; the error shows again, or is of no use any more.
                Err(_) if !received.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(received)
    }

    fn is_of_peer(&self, from: SocketAddr) -> bool {
        self.stream.peer.is_none_or(|peer| peer.ip() == from.ip() && peer.port() == from.port())
    }

    /// What to wait for before something is there.
    pub(crate) fn receivable(&self) -> Interest<'_> {
        Interest::Receivable(&*self.stream.socket)
    }
}

/// Datagrams that go.
pub(crate) struct OutgoingDatagrams {
    stream: Datagrams,
    /// Whether the system had no room the last time.
    full: Cell<bool>,
}

impl OutgoingDatagrams {
    /// Where a datagram to `remote` goes: the peer, where it names nobody.
    ///
    /// # Errors
    /// `Invalid` where it names nobody and there is no peer, or another than the peer.
    pub(crate) fn destination(&self, remote: Option<SocketAddr>) -> Result<SocketAddr> {
        match (self.stream.peer, remote) {
            (Some(peer), None) => Ok(peer),
            (None, Some(remote)) => Ok(remote),
            (Some(peer), Some(remote)) if peer == remote => Ok(peer),
            _ => Err(Code::Invalid.into()),
        }
    }

    /// Sends one datagram; whether there was room.
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

    /// Whether the system had no room the last time.
    pub(crate) fn was_full(&self) -> bool {
        self.full.get()
    }

    /// What to wait for before there is room.
    pub(crate) fn sendable(&self) -> Interest<'_> {
        Interest::Sendable(&*self.stream.socket)
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
